"""A damaged segment of the search index is found when it is opened, set aside and built anew; on both
databases."""

from pathlib import Path

import pytest
from sqlalchemy import Engine, text

from digest.domain import HideReason
from digest.errors import RebuildingError
from digest.pipeline.catalog import similar
from digest.pipeline.catalog.search import Search
from digest.pipeline.catalog.search_index import catch_up
from digest.pipeline.community import moderation
from digest.pipeline.installation import Installation
from tests.builders import NOW, entry
from tests.installations import installation, store_entries
from tests.web_server import serving


@pytest.fixture
def site(engine: Engine, tmp_path: Path) -> Installation:
    """An installation whose index has three segments: of two papers, of one, and of one."""
    site = installation(engine, tmp_path)
    for numbers in ((1, 2), (3,), (4,)):
        papers = [entry(f"2603.0000{each}", title=f"Agents that plan {each}") for each in numbers]
        store_entries(engine, papers, seen_at=NOW)
        catch_up(site)
    return site


def damage(site: Installation, data: bytes, where: str = "after = 0") -> None:
    with site.engine.begin() as connection:
        assert connection.execute(
            text(f"UPDATE search_segments SET data = :data WHERE {where}"), {"data": data}
        ).rowcount


def found(searching: Search) -> set[str]:
    return {item.paper.id[-1] for item in searching("agents", NOW).items}


@pytest.mark.parametrize("data", [b"", b"digest-segment-1", b"\0" * 5_000])
def test_a_damaged_segment_is_set_aside_and_built_anew(site: Installation, data: bytes) -> None:
    moderation.hide(site, "2603.00002", HideReason.SPAM, "", now=NOW)
    damage(site, data)
    with pytest.raises(RebuildingError, match="2 papers"):
        found(Search(site))
    searching = Search(site)
    assert found(searching) == {"3", "4"}
    assert searching("agents", NOW).behind == 2
    catch_up(site)
    assert found(searching) == found(Search(site)) == {"1", "3", "4"}
    assert searching("agents", NOW).behind == 0


def test_when_all_segments_are_damaged_nobody_is_told_that_nothing_is_found(site: Installation) -> None:
    damage(site, b"", "papers > 0")
    for _ in range(2):
        with pytest.raises(RebuildingError):
            found(Search(site))
    catch_up(site)
    assert found(Search(site)) == {"1", "2", "3", "4"}


def test_what_merges_segments_finds_a_damaged_one_and_the_next_round_mends_it(site: Installation) -> None:
    damage(site, b"")
    store_entries(site.engine, [entry("2603.00005", title="Agents that plan 5")], seen_at=NOW)
    with pytest.raises(RebuildingError):
        catch_up(site)
    catch_up(site)
    assert found(Search(site)) == {"1", "2", "3", "4", "5"}


def test_similar_papers_come_back_with_the_segment(
    site: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("digest.search.lsa.FEWEST", 1)
    similar.keep_up(site)
    damage(site, b"")
    with pytest.raises(RebuildingError):
        found(Search(site))
    assert found(Search(site)) == {"3", "4"}
    similar.keep_up(site)
    catch_up(site)
    similar.keep_up(site)
    assert found(Search(site)) == {"1", "2", "3", "4"}


@pytest.mark.parametrize("path", ["/search?q=agents", "/api/v1/search?q=agents"])
def test_a_search_that_finds_damage_says_that_search_is_being_rebuilt(
    site: Installation, tmp_path: Path, path: str
) -> None:
    damage(site, b"")
    with serving(site, tmp_path) as web, web.client() as client:
        answer = client.get(path)
        assert answer.status_code == 503
        assert int(answer.headers["Retry-After"]) > 0
        assert "search is being rebuilt" in answer.text.lower()
        assert client.get(path).status_code == 200

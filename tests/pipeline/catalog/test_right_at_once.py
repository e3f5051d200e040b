"""Hidden, merged and withdrawn papers are right at once in search, in similar papers and in `like:`."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine

from digest.domain import Entry, HideReason
from digest.pipeline.catalog import similar
from digest.pipeline.catalog.search import Search
from digest.pipeline.catalog.search_index import catch_up
from digest.pipeline.community import merges, moderation
from digest.pipeline.installation import Installation
from digest.pipeline.issues.preview import matching
from digest.store import papers, session
from tests.builders import NOW, entry
from tests.installations import installation, store_entries
from tests.pipeline.catalog.test_similar import about

EACH = 8  # papers of one example
ACTS = st.lists(
    st.tuples(
        st.sampled_from(["hide", "unhide", "merge", "split", "withdraw", "index", "fit"]),
        st.integers(0, EACH - 1),
        st.integers(0, EACH - 1),
    ),
    min_size=1,
    max_size=8,
)


@dataclass(slots=True)
class Site:
    """An installation, and what is to be seen of it by plain sets of ids: all examples add to one."""

    here: Installation
    searching: Search
    numbers: Iterator[int] = field(default_factory=count)
    there: set[str] = field(default_factory=set)
    hidden: set[str] = field(default_factory=set)
    withdrawn: set[str] = field(default_factory=set)
    merged: dict[str, str] = field(default_factory=dict)

    @property
    def shown(self) -> set[str]:
        """The papers that a page may show."""
        return self.there - self.hidden - self.merged.keys()

    def root(self, name: str) -> str:
        """The paper that a paper was merged into, and that into another, and so on."""
        while name in self.merged:
            name = self.merged[name]
        return name

    def act(self, what: str, one: str, other: str) -> None:
        """Do an act as a curator or a source does, where it can be done, and note it."""
        whole = one not in self.merged and one not in self.merged.values()
        match what:
            case "hide" if one in self.shown:
                moderation.hide(self.here, one, HideReason.SPAM, "", now=NOW)
                self.hidden.add(one)
            case "unhide" if one in self.hidden:
                moderation.unhide(self.here, one, now=NOW)
                self.hidden.remove(one)
            case "merge" if whole and {one, other} <= self.shown - self.withdrawn and one != other:
                made = merges.merge(self.here, one, other, reason="one work", now=NOW)
                self.merged[made.paper.removeprefix("arxiv:")] = made.into.removeprefix("arxiv:")
            case "split" if one in self.merged and self.merged[one] not in self.hidden:
                merges.split(self.here, one, now=NOW)
                del self.merged[one]
            case "withdraw" if whole and one in self.shown - self.withdrawn:
                said = "This paper has been withdrawn."
                store_entries(
                    self.here.engine, [written(one, version=2, withdrawn=said, announce_type="replace")]
                )
                self.withdrawn.add(one)
            case "index":
                catch_up(self.here)
            case "fit":
                similar.keep_up(self.here)


def written(name: str, **fields: Any) -> Entry:
    """What a source says of a paper; those of one example have a word of their own in the title."""
    number = int(name[5:])
    title, abstract = about(number)
    return entry(name, title=f"{title} {batch(name)}", abstract=abstract, **fields)


def batch(name: str) -> str:
    """The word of the example that a paper belongs to."""
    return f"batch{int(name[5:]) // 100}x"


@pytest.fixture
def site(engine: Engine, tmp_path: Path) -> Site:
    here = installation(engine, tmp_path, search_folder=tmp_path / "search")
    background = [entry(f"2604.{n:05}", title=about(n)[0], abstract=about(n)[1]) for n in range(24)]
    store_entries(engine, background)
    catch_up(here)
    similar.keep_up(here)
    return Site(here, Search(here))


@given(ACTS)
@example([("merge", 1, 2), ("merge", 0, 1)])  # one that others were merged into is merged itself
@settings(max_examples=6, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_after_any_acts_all_ways_show_what_a_plain_loop_shows(
    site: Site, acts: list[tuple[str, int, int]]
) -> None:
    first = 100 * next(site.numbers)
    names = [f"2603.{first + n:05}" for n in range(EACH)]
    store_entries(site.here.engine, [written(each) for each in names])
    site.there.update(names)
    for what, one, other in acts:
        site.act(what, names[one], names[other])
        shown = site.shown.intersection(names)
        found = site.searching(f"ti:{batch(names[0])}", NOW, limit=100)
        assert {item.paper.id for item in found.items} == {f"arxiv:{each}" for each in shown}
        assert found.total == len(shown)
    look_at_what_is_alike(site, names)


def look_at_what_is_alike(site: Site, names: list[str]) -> None:
    """Hold similar papers and `like:` against what is to be seen: nothing else, and the paper itself."""
    seen = {f"arxiv:{each}" for each in site.shown} | {f"arxiv:2604.{n:05}" for n in range(24)}
    fresh = seen - {f"arxiv:{each}" for each in site.withdrawn}
    for name in names:
        root = f"arxiv:{site.root(name)}"
        like = site.searching(f"like:{name}", NOW, limit=100)
        alike = {item.paper.id for item in like.items}
        in_digests = {match.paper.id for match in matching(site.here, f"like:{name}", NOW)}
        if root not in seen:
            assert alike == in_digests == set()
            continue
        assert root in alike <= seen
        assert in_digests == alike & fresh
        with session.reading(site.here.engine) as db:
            paper = papers.find(db, name)
        near = [each.paper.id for each in site.searching.similar(paper, NOW)]
        assert set(near) <= seen - {root}
        assert len(near) == len(set(near)) == 5


def test_likeness_is_right_while_segments_are_merged_behind_a_search(site: Site) -> None:
    for number in range(1, 13):
        names = [f"2603.{100 * number + n:05}" for n in range(EACH)]
        store_entries(site.here.engine, [written(each) for each in names])
        before = site.searching(f"like:{names[0]}", NOW)  # reads the new papers beside the segments
        catch_up(site.here)  # and merges segments now and then
        similar.keep_up(site.here)
        after = site.searching(f"like:{names[0]}", NOW)
        anew = Search(site.here)(f"like:{names[0]}", NOW)
        assert before.items
        assert [item.paper.id for item in after.items] == [item.paper.id for item in anew.items]

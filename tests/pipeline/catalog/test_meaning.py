"""Search by meaning: off unless a model is named, made in the background, never in the way of words."""

from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import Engine, update

from digest.errors import InputError
from digest.pipeline.catalog.ranking import meaning
from digest.pipeline.catalog.search import Search
from digest.pipeline.catalog.search_index import catch_up
from digest.pipeline.installation import Installation
from digest.search import Order
from digest.store import session
from digest.store.papers.tables import PaperRow
from tests import meaning_model
from tests.builders import NOW, entry
from tests.installations import installation, store_entries


@pytest.fixture
def site(engine: Engine, tmp_path: Path) -> Installation:
    made = installation(engine, tmp_path, semantic_model=str(meaning_model.write(tmp_path / "model")))
    titles = ["A dog", "A galaxy", "The galaxy of a nebula"]
    store_entries(engine, [entry(f"2603.{n:05}", title=t, abstract="") for n, t in enumerate(titles, 1)])
    catch_up(made)
    return made


def found(searching: Search, text: str, **how: object) -> list[str]:
    result = searching(text, NOW, **how)  # type: ignore[arg-type] # options by name
    return [item.paper.id.removeprefix("arxiv:2603.0000") for item in result.items]


def test_what_says_the_same_in_other_words_is_found_once_it_has_a_vector(site: Installation) -> None:
    searching = Search(site)
    assert found(searching, "hound") == []
    assert meaning.count_missing(site) == 3
    assert meaning.keep_up(site) == 3
    assert found(searching, "hound")[0] == "1"
    assert (meaning.keep_up(site), meaning.count_missing(site)) == (0, 0)
    assert found(searching, "hound", as_typed=True) == found(searching, "hound", order=Order.DATE) == []


def test_where_a_paper_has_every_word_meaning_changes_nothing(site: Installation) -> None:
    by_words = Search(replace(site, semantic_model=""))
    meaning.keep_up(site)
    for text in ("dog", "galaxy", "galaxy nebula", "dog cat:cs.CL"):
        assert found(Search(site), text) == found(by_words, text)


def test_filters_hold_and_pages_go_on_where_meaning_finds(site: Installation) -> None:
    meaning.keep_up(site)
    searching = Search(site)
    assert "1" not in found(searching, "hound -ti:dog")
    whole, seen, cursor = found(searching, "hound"), [], ""
    while True:
        page = searching("hound", NOW, limit=1, cursor=cursor)
        seen += [item.paper.id.removeprefix("arxiv:2603.0000") for item in page.items]
        cursor = page.next
        if not cursor:
            break
    assert seen == whole
    assert len(whole) > 1


def test_so_many_papers_a_round_the_newest_first(site: Installation) -> None:
    assert meaning.keep_up(site, most=1) == 1
    assert found(Search(site), "hound") == ["3"]
    assert meaning.keep_up(site, most=1) == 1
    assert meaning.count_missing(site) == 1


def test_a_changed_text_gets_another_vector_and_a_hidden_paper_none(site: Installation) -> None:
    meaning.keep_up(site)
    searching = Search(site)
    found(searching, "hound")
    store_entries(site.engine, [entry("2603.00002", title="A dog", abstract="", version=2)])
    with session.transaction(site.engine) as db:
        db.execute(update(PaperRow).where(PaperRow.canonical_id == "arxiv:2603.00001").values(hidden=True))
    assert meaning.keep_up(site) == 2
    assert found(searching, "hound")[0] == "2"
    assert "1" not in found(searching, "hound")


def test_without_a_model_nothing_is_made_and_a_wrong_one_is_told(site: Installation) -> None:
    assert meaning.keep_up(replace(site, semantic_model="")) == 0
    with pytest.raises(InputError, match="DIGEST_SEMANTIC_MODEL"):
        meaning.keep_up(replace(site, semantic_model="/no/such/folder"))

"""Lists of one author's papers, by name."""

from sqlalchemy import Engine

from digest.store import papers, session
from digest.store.papers.authors import by_author
from tests.builders import NOW, entry
from tests.installations import store_entries


def authors_of(engine: Engine, name: str) -> list[str]:
    with session.reading(engine) as db:
        written = by_author(db, name, 100)
    return sorted(paper.id for paper in written.papers) if written else []


def test_papers_are_found_by_the_name_of_an_author_however_it_is_written(engine: Engine) -> None:
    store_entries(engine, [entry("2603.00001", authors=("José  García", "A. Lovelace")), entry("2603.00002")])
    assert authors_of(engine, "jose garcia") == ["arxiv:2603.00001"]
    assert authors_of(engine, "A Lovelace") == ["arxiv:2603.00001"]
    assert authors_of(engine, "nobody") == []


def test_lists_of_authors_follow_a_new_version_a_merge_and_its_undoing(engine: Engine) -> None:
    store_entries(engine, [entry("2603.00001", authors=("Old Name",))])
    store_entries(engine, [entry("2603.00001", authors=("New Name",), version=2)])
    store_entries(engine, [entry("2603.00002", authors=()), entry("2603.00003", authors=("Third Name",))])
    assert (authors_of(engine, "Old Name"), authors_of(engine, "New Name")) == ([], ["arxiv:2603.00001"])
    with session.transaction(engine) as db:
        papers.merge(db, "2603.00002", "2603.00003", papers.Why("one work", "a test", NOW))
    assert authors_of(engine, "Third Name") == ["arxiv:2603.00002"]
    with session.transaction(engine) as db:
        papers.split(db, "2603.00003", NOW)
    assert authors_of(engine, "Third Name") == ["arxiv:2603.00003"]

"""Every change of a paper is noted by the database itself, and segments follow one another without a gap."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import Engine, delete, text, update
from sqlalchemy.orm import Session

from digest.domain import Source, SourceKind
from digest.store import papers, search, session
from digest.store.papers import Why
from digest.store.papers.tables.papers import PaperRow
from digest.store.search.segments import PIECE
from tests.builders import NOW, entry

ARXIV = Source("arxiv", SourceKind.ARXIV, "https://rss.arxiv.org/rss/cs.CL")
HUGGINGFACE = Source("huggingface", SourceKind.HUGGINGFACE, "https://huggingface.co/api/daily_papers")


@pytest.fixture
def db(engine: Engine) -> Iterator[Session]:
    with session.transaction(engine) as opened:
        yield opened


def store_entries(db: Session, *ids: str, source: Source = ARXIV, **fields: object) -> None:
    papers.store_entries(db, source, [entry(each, **fields) for each in ids], seen_at=NOW)
    db.flush()


def changed(db: Session, since: int = 0) -> search.Changed:
    return search.read_changed(db, since, 1_000)


def ids(found: search.Changed) -> set[str]:
    return {each.id for each in found.papers}


def test_new_papers_are_noted_with_all_that_an_index_needs(db: Session) -> None:
    store_entries(db, "2603.00001", "2603.00002", code_url="https://github.com/x/y")
    found = changed(db)
    assert ids(found) == {"arxiv:2603.00001", "arxiv:2603.00002"}
    whole = papers.by_pks(db, [each.pk for each in found.papers], until=NOW)
    for each in found.papers:
        names = ("id", "title", "abstract", "authors", "categories", "published_at", "first_seen_at", "doi")
        for name in (*names, "code_url", "project_url", "sources", "organization", "keywords", "pk"):
            assert getattr(each, name) == getattr(whole[each.pk], name)
    assert found.upto == search.last_change(db)
    assert search.changed_since(db, found.upto) == 0


def test_a_new_text_and_a_new_source_are_changes_and_the_same_again_is_none(db: Session) -> None:
    store_entries(db, "2603.00001", "2603.00002")
    before = search.last_change(db)
    store_entries(db, "2603.00001")
    assert ids(changed(db, before)) == set()
    store_entries(db, "2603.00001", version=2, title="Another title")
    assert [each.title for each in changed(db, before).papers] == ["Another title"]
    before = search.last_change(db)
    papers.store_entries(db, HUGGINGFACE, [entry("2603.00002", key="2603.00002", version=None)], seen_at=NOW)
    assert [each.sources for each in changed(db, before).papers] == [("arxiv", "huggingface")]


def test_merged_split_hidden_and_removed_papers_are_gone_or_back_at_once(db: Session) -> None:
    store_entries(db, "2603.00001", "2603.00002", "2603.00003")
    before = search.last_change(db)
    papers.merge(db, "2603.00002", "2603.00001", Why("same work", "operator", NOW))
    db.flush()
    found = changed(db, before)
    assert (ids(found), len(found.gone)) == ({"arxiv:2603.00001"}, 1)
    before = search.last_change(db)
    papers.split(db, "2603.00002", NOW + timedelta(hours=1))
    db.flush()
    assert "arxiv:2603.00002" in ids(changed(db, before))
    before = search.last_change(db)
    db.execute(update(PaperRow).where(PaperRow.canonical_id == "arxiv:2603.00003").values(hidden=True))
    assert len(changed(db, before).gone) == 1
    before = search.last_change(db)
    db.execute(text("DELETE FROM entries WHERE paper_id = (SELECT max(id) FROM papers)"))
    db.execute(text("DELETE FROM paper_ids WHERE paper_id = (SELECT max(id) FROM papers)"))
    db.execute(delete(PaperRow).where(PaperRow.canonical_id == "arxiv:2603.00003"))
    assert len(changed(db, before).gone) == 1


def test_what_is_rolled_back_was_no_change(engine: Engine) -> None:
    with session.transaction(engine) as db:
        store_entries(db, "2603.00001")
        before = search.last_change(db)
    with session.transaction(engine) as db:
        store_entries(db, "2603.00002")
        db.rollback()
    with session.transaction(engine) as db:
        assert search.last_change(db) == before


def test_changes_are_read_in_parts_without_a_gap(db: Session) -> None:
    store_entries(db, *(f"2603.{number:05}" for number in range(1, 30)))
    seen: list[int] = []
    revision = 0
    while (part := search.read_changed(db, revision, 7)).upto != revision:
        seen += [each.pk for each in part.papers]
        revision = part.upto
    assert len(seen) == len(set(seen)) == 29


def test_a_large_segment_is_read_piece_by_piece(db: Session) -> None:
    data = bytes(range(256)) * (2 * PIECE // 256) + b"the end"
    assert search.add(db, "1", after=0, upto=5, papers=5, data=data)
    (info,) = search.infos(db, "1")
    pieces = list(search.pieces_of(db, info.id))
    assert [len(piece) for piece in pieces] == [PIECE, PIECE, 7]
    assert b"".join(pieces) == data
    assert list(search.pieces_of(db, info.id + 1)) == []


def test_a_segment_is_added_only_behind_the_last_one(db: Session) -> None:
    assert search.add(db, "1", after=0, upto=5, papers=5, data=b"one")
    assert not search.add(db, "1", after=0, upto=7, papers=7, data=b"the same again")
    assert search.add(db, "1", after=5, upto=7, papers=2, data=b"two")
    assert search.add(db, "2", after=0, upto=7, papers=7, data=b"another version")
    first, second = search.infos(db, "1")
    assert (search.data_of(db, first.id), second.after, second.upto) == (b"one", 5, 7)
    assert search.replace(db, [first, second], 7, b"both")
    assert not search.replace(db, [first, second], 7, b"both again")
    (both,) = search.infos(db, "1")
    assert (both.after, both.upto, both.papers, search.data_of(db, both.id)) == (0, 7, 7, b"both")
    search.rename(db, "2", "1")
    assert [replace(each, id=0).papers for each in search.infos(db, "1")] == [7]
    assert search.drop(db) == 1

"""Papers that turn out to be one work: a merge says why, loses nothing, and can be undone."""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from functools import cache
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, create_engine, select
from sqlalchemy.orm import Session
from sqlalchemy.pool import StaticPool

from digest.domain import Entry, Merge, Paper, SignalKind, Source, SourceKind
from digest.errors import InputError, UnknownError
from digest.store import metadata, papers, session
from digest.store.papers import Why
from digest.store.papers.combine import FIELDS, combine
from digest.store.papers.merges import members
from digest.store.papers.tables.entries import EntryRow
from digest.store.papers.tables.paper_ids import PaperIdRow
from digest.store.papers.tables.papers import PaperRow
from digest.store.papers.tables.signals import SignalRow
from digest.store.papers.work import alone
from tests.builders import NOW, entry

ARXIV = Source("arxiv", SourceKind.ARXIV, "https://rss.arxiv.org/rss/cs.CL")
HUGGINGFACE = Source("huggingface", SourceKind.HUGGINGFACE, "https://huggingface.co/api/daily_papers")
BIORXIV = Source("biorxiv", SourceKind.BIORXIV, "https://api.biorxiv.org/details/biorxiv")
DAY = timedelta(days=1)
WHY = Why("the same work", "operator", NOW)
A, B, C = "arxiv:2603.00001", "doi:10.5555/abc", "doi:10.5555/xyz"


@pytest.fixture
def db(engine: Engine) -> Iterator[Session]:
    with session.transaction(engine) as opened:
        yield opened


def preprint(doi: str = "10.5555/abc", **fields: Any) -> Entry:
    """An entry of bioRxiv: a DOI and no arXiv id."""
    return entry(**({"key": doi, "arxiv_id": None, "doi": doi, "title": f"Preprint {doi}"} | fields))


def store_entries(db: Session, source: Source, *entries: Entry, at: datetime = NOW) -> None:
    papers.store_entries(db, source, entries, seen_at=at)


def shown(db: Session) -> list[Paper]:
    return papers.candidates(db, since=NOW - 30 * DAY, until=NOW + 30 * DAY)


def test_a_link_in_a_source_merges_two_papers_and_the_row_says_why(db: Session) -> None:
    store_entries(db, BIORXIV, preprint())
    store_entries(db, HUGGINGFACE, entry(key="2603.00001"))
    store_entries(db, ARXIV, entry(doi="10.5555/abc"), at=NOW + DAY)
    (told,) = papers.history(db, papers.find(db, A).pk)
    assert (told.paper, told.into, told.by, told.at) == (B, A, "source arxiv", NOW + DAY)
    assert told.reason == f"oai:arXiv.org:2603.00001v1 names {A} and {B}"
    assert [paper.id for paper in shown(db)] == [A]


def test_a_merge_made_before_the_store_knew_a_field_is_undone_too(db: Session) -> None:
    store_entries(db, BIORXIV, preprint(organization="Preprint Lab", keywords=("light",)))
    store_entries(db, ARXIV, entry())
    papers.merge(db, "10.5555/abc", A, WHY)
    row = db.scalars(select(PaperRow).where(PaperRow.canonical_id == A)).one()
    assert (row.organization, row.keywords) == ("Preprint Lab", ["light"])
    assert row.own is not None
    row.own = {name: value for name, value in row.own.items() if name not in {"organization", "keywords"}}
    papers.split(db, "10.5555/abc", NOW)
    assert [(p.organization, p.keywords) for p in shown(db)] == [("", ()), ("Preprint Lab", ("light",))]


def test_what_was_split_is_as_it_was_and_is_not_merged_again_by_itself(db: Session) -> None:
    store_entries(db, BIORXIV, preprint(signals={SignalKind.COMMENTS: 4}))
    store_entries(db, HUGGINGFACE, entry(key="2603.00001"), at=NOW + DAY)
    before = shown(db)
    linked = entry(doi="10.5555/abc", title="Paper 2603.00001", url="https://arxiv.org/abs/2603.00001")
    store_entries(db, ARXIV, linked, at=NOW + 2 * DAY)
    assert len(shown(db)) == 1
    assert papers.split(db, "10.5555/abc", NOW + 3 * DAY).split_at == NOW + 3 * DAY
    first, second = shown(db)
    assert second == before[1]
    assert (first.id, first.first_seen_at, first.signals) == (A, NOW + DAY, ())
    store_entries(db, ARXIV, linked, at=NOW + 4 * DAY)
    assert [paper.id for paper in shown(db)] == [A, B]
    papers.merge(db, "10.5555/abc", A, WHY)
    assert [paper.id for paper in shown(db)] == [A]


def test_what_lands_while_papers_are_one_belongs_to_the_part_that_it_names(db: Session) -> None:
    store_entries(db, BIORXIV, preprint(version=1))
    store_entries(db, ARXIV, entry())
    papers.merge(db, A, B, WHY)
    store_entries(
        db, BIORXIV, preprint(key="later", version=2, title="Second", signals={SignalKind.COMMENTS: 9})
    )
    store_entries(db, ARXIV, entry(key="v3", version=3, title="Third"))
    assert [(p.title, p.latest(SignalKind.COMMENTS)) for p in shown(db)] == [("Third", 9)]
    papers.split(db, B, NOW)
    assert [(p.id, p.title, p.version, p.latest(SignalKind.COMMENTS)) for p in shown(db)] == [
        (A, "Third", 3, 0), (B, "Second", 2, 9),
    ]  # fmt: skip
    assert papers.find(db, "biorxiv:later").id == B


def test_a_part_of_a_part_goes_along_with_it(db: Session) -> None:
    store_entries(db, BIORXIV, preprint("10.5555/abc"), preprint("10.5555/xyz"))
    store_entries(db, ARXIV, entry())
    papers.merge(db, B, C, WHY)
    papers.merge(db, A, C, WHY)
    assert [paper.id for paper in shown(db)] == [A]
    assert papers.find(db, C).id == A
    papers.split(db, B, NOW)
    assert [paper.id for paper in shown(db)] == [A, B]
    assert papers.find(db, C).id == B
    papers.split(db, C, NOW)
    assert [(paper.id, paper.title) for paper in shown(db)] == [
        (A, "Paper 2603.00001"), (B, "Preprint 10.5555/abc"), (C, "Preprint 10.5555/xyz"),
    ]  # fmt: skip


def test_what_cannot_be_merged_or_split_is_said(db: Session) -> None:
    store_entries(db, ARXIV, entry(), entry("2603.00002"))
    with pytest.raises(InputError, match="is one paper already"):
        papers.merge(db, A, "2603.00001v1", WHY)
    with pytest.raises(UnknownError, match="no paper"):
        papers.merge(db, A, "2603.99999", WHY)
    with pytest.raises(InputError, match="wasn't merged"):
        papers.split(db, A, NOW)
    assert papers.merge(db, "2603.00002", A, WHY) == Merge("arxiv:2603.00002", A, WHY.reason, WHY.by, WHY.at)
    with pytest.raises(InputError, match=r"stands for arxiv:2603\.00002 too") as caught:
        papers.split(db, A, NOW)
    assert caught.value.fix == "digest papers split arxiv:2603.00002"


# ---------------------------------------------------------------- the law

_IDS = ("2603.00001", "2603.00002", "2603.00003")
_DOIS = ("10.5555/1", "10.5555/2")
_at = st.integers(0, 5).map(lambda n: NOW + n * DAY)
_texts = st.fixed_dictionaries(
    {"version": st.integers(1, 3), "title": st.sampled_from(["One", "Two"]),
     "signals": st.dictionaries(st.sampled_from([SignalKind.UPVOTES, SignalKind.STARS]), st.integers(0, 4)),
     "summary": st.sampled_from(["", "Short."])}
)  # fmt: skip
_listed = st.builds(
    lambda number, fields, kind: entry(
        number, key=f"{number}v{fields['version']}", announce_type=kind, **fields
    ),
    st.sampled_from(_IDS), _texts, st.sampled_from(["new", "cross", "replace"]),
)  # fmt: skip
_preprints = st.builds(lambda doi, fields: preprint(doi, **fields), st.sampled_from(_DOIS), _texts)
_linked = st.builds(
    lambda number, doi: entry(number, key=f"{number}v9", version=9, doi=doi),
    st.sampled_from(_IDS), st.sampled_from(_DOIS),
)  # fmt: skip
_landings = st.one_of(
    st.tuples(st.just(ARXIV), _listed, _at),
    st.tuples(st.just(HUGGINGFACE), _listed, _at),
    st.tuples(st.just(BIORXIV), _preprints, _at),
)
_names = st.sampled_from([f"arxiv:{number}" for number in _IDS] + [f"doi:{doi}" for doi in _DOIS])
_changes = st.one_of(st.tuples(_names, _names), _names)

Landing = tuple[Source, Entry, datetime]
Step = Landing | tuple[str, str] | str


@cache
def _memory() -> Engine:
    engine = create_engine("sqlite://", poolclass=StaticPool)
    metadata.whole().create_all(engine)
    return engine


def _run_round(db: Session, steps: Sequence[Step]) -> None:
    """Land, merge (two names) and split (one name); what can't be done is left."""
    for step in steps:
        try:
            if isinstance(step, str):
                papers.split(db, step, NOW)
            elif len(step) == 2:
                papers.merge(db, *step, WHY)
            else:
                store_entries(db, step[0], step[1], at=step[2])
        except (InputError, UnknownError):
            continue


def _split_all(db: Session) -> None:
    while parts := db.scalars(select(PaperRow).where(PaperRow.merged_into.is_not(None))).all():
        papers.split(db, parts[0].canonical_id, NOW)


def _stored(db: Session) -> list[object]:
    """All that is known: rows with what they say, and what belongs to each, by the row's id."""
    db.expire_all()
    rows = {row.id: row for row in db.scalars(select(PaperRow))}
    said = [
        (r.canonical_id, r.title, r.version, r.summary, r.first_seen_at, r.announced, r.merged_into, r.own)
        for r in rows.values()
    ]
    owner = {number: row.canonical_id for number, row in rows.items()}
    entries = [(owner[e.paper_id], e.source, e.key, e.seen_at) for e in db.scalars(select(EntryRow))]
    observed = [
        (owner[s.paper_id], s.source, s.kind, s.observed_at, s.value) for s in db.scalars(select(SignalRow))
    ]
    ids = [(i.alias, owner[i.paper_id]) for i in db.scalars(select(PaperIdRow))]
    return [sorted(map(repr, each)) for each in (said, entries, observed, ids)]


@settings(max_examples=60, deadline=None)
@given(steps=st.lists(st.one_of(_landings, _changes), max_size=14))
def test_after_all_is_split_everything_is_as_if_nothing_had_been_merged(steps: list[Step]) -> None:
    with Session(_memory()) as db:
        _run_round(db, [step for step in steps if not isinstance(step, str) and len(step) == 3])
        expected = _stored(db)
        db.rollback()
        _run_round(db, steps)
        _split_all(db)
        assert _stored(db) == expected
        db.rollback()


@settings(max_examples=60, deadline=None)
@given(
    steps=st.lists(
        st.one_of(_landings, st.tuples(st.just(ARXIV), _linked, _at), _changes), min_size=1, max_size=14
    )
)
def test_whatever_is_linked_merged_and_split_no_entry_and_no_signal_is_lost(steps: list[Step]) -> None:
    landed = [step for step in steps if not isinstance(step, str) and len(step) == 3]
    with Session(_memory()) as db:
        _run_round(db, steps)
        kept = {(row.source, row.key) for row in db.scalars(select(EntryRow))}
        assert kept == {(source.name, given.key) for source, given, _ in landed}
        _each_paper_says_what_its_parts_say(db)
        papers_now = shown_all(db)
        for source, given, at in landed:
            found = papers.find(db, f"{source.name}:{given.key}")
            assert found.id in papers_now
            assert source.name in found.sources
            for kind in given.signals:
                assert any(
                    s.kind is kind and s.source == source.name and s.observed_at <= at for s in found.signals
                )
        _split_all(db)
        assert {(row.source, row.key) for row in db.scalars(select(EntryRow))} == kept
        db.rollback()


def _each_paper_says_what_its_parts_say(db: Session) -> None:
    db.expire_all()
    for row in db.scalars(select(PaperRow).where(PaperRow.own.is_not(None))):
        parts = members(db, [row.id])
        said = combine([alone(row), *map(alone, parts)])
        assert parts
        assert {name: getattr(row, name) for name in FIELDS} == {
            name: list(value) if isinstance(value := getattr(said, name), tuple) else value for name in FIELDS
        }


def shown_all(db: Session) -> set[str]:
    """The papers that stand for themselves."""
    return set(db.scalars(select(PaperRow.canonical_id).where(PaperRow.merged_into.is_(None))))

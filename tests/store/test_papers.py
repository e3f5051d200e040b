"""Storing entries and reading papers back: one paper per work, and the same input again changes nothing."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

import pytest
from hypothesis import given as on
from hypothesis import settings
from hypothesis import strategies as st
from sqlalchemy import Engine, create_engine, event, func, select
from sqlalchemy.orm import Session
from sqlalchemy.pool import StaticPool

from digest.domain import Entry, Paper, SignalKind, Source, SourceKind
from digest.errors import InputError, UnknownError
from digest.store import metadata, papers, session
from digest.store.papers import StoredEntries
from digest.store.papers.tables.papers import PaperRow
from digest.store.papers.tables.signals import SignalRow
from tests.builders import NOW, entry

ARXIV = Source("arxiv", SourceKind.ARXIV, "https://rss.arxiv.org/rss/cs.CL")
HUGGINGFACE = Source("huggingface", SourceKind.HUGGINGFACE, "https://huggingface.co/api/daily_papers")
BIORXIV = Source("biorxiv", SourceKind.BIORXIV, "https://api.biorxiv.org/details/biorxiv")
JOURNAL = Source("journal", SourceKind.FEED, "https://journal.example/feed")

LATER = NOW + timedelta(hours=3)
LONG_AGO = NOW - timedelta(days=400)


@pytest.fixture
def db(engine: Engine) -> Iterator[Session]:
    with session.transaction(engine) as opened:
        yield opened


def daily(arxiv_id: str = "2603.00001", upvotes: int = 6, **fields: Any) -> Entry:
    """An entry of the Hugging Face daily list."""
    given = {"key": arxiv_id, "version": None, "categories": (), "signals": {SignalKind.UPVOTES: upvotes}}
    return entry(arxiv_id, **(given | fields))


def preprint(doi: str | None = "10.1101/2026.03.01.000001", **fields: Any) -> Entry:
    """An entry of bioRxiv: a DOI and no arXiv id."""
    return entry(**({"key": doi, "arxiv_id": None, "doi": doi, "title": f"Preprint {doi}"} | fields))


def store_entries(db: Session, source: Source, *entries: Entry, at: datetime | None = NOW) -> StoredEntries:
    return papers.store_entries(db, source, entries, seen_at=at)


def shown(db: Session, until: datetime = LATER) -> list[Paper]:
    return papers.candidates(db, since=NOW - timedelta(days=3), until=until)


def counted(stored: StoredEntries) -> tuple[int, int, int]:
    return stored.new, stored.updated, stored.unchanged


# ---------------------------------------------------------------- one paper per work


def test_what_an_entry_says_is_what_the_paper_says(db: Session) -> None:
    given = entry(
        doi="10.5555/Ada", published_at=LONG_AGO, pdf_url="https://arxiv.org/pdf/1", code_url="https://code.example",
        discussion_url="https://talk.example", summary="Short.", comment="8 pages", version=2,
        project_url="https://project.example", thumbnail="https://pictures.example/1.png",
        organization="Lamp Lab", keywords=("lamps", "light"),
        signals={SignalKind.UPVOTES: 3},
    )  # fmt: skip
    assert counted(store_entries(db, ARXIV, given)) == (1, 0, 0)
    (paper,) = shown(db)
    for name in ("title", "abstract", "authors", "categories", "published_at", "version", "doi", "url",
                 "pdf_url", "code_url", "discussion_url", "summary", "comment", "project_url", "thumbnail",
                 "organization", "keywords"):  # fmt: skip
        assert getattr(paper, name) == getattr(given, name), name
    assert (paper.id, paper.first_seen_at, paper.sources) == ("arxiv:2603.00001", NOW, ("arxiv",))
    assert paper.summary_source == "arxiv"
    assert paper.latest(SignalKind.UPVOTES) == 3
    assert paper.pk > 0


def test_the_same_input_twice_changes_nothing(db: Session) -> None:
    batch = [daily("2603.00001"), daily("2603.00002", upvotes=0), daily("2603.00003", summary="TL;DR")]
    assert counted(store_entries(db, HUGGINGFACE, *batch)) == (3, 0, 0)
    before = shown(db)
    again = store_entries(db, HUGGINGFACE, *batch, at=LATER)
    assert (counted(again), again.fresh) == ((0, 0, 3), 0)
    assert shown(db) == before
    assert db.scalar(select(func.count()).select_from(SignalRow)) == 3


def test_a_paper_of_two_sources_is_one_paper(db: Session) -> None:
    store_entries(db, ARXIV, entry())
    stored = store_entries(db, HUGGINGFACE, daily(), at=LATER)
    assert (counted(stored), stored.fresh) == ((0, 1, 0), 1)
    (paper,) = shown(db)
    assert paper.sources == ("arxiv", "huggingface")
    assert paper.first_seen_at == NOW


def test_a_later_version_updates_the_text_and_is_no_new_paper(db: Session) -> None:
    store_entries(db, ARXIV, entry(abstract="The long first abstract of the paper."))
    second = entry(key="oai:arXiv.org:2603.00001v2", version=2, title="Better", abstract="Short.",
                   announce_type="replace")  # fmt: skip
    assert counted(store_entries(db, ARXIV, second, at=LATER)) == (0, 1, 0)
    (paper,) = shown(db)
    assert (paper.title, paper.abstract, paper.version, paper.first_seen_at) == ("Better", "Short.", 2, NOW)
    assert counted(store_entries(db, ARXIV, entry(abstract="The long first abstract of the paper."))) == (
        0,
        0,
        1,
    )
    assert shown(db)[0].title == "Better"


def test_arxivs_text_beats_a_copy_and_gaps_are_filled(db: Session) -> None:
    store_entries(
        db, HUGGINGFACE, daily(title="Copied", abstract="Copied, and longer than arXiv's own text is.")
    )
    store_entries(db, ARXIV, entry(title="Original", abstract="Own."))
    store_entries(db, HUGGINGFACE, daily(title="Copied", code_url="https://code.example", summary="TL;DR"))
    (paper,) = shown(db)
    assert (paper.title, paper.abstract, paper.categories) == ("Original", "Own.", ("cs.CL",))
    assert (paper.code_url, paper.summary, paper.summary_source) == (
        "https://code.example",
        "TL;DR",
        "huggingface",
    )


@pytest.mark.parametrize("arxiv_first", [True, False])
def test_arxivs_text_leaves_what_hugging_face_alone_knows(db: Session, arxiv_first: bool) -> None:
    known: dict[str, Any] = {"organization": "Lamp Lab", "keywords": ("lamps",), "project_url": "https://project.example",
             "thumbnail": "https://pictures.example/1.png"}  # fmt: skip
    landings = [(ARXIV, entry(title="Original")), (HUGGINGFACE, daily(title="Copied", **known))]
    for source, given in landings if arxiv_first else landings[::-1]:
        store_entries(db, source, given)
    (paper,) = shown(db)
    assert paper.title == "Original"
    assert {name: getattr(paper, name) for name in known} == known


def test_several_entries_of_one_work_in_one_batch_are_one_paper(db: Session) -> None:
    versions = [entry(key=f"v{number}", version=number, title=f"Version {number}") for number in (1, 3, 2)]
    assert counted(store_entries(db, ARXIV, *versions)) == (1, 2, 0)
    (paper,) = shown(db)
    assert (paper.title, paper.version) == ("Version 3", 3)


def test_an_earlier_sighting_found_later_counts(db: Session) -> None:
    store_entries(db, HUGGINGFACE, daily(), at=NOW)
    assert counted(store_entries(db, HUGGINGFACE, daily(), at=NOW - timedelta(days=1))) == (0, 1, 0)
    assert shown(db)[0].first_seen_at == NOW - timedelta(days=1)


def test_without_a_time_each_paper_is_seen_on_its_own_day(db: Session) -> None:
    yesterday, before = NOW - timedelta(days=1), NOW - timedelta(days=2)
    stored = store_entries(
        db,
        ARXIV,
        entry("2603.00001", announced_at=yesterday, published_at=before),
        entry("2603.00002", announced_at=None, published_at=before),
        entry("2603.00003", announced_at=None, key="dateless"),
        at=None,
    )  # fmt: skip
    assert [(p.id, p.first_seen_at) for p in shown(db)] == [
        ("arxiv:2603.00001", yesterday), ("arxiv:2603.00002", before),
    ]  # fmt: skip
    assert [s.entry for s in stored.skipped] == ["dateless"]
    assert "no date" in stored.skipped[0].error


# ---------------------------------------------------------------- replacements of old papers


@pytest.mark.parametrize("announce_type", ["replace", "replace-cross"])
@pytest.mark.parametrize("published_at", [None, LONG_AGO])
def test_a_replacement_of_a_paper_never_seen_is_kept_but_no_candidate(
    db: Session, announce_type: str, published_at: datetime | None
) -> None:
    old = entry(version=4, announce_type=announce_type, published_at=published_at)
    assert counted(store_entries(db, ARXIV, old)) == (1, 0, 0)
    assert shown(db) == []
    assert papers.find(db, "2603.00001").version == 4
    assert counted(store_entries(db, ARXIV, old, at=LATER)) == (0, 0, 1)


def test_an_old_paper_becomes_a_candidate_when_a_source_lists_it(db: Session) -> None:
    store_entries(db, ARXIV, entry(version=4, announce_type="replace"))
    assert counted(store_entries(db, HUGGINGFACE, daily(), at=LATER)) == (0, 1, 0)
    (paper,) = shown(db)
    assert (paper.first_seen_at, paper.version) == (LATER, 4)


# ---------------------------------------------------------------- links between ids


def test_a_doi_and_an_arxiv_id_in_one_entry_are_one_work(db: Session) -> None:
    store_entries(db, ARXIV, entry(doi="10.5555/ABC"))
    stored = store_entries(db, BIORXIV, preprint("10.5555/abc"))
    assert counted(stored) == (0, 1, 0)
    assert len(shown(db)) == 1


def test_a_paper_known_by_doi_gets_its_arxiv_id_later(db: Session) -> None:
    store_entries(db, BIORXIV, preprint("10.5555/abc"))
    pk = papers.find(db, "10.5555/abc").pk
    store_entries(db, ARXIV, entry(doi="10.5555/abc"), at=LATER)
    paper = papers.find(db, "10.5555/abc")
    assert (paper.id, paper.pk, paper.first_seen_at) == ("arxiv:2603.00001", pk, NOW)


def test_two_papers_that_turn_out_to_be_one_are_merged_and_nothing_is_lost(db: Session) -> None:
    store_entries(db, BIORXIV, preprint("10.5555/abc", signals={SignalKind.COMMENTS: 4}), at=NOW)
    store_entries(db, HUGGINGFACE, daily(), at=LATER)
    merged = papers.find(db, "10.5555/abc").pk
    store_entries(db, ARXIV, entry(doi="10.5555/abc"), at=LATER)
    (paper,) = shown(db)
    assert paper.id == "arxiv:2603.00001"
    assert paper.first_seen_at == NOW
    assert paper.sources == ("arxiv", "biorxiv", "huggingface")
    assert paper.latest(SignalKind.COMMENTS) == 4
    assert papers.find(db, "doi:10.5555/ABC") == papers.find(db, "2603.00001")
    assert papers.by_pks(db, [merged], until=LATER)[merged].id == "doi:10.5555/abc"
    assert db.get_one(PaperRow, merged).merged_into == paper.pk
    assert counted(store_entries(db, BIORXIV, preprint("10.5555/abc", signals={SignalKind.COMMENTS: 4}))) == (
        0,
        0,
        1,
    )


def test_papers_of_one_batch_are_merged_too(db: Session) -> None:
    store_entries(db, ARXIV, preprint("10.5555/abc", key="one"), entry("2603.00001", key="two"),
         entry("2603.00001", key="three", doi="10.5555/abc"))  # fmt: skip
    assert [p.id for p in shown(db)] == ["arxiv:2603.00001"]
    assert papers.find(db, "arxiv:one").id == "arxiv:2603.00001"


def test_two_arxiv_ids_are_two_papers_even_with_one_doi(db: Session) -> None:
    store_entries(db, ARXIV, entry("2603.00001", doi="10.5555/abc"), entry("2603.00002", doi="10.5555/abc"))
    assert [p.id for p in shown(db)] == ["arxiv:2603.00001", "arxiv:2603.00002"]


def test_a_feed_cannot_merge_other_peoples_papers(db: Session) -> None:
    store_entries(db, ARXIV, entry())
    store_entries(db, BIORXIV, preprint("10.5555/abc"))
    store_entries(db, JOURNAL, entry(key="evil", doi="10.5555/abc", title="Buy pills", abstract="x" * 9999))
    assert [(p.id, p.title) for p in shown(db)] == [
        ("arxiv:2603.00001", "Paper 2603.00001"), ("doi:10.5555/abc", "Preprint 10.5555/abc"),
    ]  # fmt: skip


def test_the_doi_that_arxiv_gives_is_the_arxiv_paper(db: Session) -> None:
    store_entries(db, JOURNAL, preprint("10.48550/arXiv.2603.00001", key="https://journal.example/1"))
    assert counted(store_entries(db, ARXIV, entry(), at=LATER)) == (0, 1, 0)


def test_a_feeds_item_without_any_id_is_known_by_its_own_key_and_gets_its_doi_later(db: Session) -> None:
    store_entries(db, JOURNAL, preprint(key="https://journal.example/1", doi=None))
    assert [p.id for p in shown(db)] == ["journal:https://journal.example/1"]
    store_entries(db, JOURNAL, preprint("10.5555/abc", key="https://journal.example/1"))
    assert [p.id for p in shown(db)] == ["doi:10.5555/abc"]


@pytest.mark.parametrize(
    ("name", "kind"), [("doi", SourceKind.ARXIV), ("arxiv", SourceKind.FEED), ("a:b", SourceKind.FEED)]
)
def test_a_source_cannot_pass_its_items_off_as_papers_of_arxiv(
    db: Session, name: str, kind: SourceKind
) -> None:
    with pytest.raises(InputError, match="can't be named"):
        store_entries(db, Source(name, kind, ""), entry())


# ---------------------------------------------------------------- hostile entries


def test_entries_that_cannot_be_kept_stop_only_themselves(db: Session) -> None:
    broken: list[dict[str, Any]] = [
        {"title": "NUL \0 in it"}, {"abstract": "half a pair \ud800"}, {"authors": ("\0",)}, {"key": ""},
        {"key": "k" * 5000}, {"key": "\ud800"}, {"doi": "10.5555/" + "d" * 5000}, {"version": 2**31},
        {"signals": {SignalKind.UPVOTES: 10**12}}, {"signals": {SignalKind.STARS: -1}},
        {"published_at": datetime.max.replace(tzinfo=UTC)},
        {"announced_at": datetime.min.replace(tzinfo=UTC)},
    ]  # fmt: skip
    bad = [entry(f"2604.{number:05}", **fields) for number, fields in enumerate(broken)]
    stored = store_entries(db, ARXIV, entry("2603.00001"), *bad, entry("2603.00003"))
    assert counted(stored) == (2, 0, 0)
    assert len(stored.skipped) == len(bad)
    assert all(skipped.error for skipped in stored.skipped)
    assert [p.id for p in shown(db)] == ["arxiv:2603.00001", "arxiv:2603.00003"]


# ---------------------------------------------------------------- signals over time


def test_signals_are_kept_with_their_time_and_only_when_they_change(db: Session) -> None:
    for hours, upvotes in enumerate([6, 6, 9, 9, 30]):
        store_entries(db, HUGGINGFACE, daily(upvotes=upvotes), at=NOW + timedelta(hours=hours))
    (paper,) = shown(db, until=NOW + timedelta(hours=3))
    assert [(s.value, s.observed_at) for s in paper.signals] == [(6, NOW), (9, NOW + timedelta(hours=2))]
    (paper,) = shown(db, until=NOW + timedelta(hours=4))
    assert paper.latest(SignalKind.UPVOTES) == 30


def test_of_two_values_of_one_time_the_larger_is_kept_in_any_order(db: Session) -> None:
    for upvotes in (6, 30, 6):
        store_entries(db, HUGGINGFACE, daily("2603.00001", upvotes=upvotes))
    store_entries(db, HUGGINGFACE, *(daily("2603.00002", upvotes=upvotes) for upvotes in (30, 6)))
    assert [[s.value for s in p.signals] for p in shown(db)] == [[30], [30]]


def test_what_is_usual_is_the_lower_median_of_last_values_over_twenty_papers(db: Session) -> None:
    day = NOW - timedelta(days=10)
    few = [daily(f"2602.{n:05}", upvotes=n) for n in range(19)]
    store_entries(db, HUGGINGFACE, *few, at=day)
    period = {"since": NOW - timedelta(days=30), "until": NOW}
    assert papers.usual(db, **period) == {}
    store_entries(
        db,
        HUGGINGFACE,
        daily("2602.00019", upvotes=19),
        daily("2602.00000", upvotes=100),
        at=day + timedelta(1),
    )
    store_entries(db, HUGGINGFACE, *few, at=LATER)  # after the period
    assert papers.usual(db, **period) == {("huggingface", SignalKind.UPVOTES): 10.0}


# ---------------------------------------------------------------- reading


def test_the_window_is_open_at_its_start_and_closed_at_its_end(db: Session) -> None:
    start = NOW - timedelta(days=3)
    for number, at in enumerate(
        [start, start + timedelta(microseconds=1), NOW, NOW + timedelta(microseconds=1)]
    ):
        store_entries(db, ARXIV, entry(f"2603.0000{number}"), at=at)
    assert [p.id[-1] for p in papers.candidates(db, since=start, until=NOW)] == ["1", "2"]


def test_a_hidden_paper_is_no_candidate(db: Session) -> None:
    store_entries(db, ARXIV, entry())
    db.scalars(select(PaperRow)).one().hidden = True
    assert shown(db) == []


def test_a_paper_is_found_by_any_of_its_ids(db: Session) -> None:
    store_entries(db, ARXIV, entry(doi="10.5555/abc"))
    for ref in (
        "2603.00001", "arxiv:2603.00001", "arXiv:2603.00001v3", "2603.00001v12", " 2603.00001 ",
        "https://arxiv.org/abs/2603.00001v2", "http://www.arxiv.org/pdf/2603.00001",
        "arxiv.org/abs/2603.00001", "https://arxiv.org/pdf/2603.00001v1.pdf", "10.5555/ABC",
        "doi:10.5555/abc", "https://doi.org/10.5555/abc", "10.48550/arXiv.2603.00001",
    ):  # fmt: skip
        assert papers.find(db, ref).id == "arxiv:2603.00001", ref


def test_an_old_arxiv_id_is_one_with_and_without_its_class(db: Session) -> None:
    store_entries(db, ARXIV, entry("math.GT/0309136"))
    for ref in ("math/0309136", "math.GT/0309136v2", "arxiv:math/0309136"):
        assert papers.find(db, ref).id == "arxiv:math/0309136", ref


def test_a_paper_that_is_not_there_is_said_so(db: Session) -> None:
    for ref in ("2603.99999", "", "nonsense", "doi:10.1/x", "'; DROP TABLE papers", "NUL \0", "half \ud800"):
        with pytest.raises(UnknownError, match="no paper"):
            papers.find(db, ref)


def test_papers_by_number_leave_out_unknown_ones_and_later_signals(db: Session) -> None:
    store_entries(db, HUGGINGFACE, daily(upvotes=6))
    store_entries(db, HUGGINGFACE, daily(upvotes=9), at=LATER)
    pk = shown(db)[0].pk
    found = papers.by_pks(db, [pk, pk + 1], until=NOW)
    assert {number: paper.latest(SignalKind.UPVOTES) for number, paper in found.items()} == {pk: 6}


# ---------------------------------------------------------------- laws and costs


def test_the_number_of_statements_follows_chunks_not_entries(engine: Engine) -> None:
    def statements(count: int, month: str) -> int:
        seen = 0

        def one_more(*_: object) -> None:
            nonlocal seen
            seen += 1

        with session.transaction(engine) as db:
            event.listen(engine, "before_cursor_execute", one_more)
            store_entries(db, HUGGINGFACE, *(daily(f"{month}.{n:05}") for n in range(count)))
            event.remove(engine, "before_cursor_execute", one_more)
        return seen

    assert statements(400, "2602") <= statements(40, "2603") + 6


_moments = st.integers(0, 5).map(lambda hours: NOW + timedelta(hours=hours))
_arxiv_entries = st.builds(
    lambda number, version, kind, long: entry(
        f"2603.0000{number}", key=f"{number}v{version}", version=version, announce_type=kind,
        title=f"Title {number} {version}", abstract="long " * (5 if long else 1),
    ),
    st.integers(1, 3), st.integers(1, 3), st.sampled_from(["new", "cross", "replace"]), st.booleans(),
)  # fmt: skip
_daily_entries = st.builds(
    lambda number, upvotes: daily(f"2603.0000{number}", upvotes, title="Copied"),
    st.integers(1, 3),
    st.integers(0, 3),
)
_sightings = st.one_of(
    st.tuples(st.just(ARXIV), _arxiv_entries, _moments),
    st.tuples(st.just(HUGGINGFACE), _daily_entries, _moments),
)


@cache
def _memory() -> Engine:
    """A database that costs little: the law is about what is landed, not about where."""
    engine = create_engine("sqlite://", poolclass=StaticPool)
    metadata.whole().create_all(engine)
    return engine


def _landed(sightings: Sequence[tuple[Source, Entry, datetime]]) -> list[tuple[object, ...]]:
    with Session(_memory()) as db:
        for source, given, at in sightings:
            store_entries(db, source, given, at=at)
        kept = db.scalars(select(PaperRow).order_by(PaperRow.canonical_id)).all()
        told = [(r.canonical_id, r.title, r.abstract, r.version, r.first_seen_at, r.announced) for r in kept]
        db.rollback()
    return [*told]


@settings(max_examples=30, deadline=None)
@on(sightings=st.lists(_sightings, max_size=7), data=st.data())
def test_the_order_of_landing_does_not_matter(
    sightings: list[tuple[Source, Entry, datetime]], data: st.DataObject
) -> None:
    shuffled = data.draw(st.permutations(sightings))
    assert _landed(shuffled) == _landed(sightings)
    assert _landed([*sightings, *sightings]) == _landed(sightings)

"""`like:ID` in previews, `topics test`, explanations and search, over real vectors."""

from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, update

from digest.domain import Interests, Subscriber
from digest.errors import FilterError
from digest.match import unpack
from digest.pipeline.catalog import similar
from digest.pipeline.catalog.search import Search
from digest.pipeline.catalog.search_index import catch_up
from digest.pipeline.community import saved
from digest.pipeline.community import votes as community
from digest.pipeline.delivery.worker import deliver_due
from digest.pipeline.installation import Installation
from digest.pipeline.issues import explain
from digest.pipeline.issues.open import open_due
from digest.pipeline.issues.preview import matching, preview, stranger
from digest.pipeline.subscriptions import topics
from digest.render.phrases import reason_phrases
from digest.search import Segment, folded, lsa, version
from digest.store import deliveries, papers, search, session
from digest.store.community import saved as stored_saved
from digest.store.papers.tables.papers import PaperRow
from digest.store.subscriptions import subscribers
from tests.builders import NOW, entry
from tests.installations import installation, join, outbox, store_entries

ADA, GRACE = "ada@example.org", "grace@example.org"

KINDS = (
    "robot arm grasp object gripper force manipulation tactile",
    "speech recognition audio phoneme acoustic speaker transcription",
    "protein structure sequence folding amino residue biology",
    "quantum circuit qubit entanglement gate noise hamiltonian",
)


@pytest.fixture
def site(engine: Engine, tmp_path: Path) -> Installation:
    """Six papers of each of four kinds; every sixth word differs."""
    made = installation(engine, tmp_path, search_folder=tmp_path / "search")
    entries = []
    for number in range(24):
        words = KINDS[number % 4].split()
        turned = words[number % len(words) :] + words[: number % len(words)]
        entries.append(
            entry(
                f"2603.{number:05}",
                title=f"On {turned[0]} and {turned[1]}",
                abstract=f"We study {' '.join(turned)}.",
            )
        )
    store_entries(engine, entries)
    return made


@pytest.fixture
def indexed(site: Installation) -> Installation:
    catch_up(site)
    similar.keep_up(site)
    return site


def numbers(site: Installation, text: str) -> set[int]:
    return {int(match.paper.id[-5:]) for match in matching(site, text, NOW)}


def test_digests_and_search_select_the_same_papers_all_of_the_kind(indexed: Installation) -> None:
    for text in ("like:2603.00001", "like:2603.00002 OR like:2603.00003", "robot -like:2603.00004"):
        found = Search(indexed)(text, NOW, limit=100)
        selected = numbers(indexed, text)
        assert {int(item.paper.id[-5:]) for item in found.items} == selected
    alike = numbers(indexed, "like:2603.00001")
    assert 1 in alike
    assert len(alike) > 1
    assert {number % 4 for number in alike} == {1}


def test_a_preview_explains_by_the_title(indexed: Installation) -> None:
    digest = preview(indexed, stranger(Interests(filters=("like:2603.00001",)), NOW), NOW).digest
    assert digest is not None
    for match in digest.papers:
        (phrase,) = reason_phrases(match.reasons, {})
        assert phrase == "like: On recognition and audio"


def test_a_topic_may_ask_for_likeness_in_search_too(indexed: Installation) -> None:
    planned = topics.planned(
        indexed, "talking", NOW, is_new=True, title="Speech", expression="like:2603.00001", group="X"
    )
    topics.carry_out(indexed, planned, NOW)
    right = numbers(indexed, "like:2603.00001")
    assert numbers(indexed, "topic:talking") == right
    assert Search(indexed)("topic:talking", NOW).total == len(right)


def test_explanations_say_why_nothing_is_like_a_paper(indexed: Installation) -> None:
    why = explain.of_filter(indexed, "like:2101.00001", "2603.00001", NOW)
    assert why.reasons == ("no like:2101.00001 (there is no paper 2101.00001 here)",)
    (reason,) = explain.of_filter(indexed, "like:2603.00001", "2603.00002", NOW).reasons
    assert reason.startswith("no like:2603.00001 (similarity ")
    assert explain.of_filter(indexed, "like:2603.00001", "2603.00001", NOW).reasons == ()


def test_before_papers_are_indexed_nothing_is_alike_and_it_says_so(site: Installation) -> None:
    assert numbers(site, "like:2603.00001") == set()
    assert Search(site)("like:2603.00001", NOW).total == 0
    (reason,) = explain.of_filter(site, "like:2603.00001", "2603.00001", NOW).reasons
    assert "search must have indexed 20 of them first" in reason


def test_a_hidden_paper_is_unknown_and_never_named(indexed: Installation) -> None:
    with session.transaction(indexed.engine) as db:
        db.execute(update(PaperRow).where(PaperRow.canonical_id == "arxiv:2603.00001").values(hidden=True))
    assert numbers(indexed, "like:2603.00001") == set()
    assert Search(indexed)("like:2603.00001", NOW).total == 0


def of_reader(site: Installation) -> Subscriber:
    with session.reading(site.engine) as db:
        return subscribers.get(db, ADA)


def previewed(site: Installation) -> dict[int, set[str]]:
    """The papers of the reader's digest by number, with the reasons in words."""
    digest = preview(site, of_reader(site), NOW).digest
    papers_of = digest.papers if digest else ()
    return {int(match.paper.id[-5:]): set(reason_phrases(match.reasons, {})) for match in papers_of}


def test_like_saved_follows_what_is_saved_at_once_in_digests_and_search(indexed: Installation) -> None:
    number = join(indexed, ADA, filters=["like:saved"]).id
    found = {each: community.paper(indexed, f"2603.{each:05}") for each in (1, 2)}
    assert previewed(indexed) == {}
    saved.save(indexed, number, found[1], NOW)
    right = numbers(indexed, "like:2603.00001")
    assert previewed(indexed) == {each: {"like: On recognition and audio you saved"} for each in right}
    saved.save(indexed, number, found[2], NOW + timedelta(seconds=1))
    right |= numbers(indexed, "like:2603.00002")
    assert previewed(indexed).keys() == right
    searched = Search(indexed)("like:saved", NOW, limit=100, saved=of_reader(indexed).saved)
    assert {int(item.paper.id[-5:]) for item in searched.items} == right
    assert (searched.canonical, searched.is_own) == ("like:saved", True)
    saved.unsave(indexed, number, found[1], NOW + timedelta(seconds=2))
    assert previewed(indexed).keys() == numbers(indexed, "like:2603.00002")
    with session.transaction(indexed.engine) as db:
        db.execute(update(PaperRow).where(PaperRow.canonical_id == "arxiv:2603.00002").values(hidden=True))
    assert previewed(indexed) == {}


def test_the_ledger_and_the_email_have_what_the_preview_has(indexed: Installation, tmp_path: Path) -> None:
    for email, number in ((ADA, 1), (GRACE, 2)):
        reader = join(indexed, email, filters=["like:saved -quantum"])
        saved.save(indexed, reader.id, community.paper(indexed, f"2603.{number:05}"), NOW)
    expected = previewed(indexed).keys()
    open_due(indexed, NOW)
    deliver_due(indexed, NOW)
    bodies = {str(mail["To"]): mail.get_body(("plain",)) for mail in outbox(tmp_path)}
    mails = {to: body.get_content() for to, body in bodies.items() if body}
    assert mails.keys() == {ADA, GRACE}
    assert "like: On recognition and audio you saved" in " ".join(mails[ADA].split())
    assert "like: On sequence and folding you saved" in " ".join(mails[GRACE].split())
    with session.reading(indexed.engine) as db:
        (row,) = deliveries.of_subscriber(db, of_reader(indexed).id)
        ids = papers.canonical_ids(db, row.papers).values()
    assert {int(each[-5:]) for each in ids} == expected


def test_why_a_paper_isn_t_like_what_was_saved(indexed: Installation) -> None:
    reader = join(indexed, ADA, filters=["like:saved"])
    why = explain.of_digest(indexed, reader, "2603.00001", NOW)
    assert why.reasons == ("like:saved: no like:saved (no papers are saved)",)
    saved.save(indexed, reader.id, community.paper(indexed, "2603.00002"), NOW)
    why = explain.of_digest(indexed, of_reader(indexed), "2603.00001", NOW)
    assert why.reasons == ("like:saved: no like:saved (not like the paper saved)",)


def test_where_no_reader_is_known_like_saved_is_an_error_that_says_so(indexed: Installation) -> None:
    for ask in (
        lambda: Search(indexed)("robot like:saved", NOW),
        lambda: matching(indexed, "like:saved", NOW),
        lambda: explain.of_filter(indexed, "like:saved", "2603.00001", NOW),
        lambda: topics.planned(indexed, "x", NOW, is_new=True, title="X", expression="like:saved", group="X"),
    ):
        with pytest.raises(FilterError, match="“like:saved”: "):
            ask()


@given(st.lists(st.tuples(st.booleans(), st.integers(0, 6)), max_size=12))
@settings(max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_what_is_packed_is_the_newest_that_are_saved(
    site: Installation, monkeypatch: pytest.MonkeyPatch, acts: list[tuple[bool, int]]
) -> None:
    monkeypatch.setattr(stored_saved, "MOST_COMPARED", 3)
    with session.transaction(site.engine) as db:
        subscribers.erase(db, found.id) if (found := subscribers.find(db, ADA)) else None
    number = join(site, ADA).id
    for second, (keeps, which) in enumerate(acts):
        paper = community.paper(site, f"2603.{which:05}")
        (saved.save if keeps else saved.unsave)(site, number, paper, NOW + timedelta(seconds=second))
    with session.reading(site.engine) as db:
        newest = list(stored_saved.saved_by(db, number))[:3]
        packed, lists = deliveries.packed_interests(db, [number])
    assert of_reader(site).saved == tuple(newest)
    read = unpack(packed, lists).saved
    assert (read.items.tolist() if read else []) == newest


def test_vectors_folded_from_texts_are_those_that_are_kept(indexed: Installation) -> None:
    with session.reading(indexed.engine) as db:
        stored = search.basis(db)
        assert stored is not None
        (info,) = search.infos(db, version())
        kept = lsa.from_bytes(search.vectors_of(db, info.id, stored.id) or b"")
        pks = Segment(search.data_of(db, info.id) or b"").numbers.tolist()
        found = papers.by_pks(db, pks, until=NOW)
    basis = lsa.Basis.unpacked(stored.data)
    assert folded([found[pk] for pk in pks], basis).tolist() == kept.tolist()
    assert len(basis.reference) == 24

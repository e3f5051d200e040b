"""`like:ID` in previews, `topics test`, explanations and search, over real vectors."""

from pathlib import Path

import pytest
from sqlalchemy import Engine, update

from digest.domain import Interests
from digest.pipeline.catalog import similar
from digest.pipeline.catalog.search import Search
from digest.pipeline.catalog.search_index import catch_up
from digest.pipeline.installation import Installation
from digest.pipeline.issues import explain
from digest.pipeline.issues.preview import matching, preview, stranger
from digest.render.phrases import reason_phrases
from digest.search import Segment, folded, lsa, version
from digest.store import papers, search, session
from digest.store.papers.tables import PaperRow
from tests.builders import NOW, entry
from tests.installations import installation, store_entries

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
    from digest.pipeline.subscriptions import topics

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

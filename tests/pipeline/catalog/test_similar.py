"""Papers like a paper: by their words, in one basis, kept with the segments, right at once."""

from dataclasses import replace
from pathlib import Path
from random import Random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Engine, text, update

from digest.domain import Paper
from digest.pipeline.catalog import similar
from digest.pipeline.catalog.search import Search
from digest.pipeline.catalog.search_index import catch_up
from digest.pipeline.installation import Installation
from digest.search import Segment, build, lsa, version
from digest.store import papers, search, session
from digest.store.papers.tables.papers import PaperRow
from tests.builders import NOW, entry, paper
from tests.installations import installation, store_entries

KINDS = (
    "robot arm grasp object gripper force manipulation tactile",
    "speech recognition audio phoneme acoustic speaker transcription",
    "protein structure sequence folding amino residue biology",
    "quantum circuit qubit entanglement gate noise hamiltonian",
    "graph node edge message spectral community clustering",
    "galaxy telescope star redshift photometry survey spectrum",
)


def about(number: int) -> tuple[str, str]:
    """A title and abstract of one kind, with words of its own."""
    words = KINDS[number % len(KINDS)].split()
    turned = words[number % len(words) :] + words[: number % len(words)]
    return f"On {turned[0]} and {turned[1]}", f"We study {' '.join(turned)} and number {number}."


@pytest.fixture
def site(engine: Engine, tmp_path: Path) -> Installation:
    made = installation(engine, tmp_path, search_folder=tmp_path / "search")
    texts = [about(number) for number in range(60)]
    store_entries(engine, [entry(f"2603.{n:05}", title=t, abstract=a) for n, (t, a) in enumerate(texts)])
    return made


def find(site: Installation, name: str) -> Paper:
    with session.reading(site.engine) as db:
        return papers.find(db, name)


def kinds(site: Installation, searching: Search, number: int) -> list[int]:
    """The kinds of the papers that are like one."""
    found = searching.similar(find(site, f"2603.{number:05}"), NOW)
    return [int(each.paper.id[-5:]) % len(KINDS) for each in found]


def test_papers_of_one_kind_are_alike(site: Installation) -> None:
    catch_up(site)
    assert similar.keep_up(site) == 1
    searching = Search(site)
    for number in (0, 1, 2, 31):
        assert kinds(site, searching, number) == [number % len(KINDS)] * 5


def test_a_damaged_index_stops_no_page_of_a_paper(site: Installation, tmp_path: Path) -> None:
    catch_up(site)
    similar.keep_up(site)
    with site.engine.begin() as connection:
        connection.execute(text("UPDATE search_segments SET data = :data, checksum = 0"), {"data": b"x"})
    assert kinds(site, Search(site), 0) == []


def test_likeness_alone_orders_a_search_by_it(site: Installation) -> None:
    catch_up(site)
    similar.keep_up(site)
    searching = Search(site)
    alike = searching.similar(find(site, "2603.00007"), NOW)
    found = searching("like:2603.00007", NOW)
    assert found.items[0].paper.id == "arxiv:2603.00007"
    scores = [item.score for item in found.items]
    assert scores == sorted(scores, reverse=True)
    assert scores[1] == pytest.approx(alike[0].score, abs=1e-5)
    assert len(searching("like:2603.00007 OR like:2603.00001", NOW).items) > len(found.items)


def test_without_a_basis_nothing_is_alike(site: Installation) -> None:
    catch_up(site)
    assert Search(site).similar(find(site, "2603.00001"), NOW) == ()


def test_new_papers_are_folded_in_at_once_and_hidden_ones_are_gone(site: Installation) -> None:
    catch_up(site)
    similar.keep_up(site)
    searching = Search(site)
    title, abstract = about(4)
    store_entries(site.engine, [entry("2604.00001", title=title, abstract=abstract)])
    found = searching.similar(find(site, "2604.00001"), NOW)
    assert found[0].paper.id == "arxiv:2603.00004"
    assert found[0].shared == ("cs.CL",)
    with session.transaction(site.engine) as db:
        db.execute(update(PaperRow).where(PaperRow.canonical_id == "arxiv:2603.00004").values(hidden=True))
    assert found[0].paper.id not in [
        each.paper.id for each in searching.similar(find(site, "2604.00001"), NOW)
    ]


def test_a_basis_is_fitted_anew_when_the_papers_have_doubled_and_no_vectors_of_two_are_kept(
    site: Installation,
) -> None:
    catch_up(site)
    similar.keep_up(site)
    with session.reading(site.engine) as db:
        first = search.basis_id(db)
    store_entries(
        site.engine, [entry(f"2605.{n:05}", title=about(n)[0], abstract=about(n)[1]) for n in range(30)]
    )
    catch_up(site)
    similar.keep_up(site)
    with session.reading(site.engine) as db:
        assert search.basis_id(db) == first
    store_entries(
        site.engine, [entry(f"2606.{n:05}", title=about(n)[0], abstract=about(n)[1]) for n in range(40)]
    )
    catch_up(site)
    assert similar.keep_up(site) == len(segments(site))
    with session.reading(site.engine) as db:
        second = search.basis_id(db)
        assert second != first
        assert search.without_vectors(db, version(), second or 0) == []
        assert all(search.vectors_of(db, each.id, first or 0) is None for each in search.infos(db, version()))
    assert kinds(site, Search(site), 7) == [1] * 5


def test_a_basis_of_an_older_version_is_used_until_its_successor_is_fitted(site: Installation) -> None:
    catch_up(site)
    similar.keep_up(site)
    with session.transaction(site.engine) as db:
        basis = search.basis(db)
        assert basis is not None
        older = replace(lsa.Basis.unpacked(basis.data), made=lsa.MADE - 1)
        first = search.add_basis(db, basis.papers, older.packed())
    assert kinds(site, Search(site), 7) == [1] * 5
    assert similar.keep_up(site) == 1
    with session.reading(site.engine) as db:
        assert search.basis_id(db) != first
    assert kinds(site, Search(site), 7) == [1] * 5
    assert similar.keep_up(site) == 0


def segments(site: Installation) -> list[search.SegmentInfo]:
    with session.reading(site.engine) as db:
        return search.infos(db, version())


def test_the_same_papers_give_the_same_basis_however_they_are_cut() -> None:
    listed = [paper(f"2603.{n:05}", title=about(n)[0], abstract=about(n)[1], pk=n + 1) for n in range(60)]
    whole = [Segment(build(listed)[0])]
    cut = [Segment(build(listed[:25])[0]), Segment(build(listed[25:])[0])]
    one, other = lsa.fit(*lsa.standing(whole)), lsa.fit(*lsa.standing(cut))
    assert one is not None
    assert other is not None
    assert one.stems == other.stems
    read_back = lsa.Basis.unpacked(one.packed())
    vectors = lsa.vectors(whole[0], read_back)
    assert vectors.shape == (60, lsa.DIMENSIONS)
    assert np.allclose(lsa.cosines(vectors[3], vectors)[3], 1, atol=0.05)


def test_few_papers_have_no_basis() -> None:
    assert lsa.fit(*lsa.standing([Segment(build([paper(pk=1)])[0])])) is None


@given(
    st.lists(st.sampled_from([-0.5, 0.0, 0.25, 0.25000003, 1.0]), max_size=40),
    st.integers(0, 50),
    st.randoms(),
)
def test_the_highest_are_the_first_of_all_sorted(values: list[float], limit: int, random: Random) -> None:
    numbers = list(range(len(values)))
    random.shuffle(numbers)
    found = lsa.highest(np.array(numbers, np.int64), np.array(values, np.float32), limit)
    ordered = sorted(
        zip(numbers, np.array(values, np.float32).tolist(), strict=True), key=lambda x: (-x[1], x[0])
    )
    assert [number for number, _ in found] == [number for number, _ in ordered[:limit]]


@pytest.mark.parametrize("size", [0, 1, 255, 256, 257, 1000])
def test_cosines_by_blocks_are_those_of_one_product(size: int) -> None:
    drawn = np.random.default_rng(size).integers(-127, 128, (size + 1, lsa.DIMENSIONS)).astype(np.int8)
    one, many = drawn[0], drawn[1:]
    exact = many.astype(np.int64) @ one.astype(np.int64)
    assert np.array_equal(lsa.cosines(one, many), exact.astype(np.float32) / np.float32(127 * 127))

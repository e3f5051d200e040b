"""A search over all papers of an installation: right at once, the same in every process, with no limit."""

import multiprocessing
import os
import signal
import time
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine, update

from digest.domain import Signal, SignalKind
from digest.errors import FilterError, InputError
from digest.pipeline.catalog import search_index
from digest.pipeline.catalog.search import Search, SearchResult
from digest.pipeline.catalog.search_index import SearchIndex, catch_up, reindex
from digest.pipeline.catalog.similar import keep_up
from digest.pipeline.installation import Installation
from digest.search import Order, lsa, version
from digest.store import papers, search, session
from digest.store.papers import Why
from digest.store.papers.tables.papers import PaperRow
from digest.trend import rank
from tests.builders import NOW, entry
from tests.installations import installation, store_entries


@pytest.fixture
def site(engine: Engine, tmp_path: Path) -> Installation:
    return installation(engine, tmp_path, search_folder=tmp_path / "search")


def some(engine: Engine, titles: Sequence[str], first: int = 1, **fields: object) -> None:
    """Put papers with these titles into the store; the ids are numbers from `first` on."""
    store_entries(engine, [entry(f"2603.{first + n:05}", title=t, **fields) for n, t in enumerate(titles)])


def ids(result: SearchResult) -> list[str]:
    return [item.paper.id.removeprefix("arxiv:2603.") for item in result.items]


def infos(site: Installation) -> list[search.SegmentInfo]:
    with session.reading(site.engine) as db:
        return search.infos(db, version())


@pytest.mark.parametrize("indexed", [False, True])
def test_a_search_finds_what_landed_whether_or_not_it_is_indexed_yet(
    site: Installation, indexed: bool
) -> None:
    some(site.engine, ["Mamba for vision", "Attention"])
    searching = Search(site)
    assert ids(searching("mamba", NOW)) == ["00001"]
    if indexed:
        assert catch_up(site) == 2
    some(site.engine, ["Mamba again"], first=3)
    assert sorted(ids(searching("mamba", NOW))) == ["00001", "00003"]
    assert sorted(ids(Search(site)("mamba", NOW))) == ["00001", "00003"]


@pytest.mark.parametrize("indexed", [False, True])
def test_merged_hidden_and_changed_papers_are_right_at_once(site: Installation, indexed: bool) -> None:
    some(site.engine, ["Mamba one", "Mamba two", "Mamba three", "Mamba four"])
    searching = Search(site)
    if indexed:
        catch_up(site)
    assert len(searching("mamba", NOW).items) == 4
    with session.transaction(site.engine) as db:
        papers.merge(db, "2603.00002", "2603.00001", Why("same work", "operator", NOW))
        db.execute(update(PaperRow).where(PaperRow.canonical_id == "arxiv:2603.00003").values(hidden=True))
    some(site.engine, ["Something else"], first=4, version=2)
    assert ids(searching("mamba", NOW)) == ["00001"]
    with session.transaction(site.engine) as db:
        papers.split(db, "2603.00002", NOW)
    assert sorted(ids(searching("mamba", NOW))) == ["00001", "00002"]
    if indexed:
        catch_up(site)
        assert sorted(ids(Search(site)("mamba", NOW))) == ["00001", "00002"]


def test_nothing_is_cut_off_in_silence(site: Installation) -> None:
    some(site.engine, [f"Mamba number {n}" for n in range(120)])
    catch_up(site)
    searching = Search(site)
    seen: list[str] = []
    cursor = ""
    while True:
        page = searching("mamba", NOW, limit=50, cursor=cursor)
        seen += ids(page)
        assert page.total == 120
        if not page.next:
            break
        cursor = page.next
    assert len(seen) == len(set(seen)) == 120


def test_a_search_reads_all_changes_beside_the_index_however_many(
    site: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(search_index, "BESIDE", 3)
    some(site.engine, [f"Mamba {n}" for n in range(40)])
    searching = Search(site)
    assert searching("mamba", NOW).total == 40
    for number in range(41, 44):
        some(site.engine, ["Mamba"], first=number)
        assert searching("mamba", NOW).total == number
    some(site.engine, ["Something else"], version=2)
    assert searching("mamba", NOW).total == 42
    catch_up(site)
    assert searching("mamba", NOW).total == Search(site)("mamba", NOW).total == 42


def test_changes_that_take_long_to_read_are_read_in_the_next_searches(
    site: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(search_index, "BESIDE", 3)
    monkeypatch.setattr(search_index, "BESIDE_SECONDS", 0.0)
    some(site.engine, [f"Mamba {n}" for n in range(8)])
    searching = Search(site)
    results = [searching("mamba", NOW) for _ in range(4)]
    assert [(each.total, each.behind) for each in results] == [(3, 5), (6, 2), (8, 0), (8, 0)]


def test_small_segments_are_merged_and_say_the_same(site: Installation) -> None:
    for number in range(1, 12):
        some(site.engine, [f"Mamba {number}"], first=number)
        catch_up(site)
    assert len(infos(site)) < 6
    assert sum(each.papers for each in infos(site)) == 11
    assert len(Search(site)("mamba", NOW, limit=50).items) == 11
    assert [a.upto for a in infos(site)][:-1] == [b.after for b in infos(site)][1:]


def test_an_index_that_is_built_anew_says_the_same(site: Installation) -> None:
    some(site.engine, ["Mamba one", "Mamba two"])
    catch_up(site)
    some(site.engine, ["Mamba two, second version"], first=2, version=2)
    before = Search(site)("mamba", NOW)
    told: list[tuple[int, int]] = []
    assert reindex(site, on_progress=lambda done, total: told.append((done, total))) == 2
    assert told[-1] == (2, 2)
    assert Search(site)("mamba", NOW).items == before.items
    assert [each.papers for each in infos(site)] == [2]


def test_an_index_of_another_version_is_not_used_and_goes(
    site: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    some(site.engine, ["Mamba"])
    with session.transaction(site.engine) as db:
        search.add(db, "an older version", after=0, upto=99, papers=1, data=b"what nobody reads any more")
    assert ids(Search(site)("mamba", NOW)) == ["00001"]
    catch_up(site)
    with session.reading(site.engine) as db:
        assert search.infos(db, "an older version") == []


@pytest.mark.parametrize("spoil", ["cut", "wrong", "gone", "folder is a file"])
def test_the_files_of_the_index_can_be_thrown_away(site: Installation, tmp_path: Path, spoil: str) -> None:
    some(site.engine, ["Mamba"])
    catch_up(site)
    assert ids(Search(site)("mamba", NOW)) == ["00001"]
    (file,) = (tmp_path / "search").iterdir()
    whole = file.read_bytes()
    if spoil == "cut":
        file.write_bytes(whole[:50])
    elif spoil == "wrong":
        file.write_bytes(whole[:-200] + b"?" * 200)
    else:
        file.unlink()
    if spoil == "folder is a file":
        file.parent.rmdir()
        file.parent.write_text("in the way")
    assert ids(Search(site)("mamba", NOW)) == ["00001"]
    if spoil != "folder is a file":
        assert file.read_bytes() == whole


def test_files_of_segments_that_are_gone_are_removed(site: Installation, tmp_path: Path) -> None:
    some(site.engine, ["Mamba"])
    catch_up(site)
    old = tmp_path / "search" / "99-00000000.segment"
    old.parent.mkdir()
    old.write_bytes(b"old")
    os.utime(old, (time.time() - 9999,) * 2)
    Search(site)("mamba", NOW)
    assert not old.exists()


def test_unchanged_papers_cost_no_new_engine(site: Installation) -> None:
    some(site.engine, ["Mamba"])
    index = SearchIndex(site)
    with session.reading(site.engine) as db:
        assert index.read(db) is index.read(db)


def test_a_misspelt_word_is_told_with_the_way_back(site: Installation) -> None:
    some(site.engine, ["Quantization of models"] * 4)
    result = Search(site)("quantizaton cat:cs.CL", NOW)
    assert (result.canonical, result.corrected_from) == ("cat:cs.CL quantization", "quantizaton cat:cs.CL")
    assert len(result.items) == 4
    as_typed = Search(site)("quantizaton cat:cs.CL", NOW, as_typed=True)
    assert (as_typed.items, as_typed.unknown, as_typed.parts) == ((), ("quantizaton",), (("cat:cs.CL", 4),))


def test_a_title_with_a_colon_leads_to_its_paper(site: Installation) -> None:
    title = "Quark: a fast and small quantizer"
    some(site.engine, ["Quantizers that are small", title, "A fast quark"])
    result = Search(site)(title, NOW)
    assert result.items[0].paper.title == title
    assert "“Quark:” is not a field" in result.mistake
    assert Search(site)(f"{result.canonical} cat:cs.CL", NOW).items[0].paper.title == title
    with pytest.raises(FilterError):
        Search(site)("quark: ti:small, cat:nothing", NOW)


def test_where_nothing_is_found_each_part_says_what_it_would_find(site: Installation) -> None:
    some(site.engine, ["Mamba", "Mamba", "Robots"])
    result = Search(site)("ti:mamba ti:robots", NOW)
    assert (result.total, result.parts) == (0, (("ti:mamba", 2), ("ti:robots", 1)))


def test_where_nothing_is_found_the_nearest_words_are_named(site: Installation) -> None:
    some(site.engine, ["Quantization of transformers"] * 3 + ["Quarks"] * 3)
    result = Search(site)("quamtizatiom", NOW)  # two edits away: too far to be corrected
    assert (result.total, result.corrections, result.unknown) == (0, (), ("quamtizatiom",))
    assert result.nearest == (("quamtizatiom", ("quantization",)),)
    assert Search(site)("quantizaton", NOW, as_typed=True).nearest == (("quantizaton", ("quantization",)),)
    assert Search(site)("xyzzyx", NOW).nearest == ()
    assert Search(site)("quarks quamtizatiom", NOW).nearest == ()


def test_results_have_marks_counts_and_a_score(site: Installation) -> None:
    some(site.engine, ["On mamba"], abstract="We like state spaces. " * 30 + "Here is mamba at last.")
    result = Search(site)("mamba", NOW)
    (item,) = result.items
    assert [piece.text for piece in item.title if piece.marked] == ["mamba"]
    assert [piece.text for piece in item.snippet if piece.marked] == ["mamba"]
    assert item.score > 0
    assert [(f.value, f.papers, f.filter) for f in result.categories] == [("cs.CL", 1, "cat:cs.CL")]
    assert [(f.value, f.papers) for f in result.sources] == [("arxiv", 1)]


def test_by_trend_papers_stand_in_the_order_of_trend(site: Installation) -> None:
    store_entries(
        site.engine,
        [
            entry("2603.00001", title="Mamba", signals={SignalKind.UPVOTES: 3}),
            entry("2603.00002", title="Mamba", signals={SignalKind.UPVOTES: 30}),
            entry("2603.00003", title="Mamba"),
        ],
        seen_at=NOW - timedelta(hours=9),
    )
    some(site.engine, ["Mamba"], first=4)
    catch_up(site)
    result = Search(site)("mamba", NOW, order=Order.TREND)
    with session.reading(site.engine) as db:
        ranked = rank(papers.candidates(db, since=NOW - timedelta(days=9), until=NOW), NOW)
    assert [item.paper.id for item in result.items] == [each.paper.id for each in ranked]
    assert ids(Search(site)("mamba", NOW, order=Order.DATE))[0] == "00004"


def test_filters_of_signals_ask_for_the_newest_value(site: Installation) -> None:
    store_entries(site.engine, [entry("2603.00001", title="Mamba", signals={SignalKind.UPVOTES: 30})])
    store_entries(
        site.engine,
        [entry("2603.00001", title="Mamba", signals={SignalKind.UPVOTES: 9})],
        seen_at=NOW + timedelta(hours=1),
    )
    later = NOW + timedelta(hours=2)
    assert ids(Search(site)("upvotes>=9", later)) == ["00001"]
    assert ids(Search(site)("upvotes>=10", later)) == []
    assert ids(Search(site)("upvotes>=10", NOW)) == ["00001"]


@pytest.mark.parametrize("cursor", ["x", "AAAA", "bnVsbA", "W10", "WyJkYXRlIiwxLDEsMV0", "é", "[" * 5000])
def test_a_cursor_of_something_else_is_refused(site: Installation, cursor: str) -> None:
    with pytest.raises(InputError, match="cursor"):
        Search(site)("mamba", NOW, cursor=cursor)


def test_what_cannot_be_read_is_refused(site: Installation) -> None:
    for text in ("", "-mamba", '"open', "au:"):
        with pytest.raises(FilterError):
            Search(site)(text, NOW)
    for limit in (0, 101):
        with pytest.raises(InputError):
            Search(site)("mamba", NOW, limit=limit)


def _index_for_ever(site: Installation) -> None:
    while True:
        catch_up(site)
        keep_up(site)


def test_two_processes_and_a_kill_in_the_middle_lose_and_double_nothing(
    database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(search_index, "BATCH", 10)
    started = multiprocessing.get_context("fork")
    site = installation(session.connect(database_url), tmp_path)
    for round_number in range(6):
        some(site.engine, [f"Mamba {n}" for n in range(60)], first=1 + 60 * round_number)
        site.engine.dispose()
        workers = []
        for _ in range(2):
            worker = started.Process(target=_index_for_ever, args=(site,), daemon=True)
            worker.start()
            workers.append(worker)
        time.sleep(0.05 + 0.1 * round_number)
        for worker in workers:
            os.kill(worker.pid or 0, signal.SIGKILL)
            worker.join()
    catch_up(site)
    keep_up(site)
    found = infos(site)
    with session.reading(site.engine) as db:
        basis = search.basis_id(db)
        assert basis is not None
        assert search.without_vectors(db, version(), basis) == []
        sizes = [len(search.vectors_of(db, each.id, basis) or b"") for each in found]
    assert sum(sizes) == 360 * lsa.DIMENSIONS
    assert [each.after for each in found] == [0, *(each.upto for each in found[:-1])]
    assert sum(each.papers for each in found) == 360
    searching = Search(site)
    assert searching("mamba", NOW).total == 360
    site.engine.dispose()


def test_segments_whose_texts_are_too_long_for_one_stay_apart(
    site: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(search_index, "BATCH", 5)
    monkeypatch.setattr("digest.search.index.merging.MOST_SLOTS", 35)  # a title and an abstract have two
    some(site.engine, [f"Mamba {n}" for n in range(40)])
    catch_up(site)
    assert sum(each.papers for each in infos(site)) == 40
    assert max(each.papers for each in infos(site)) <= 35 // 2
    assert Search(site)("mamba", NOW).total == 40


def test_the_latest_values_are_those_that_papers_say(site: Installation) -> None:
    store_entries(site.engine, [entry("2603.00001", signals={SignalKind.UPVOTES: 5, SignalKind.COMMENTS: 2})])
    store_entries(
        site.engine, [entry("2603.00001", signals={SignalKind.UPVOTES: 7})], seen_at=NOW + timedelta(hours=1)
    )
    with session.reading(site.engine) as db:
        (paper,) = papers.candidates(db, since=NOW - timedelta(days=1), until=NOW + timedelta(days=1))
        values = papers.latest_values(db, list(SignalKind), until=NOW + timedelta(days=1))
    assert paper.signals[0] == Signal(SignalKind.COMMENTS, "arxiv", 2, NOW)
    assert {kind: of_kind[paper.pk] for kind, of_kind in values.items()} == {
        SignalKind.UPVOTES: paper.latest(SignalKind.UPVOTES),
        SignalKind.COMMENTS: paper.latest(SignalKind.COMMENTS),
    }

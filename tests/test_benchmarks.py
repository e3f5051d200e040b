"""README quotes the figures that the benchmarks kept, and the benchmarks run without any data of ours."""

from pathlib import Path

import pytest

from benchmarks import day, peers, stage, table
from benchmarks.people import people
from digest.match import FIT_WEIGHT


def test_readme_quotes_what_was_measured() -> None:
    assert table.BEGIN + table.table() + table.END in table.README.read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def nowhere(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder without real papers."""
    return tmp_path_factory.mktemp("nothing")


def test_other_ways_find_the_same_lists_as_the_engine(nowhere: Path) -> None:
    known, origin = day.papers(150, nowhere)
    assert "invented" in origin
    ranked, asked = day.ranked(known), people(60, known)
    found = stage.run(ranked, asked, fit_weight=0.0).found
    ends, items = found.offsets.tolist(), found.items.tolist()
    ours = [items[ends[n] : ends[n + 1]] for n in range(60)]
    assert peers.fts5(ranked, asked, range(60))[0] == ours
    assert peers.naive(ranked, asked, range(60))[0] == ours
    assert any(ours)


def test_invented_subscribers_are_the_same_each_time(nowhere: Path) -> None:
    known, _ = day.papers(80, nowhere)
    one, other = people(50, known), people(50, known)
    assert one.texts == other.texts
    assert [one.interests(n) for n in range(50)] == [other.interests(n) for n in range(50)]
    assert stage.run(day.ranked(known), one, fit_weight=FIT_WEIGHT).seconds > 0

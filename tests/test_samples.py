"""The sample papers that come along read well in their sources' real formats."""

from collections import Counter
from importlib.resources import files

import pytest

from digest.domain import Entry, SignalKind, SourceKind
from digest.sources import parse

SAMPLES = {
    path.name: path.read_bytes()
    for path in (files("digest") / "samples").iterdir()
    if path.name.endswith((".xml", ".json"))
}
DAYS = ("2026-03-16", "2026-03-17", "2026-03-18", "2026-03-19")


def read(name: str) -> tuple[Entry, ...]:
    parsed = parse(SourceKind(name.partition("-")[0]), SAMPLES[name])
    assert parsed.skipped == ()
    return parsed.entries


def test_there_is_a_feed_and_a_list_for_each_of_four_days() -> None:
    assert sorted(SAMPLES) == sorted(
        [f"arxiv-{d}.xml" for d in DAYS] + [f"huggingface-{d}.json" for d in DAYS]
    )


def test_there_are_papers_enough_and_of_many_fields() -> None:
    papers = {entry.arxiv_id: entry for day in DAYS for entry in read(f"arxiv-{day}.xml")}
    assert len(papers) >= 45
    archives = {category.partition(".")[0] for paper in papers.values() for category in paper.categories}
    assert {"cs", "stat", "math", "q-bio", "econ", "quant-ph", "astro-ph", "eess", "hep-th"} <= archives


@pytest.mark.parametrize("name", sorted(SAMPLES))
def test_every_sample_reads_like_a_paper(name: str) -> None:
    for entry in read(name):
        assert 90 <= len(entry.abstract.split()) <= 190
        assert len(entry.authors) >= 2
        assert not any("(" in author for author in entry.authors)
        assert not set("$\\") & set(entry.title + entry.abstract)
        assert entry.arxiv_id is not None
        assert entry.arxiv_id.startswith("2603.9")  # beyond what arXiv gives out in a month


def test_new_crossed_and_replaced_papers_are_among_them() -> None:
    kinds = Counter(entry.announce_type for day in DAYS for entry in read(f"arxiv-{day}.xml"))
    assert set(kinds) == {"new", "cross", "replace", "replace-cross"}


def test_the_lists_hold_papers_of_the_feeds_and_votes_grow() -> None:
    announced = {entry.arxiv_id: entry.title for day in DAYS for entry in read(f"arxiv-{day}.xml")}
    votes: dict[str | None, list[int]] = {}
    for day in DAYS:
        for entry in read(f"huggingface-{day}.json"):
            assert entry.title == announced[entry.arxiv_id]
            votes.setdefault(entry.arxiv_id, []).append(entry.signals[SignalKind.UPVOTES])
    twice = [counted for counted in votes.values() if len(counted) > 1]
    assert twice
    assert all(counted == sorted(set(counted)) for counted in twice)

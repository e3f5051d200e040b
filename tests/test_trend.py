"""The trend formula: its laws, and what it says of itself."""

import gzip
import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from math import fsum
from pathlib import Path
from statistics import median

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest.domain import Paper, Ranked, Signal, SignalKind
from digest.trend import DEFAULT_USUAL, HALF_LIFE, rank
from tests.builders import NOW, paper, upvotes

CORPUS = Path(__file__).parents[2] / "shared/data/huggingface"

moments = st.integers(-10 * 24 * 60, 60).map(lambda minutes: NOW + timedelta(minutes=minutes))
values = st.integers(0, 10_000)
observations = st.builds(
    Signal, st.sampled_from(SignalKind), st.sampled_from(("huggingface", "other")), values, moments
)


@st.composite
def days(draw: st.DrawFn) -> list[Paper]:
    """Papers of one day, with different ids and any signals."""
    numbers = draw(st.lists(st.integers(1, 99_999), max_size=8, unique=True))
    return [
        paper(
            f"2603.{number:05}",
            first_seen_at=draw(moments),
            published_at=draw(st.none() | moments),
            signals=tuple(draw(st.lists(observations, max_size=6))),
        )
        for number in numbers
    ]


def ids(ranked: list[Ranked]) -> list[str]:
    return [one.paper.id for one in ranked]


def score(one: Paper, now: datetime = NOW) -> float:
    return rank([one], now)[0].score


@given(days(), st.randoms(use_true_random=False))
def test_the_order_given_does_not_change_the_order_made(papers: list[Paper], random: object) -> None:
    shuffled = list(papers)
    random.shuffle(shuffled)  # type: ignore[attr-defined]  # hypothesis types it as object
    assert rank(papers, NOW) == rank(shuffled, NOW)


@given(days())
def test_parts_sum_to_the_score_and_the_score_stays_between_0_and_1(papers: list[Paper]) -> None:
    for one in rank(papers, NOW):
        assert fsum(part.points for part in one.parts) == pytest.approx(one.score, abs=1e-9)
        assert 0 <= one.score <= 1


@given(days().filter(bool), st.sampled_from(SignalKind), st.integers(1, 1000))
def test_more_of_a_signal_never_lowers_the_rank(papers: list[Paper], kind: SignalKind, more: int) -> None:
    first, *others = papers
    before = ids(rank(papers, NOW)).index(first.id)
    highest = max((s.value for s in first.signals if s.kind is kind), default=0)
    raised = replace(first, signals=(*first.signals, Signal(kind, "huggingface", highest + more, NOW)))
    assert ids(rank([raised, *others], NOW)).index(first.id) <= before


@given(days().filter(bool), st.timedeltas(timedelta(), timedelta(days=400)))
def test_age_never_raises_the_rank(papers: list[Paper], older: timedelta) -> None:
    first, *others = papers
    before = ids(rank(papers, NOW)).index(first.id)
    aged = replace(first, first_seen_at=first.first_seen_at - older)
    assert ids(rank([aged, *others], NOW)).index(first.id) >= before


@given(values, values, st.integers(1, 1000))
def test_a_source_with_bigger_numbers_does_not_drown_another(small: int, large: int, factor: int) -> None:
    usual = {("big", SignalKind.UPVOTES): 6.0 * factor, ("little", SignalKind.UPVOTES): 6.0}
    here = paper("2603.00001", signals=(upvotes(small, source="little"),))
    there = paper("2603.00002", signals=(upvotes(large * factor, source="big"),))
    scores = {one.paper.id: one.score for one in rank([here, there], NOW, usual)}
    if small == large:
        assert scores[here.id] == scores[there.id]
    else:
        assert (scores[here.id] >= scores[there.id]) is (small > large)


@given(days())
def test_what_is_observed_later_does_not_count_yet(papers: list[Paper]) -> None:
    known = [replace(p, signals=tuple(s for s in p.signals if s.observed_at <= NOW)) for p in papers]
    assert [(r.paper.id, r.score) for r in rank(papers, NOW)] == [
        (r.paper.id, r.score) for r in rank(known, NOW)
    ]


def test_a_score_halves_in_a_half_life() -> None:
    voted = paper(signals=(upvotes(45),))
    assert score(voted, NOW + HALF_LIFE) == pytest.approx(score(voted) / 2)


def test_a_paper_seen_in_the_future_counts_as_new() -> None:
    assert score(paper(first_seen_at=NOW + timedelta(days=3))) == score(paper())


def test_papers_without_signals_are_ordered_by_recency() -> None:
    old = paper("2603.00001", first_seen_at=NOW - timedelta(days=1))
    new = paper("2603.00002", first_seen_at=NOW)
    assert ids(rank([old, new], NOW)) == [new.id, old.id]


@given(days())
def test_papers_without_signals_rank_as_those_whose_signals_are_yet_to_come(papers: list[Paper]) -> None:
    some = [replace(each, signals=()) if n % 2 else each for n, each in enumerate(papers)]
    later = upvotes(9, NOW + timedelta(days=1))
    noticed_later = [each if each.signals else replace(each, signals=(later,)) for each in some]
    found, expected = rank(some, NOW), rank(noticed_later, NOW)
    assert [(each.paper.id, each.score, each.parts) for each in found] == [
        (each.paper.id, each.score, each.parts) for each in expected
    ]


def test_only_the_newest_observation_of_a_source_counts() -> None:
    taken_back = paper(signals=(upvotes(3, NOW), upvotes(50, NOW - timedelta(hours=1))))
    assert score(taken_back) == score(paper(signals=(upvotes(3),)))


def test_two_sources_that_count_the_same_do_not_count_twice() -> None:
    both = paper(signals=(upvotes(12, source="huggingface"), upvotes(12, source="other")))
    assert score(both) == score(paper(signals=(upvotes(12),)))


def test_stars_count_as_gained_within_the_week_not_as_owned() -> None:
    def stars(value: int, days_ago: int) -> Signal:
        return Signal(SignalKind.STARS, "github", value, NOW - timedelta(days=days_ago))

    famous = paper(signals=(stars(90_000, 20), stars(90_000, 0)))
    rising = paper(signals=(stars(10, 5), stars(60, 0)))
    assert score(famous) == score(paper())
    gained = next(part for part in rank([rising], NOW)[0].parts if part.signal == "stars")
    assert gained.value == 50


def test_stars_and_citations_share_a_weight_and_the_larger_share_counts() -> None:
    def gained(kind: SignalKind, value: int) -> tuple[Signal, Signal]:
        before = Signal(kind, "service", 0, NOW - timedelta(days=1))
        return before, Signal(kind, "service", value, NOW)

    stars, citations = gained(SignalKind.STARS, 20), gained(SignalKind.CITATIONS, 3)
    both = rank([paper(signals=(*stars, *citations))], NOW)[0]
    assert both.score == score(paper(signals=citations)) > score(paper(signals=stars))
    assert [part.signal for part in both.parts] == ["new", "citations"]
    assert score(paper(signals=(Signal(SignalKind.CITATIONS, "service", 900, NOW),))) == score(paper())


def test_ties_go_by_upvotes_then_comments_then_publication_then_id() -> None:
    long_ago = NOW - timedelta(days=365)  # every score is 0 in 9 decimals, only ties are left

    def tied(number: int, votes: int = 0, comments: int = 0, published: datetime | None = NOW) -> Paper:
        signals = (upvotes(votes), Signal(SignalKind.COMMENTS, "huggingface", comments, NOW))
        return paper(f"2603.{number:05}", first_seen_at=long_ago, published_at=published, signals=signals)

    expected = [
        tied(9, votes=2),
        tied(8, votes=1, comments=5),
        tied(7, votes=1, comments=4),
        tied(5),
        tied(6),
        tied(4, published=NOW - timedelta(days=1)),
        tied(3, published=None),
    ]
    ranked = rank(reversed(expected), NOW)
    assert {one.score for one in ranked} == {0.0}
    assert ids(ranked) == [one.id for one in expected]


def test_the_parts_name_the_signals_and_their_values() -> None:
    one = rank([paper(signals=(upvotes(6),))], NOW)[0]
    assert [(part.signal, part.value, part.points) for part in one.parts] == [
        ("new", 0, 0.05),
        ("upvotes", 6, 0.225),
    ]


@pytest.mark.corpus
def test_the_usual_number_of_upvotes_is_that_of_real_days() -> None:
    if not CORPUS.is_dir():
        pytest.skip(f"no corpus at {CORPUS}")
    votes = [
        item["paper"]["upvotes"]
        for file in CORPUS.glob("*.json.gz")
        for item in json.loads(gzip.decompress(file.read_bytes()))
    ]
    assert DEFAULT_USUAL[SignalKind.UPVOTES] == pytest.approx(median(votes), abs=2)


def test_times_in_other_zones_are_the_same_times() -> None:
    voted = paper(signals=(upvotes(5),))
    assert rank([voted], NOW.astimezone()) == rank([voted], NOW.astimezone(UTC))

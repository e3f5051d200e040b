"""Matches become one subscriber's digest."""

import pytest

from digest.compose import compose, quiet_day
from digest.domain import Interests, Match, Reason, ReasonKind, SkipReason, Topic
from tests.builders import issue, paper, subscriber

TRENDS = (Reason(ReasonKind.TRENDING, note="45 upvotes"),)


def test_nothing_matched_is_no_digest() -> None:
    assert compose(subscriber(), issue(), [], []) is None


def test_papers_keep_the_order_of_the_matches() -> None:
    matches = [Match(paper(f"2603.0000{n}"), n / 10, TRENDS) for n in (3, 1, 2)]
    digest = compose(subscriber(), issue(), matches, [], ["Hugging Face could not be read today."])
    assert digest is not None
    assert digest.papers == tuple(matches)
    assert digest.notes == ("Hugging Face could not be read today.",)


def test_a_paper_comes_once_even_if_a_new_version_matches_too() -> None:
    first = Match(paper("2603.00001", version=2), 0.9, TRENDS)
    again = Match(paper("2603.00001", version=1), 0.8, TRENDS)
    digest = compose(subscriber(), issue(), [first, again], [])
    assert digest is not None
    assert digest.papers == (first,)


def test_only_ticked_topics_are_named_in_the_subscribers_order() -> None:
    topics = [Topic(slug, slug.upper(), slug) for slug in ("llm", "rl", "vision")]
    reader = subscriber(interests=Interests(topics=("vision", "gone", "llm")))
    digest = compose(reader, issue(), [Match(paper(), 0.5, TRENDS)], topics)
    assert digest is not None
    assert [topic.slug for topic in digest.topics] == ["vision", "llm"]


@pytest.mark.parametrize(("most", "shown"), [(20, 5), (4, 3), (2, 1), (1, 0)])
def test_titles_that_trend_fill_the_room_that_is_left(most: int, shown: int) -> None:
    own, *others = (paper(f"2603.0000{n}") for n in range(1, 9))
    reader = subscriber(interests=Interests(filters=("sheep",), max_papers=most))
    digest = compose(reader, issue(), [Match(own, 0.5, TRENDS)], [], also_trending=[own, *others])
    assert digest is not None
    assert digest.also_trending == tuple(others[:shown])


def test_who_gets_what_trends_anyway_is_shown_no_titles_beside() -> None:
    digest = compose(
        subscriber(), issue(), [Match(paper(), 0.5, TRENDS)], [], also_trending=[paper("2603.00002")]
    )
    assert digest is not None
    assert digest.also_trending == ()


@pytest.mark.parametrize("reason", SkipReason)
def test_a_quiet_day_says_why(reason: SkipReason) -> None:
    reader = subscriber(interests=Interests(topics=("llm",)))
    digest = quiet_day(reader, issue(), reason, [Topic("llm", "LLM", "llm")], also_trending=[paper()])
    assert digest.papers == ()
    assert digest.also_trending == (paper(),)
    assert [topic.slug for topic in digest.topics] == ["llm"]
    assert len(digest.notes) == 1
    assert digest.notes[0].endswith(".")

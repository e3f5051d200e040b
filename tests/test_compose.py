"""Matches become one subscriber's digest."""

from digest.compose import compose
from digest.domain import Interests, Match, Reason, ReasonKind, Topic
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

"""Explains why a paper isn't selected by a filter, or for a subscriber, in words. Changes nothing.

Each reason is one that holds by itself: a paper may be too old *and* lack a word.
"""

from dataclasses import dataclass, replace
from datetime import datetime

from digest.domain import Paper, Ranked, SignalKind, Subscriber
from digest.filters import Node, normal, parse, parse_stored
from digest.filters.tree import Not, TopicRef
from digest.languages import deferred, deferred_list, ndeferred
from digest.match import Corpus, Library
from digest.pipeline.installation import Installation
from digest.pipeline.issues.candidates import CandidateSet, read_candidates, sent_to, window_of
from digest.pipeline.issues.preview import NO_READER
from digest.store import papers, session


@dataclass(frozen=True, slots=True)
class WhyNot:
    """A paper, and what keeps it out; nothing where it is in."""

    paper: Paper
    reasons: tuple[str, ...]


def of_filter(installation: Installation, text: str, ref: str, now: datetime) -> WhyNot:
    """Return why a paper isn't among those that `digest topics test` shows.

    Raises FilterError, UnknownError.
    """
    found = read_candidates(installation, now)
    tree = parse(text, topics=found.topics, no_saved=NO_READER)
    paper = _paper(installation, found, ref)
    return WhyNot(paper, (*_too_old(found, paper, now), *_alone(found, paper).why.misses(tree, paper.id)))


def of_digest(installation: Installation, subscriber: Subscriber, ref: str, now: datetime) -> WhyNot:
    """Return why a paper isn't in the digest that a subscriber would get now. Raises UnknownError."""
    found = read_candidates(installation, now, window_of(installation, subscriber, now))
    paper = _paper(installation, found, ref)
    old = _too_old(found, paper, now)
    if not old:
        sent = sent_to(installation, found, subscriber)
        if paper.id in sent:
            return WhyNot(paper, (deferred("it is in a digest that was sent, or is on its way"),))
        matches = found.corpus.one.match(subscriber.interests, sent, subscriber.saved)
        chosen = [match.paper.id for match in matches]
        if paper.id in chosen:
            return WhyNot(paper, ())
    kept_out = _unwanted(found, paper, subscriber)
    if old or kept_out:
        return WhyNot(paper, (*old, *kept_out))
    return WhyNot(paper, (_too_far_down(found, paper, subscriber, sent),))


def _paper(installation: Installation, found: CandidateSet, ref: str) -> Paper:
    with session.reading(installation.engine) as db:
        paper = papers.find(db, ref)
    return next((each.paper for each in found.ranked if each.paper.id == paper.id), paper)


def _too_old(found: CandidateSet, paper: Paper, now: datetime) -> tuple[str, ...]:
    """Why a paper isn't a candidate."""
    if any(each.paper.id == paper.id for each in found.ranked):
        return ()
    if paper.withdrawn_at:
        return (deferred("it was withdrawn: {reason}", reason=paper.withdrawal[:200]),)
    if found.since < paper.first_seen_at <= now:
        return (deferred("it is hidden, or its source hasn't announced it"),)
    seen, since = f"{paper.first_seen_at:%Y-%m-%d %H:%M}", f"{found.since:%Y-%m-%d %H:%M}"
    return (
        deferred(
            "first seen {seen} UTC: a digest now takes papers seen after {since} UTC, up to now",
            seen=seen, since=since,
        ),
    )  # fmt: skip


def _alone(found: CandidateSet, paper: Paper) -> Corpus:
    """The paper as the only one, so that one outside the window can be held against a filter too."""
    return Corpus([Ranked(paper, 0.0)], Library(found.topics.values()), likeness=found.likeness)


def _unwanted(found: CandidateSet, paper: Paper, subscriber: Subscriber) -> tuple[str, ...]:
    """What of the interests keeps the paper out."""
    alone, interests = _alone(found, paper), subscriber.interests

    def missing(tree: Node) -> tuple[str, ...]:
        return alone.why.misses(tree, paper.id, subscriber.saved)

    reasons: list[str] = [
        deferred("excluded by {filter}", filter=text)
        for text in interests.exclude
        if missing(normal(Not(_stored(text))))
    ]
    upvotes = paper.latest(SignalKind.UPVOTES)
    if upvotes < interests.min_upvotes:
        least = interests.min_upvotes
        reasons.append(
            ndeferred(
                "{number} upvote, fewer than {least}",
                "{number} upvotes, fewer than {least}",
                upvotes,
                least=least,
            )
        )
    asked: dict[str, Node] = {text: _stored(text) for text in interests.filters}
    asked |= {deferred("topic {slug}", slug=slug): TopicRef(slug) for slug in interests.topics}
    misses = {name: missing(tree) for name, tree in asked.items()}
    if misses and all(misses.values()):
        reasons += [
            deferred("{name}: {reasons}", name=name, reasons=deferred_list(lacks))
            for name, lacks in misses.items()
        ]
    return tuple(reasons)


def _stored(text: str) -> Node:
    """The tree of a stored filter, whose names were known when it was stored."""
    return parse_stored(text)


def _too_far_down(found: CandidateSet, paper: Paper, subscriber: Subscriber, sent: set[str]) -> str:
    interests = subscriber.interests
    everything = replace(interests, max_papers=len(found.ranked))
    order = [match.paper.id for match in found.corpus.one.match(everything, sent, subscriber.saved)]
    if paper.id not in order:
        return deferred("it only mentions what is asked for in passing, and such papers are left out")
    return deferred(
        "it matches, in place {place}, and the digest has {most}",
        place=order.index(paper.id) + 1, most=interests.max_papers,
    )  # fmt: skip

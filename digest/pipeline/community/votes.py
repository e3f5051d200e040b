"""Counts votes for papers: one for each subscriber and paper, taken back at any time, by a published rule.

A vote weighs 1; 0.25 in its subscriber's first seven days, and all of those on one paper at most 5 together.
A subscriber votes for at most 20 papers a day. Of one network (an IPv4 /24, an IPv6 /64) at most 10 votes a
day on one paper weigh; further ones are kept, shown, and weigh nothing. The weight in whole votes, rounded
down, is the signal `votes` of the trend; cards show the people.
"""

from dataclasses import dataclass
from datetime import datetime

from digest.domain import Paper
from digest.pipeline.community.ballots import MOST_TURNS, NEW_FOR, PER_DAY, PER_NETWORK, Ballot, box_of
from digest.pipeline.installation import Installation
from digest.store import papers, session
from digest.store.community import saved, votes
from digest.store.community.votes import NEW_TOGETHER, VOTERS, Count

__all__ = [
    "MOST_TURNS",
    "NEW_FOR",
    "NEW_TOGETHER",
    "PER_DAY",
    "PER_NETWORK",
    "VOTERS",
    "Count",
    "Marks",
    "marks",
]


@dataclass(frozen=True, slots=True)
class Marks:
    """What a subscriber did with papers, by canonical ids."""

    voted: frozenset[str] = frozenset()
    saved: frozenset[str] = frozenset()


def marks(installation: Installation, number: int) -> Marks:
    """Return the papers that a subscriber voted for, and those that they saved."""
    with session.reading(installation.engine) as db:
        voted, kept = set(votes.votes_of(db, number)), set(saved.saved_by(db, number))
        names = papers.canonical_ids(db, voted | kept)
    return Marks(*(frozenset(names[pk] for pk in pks if pk in names) for pks in (voted, kept)))


def paper(installation: Installation, ref: str) -> Paper:
    """Find the paper of this id. Raises UnknownError."""
    with session.reading(installation.engine) as db:
        return papers.find(db, ref)


def has_voted(installation: Installation, number: int, voted: Paper) -> bool:
    """Tell whether a subscriber's vote for a paper counts now."""
    with session.reading(installation.engine) as db:
        return voted.pk in votes.votes_of(db, number)


def vote(
    installation: Installation, number: int, voted: Paper, now: datetime, *, back: bool = False
) -> Count:
    """Vote for a paper, once, or take the vote back; returns what the paper has then.

    Raises RefusedError where the subscriber voted for as many papers today as anybody may.
    """
    ballot = Ballot(number, voted, installation.actor, now, back=back)
    return box_of(installation.engine).put(installation.engine, ballot)


def voted_papers(installation: Installation, number: int, now: datetime) -> list[Paper]:
    """Return the papers that a subscriber voted for, newest first."""
    with session.reading(installation.engine) as db:
        pks = list(votes.votes_of(db, number))[::-1]
        found = papers.by_pks(db, pks, until=now)
    return [found[pk] for pk in pks if pk in found]

"""Counts votes for papers: one for each subscriber and paper, taken back at any time."""

from datetime import datetime

from digest.domain import Paper, SignalKind
from digest.pipeline.installation import Installation
from digest.store import papers, session
from digest.store.community import audit, votes
from digest.store.papers import signals
from digest.store.subscriptions import subscribers

VOTERS = "votes"  # the source under which our own votes are observed


def paper(installation: Installation, ref: str) -> Paper:
    """Find the paper of this id. Raises UnknownError."""
    with session.reading(installation.engine) as db:
        return papers.find(db, ref)


def has_voted(installation: Installation, number: int, voted: Paper) -> bool:
    """Tell whether a subscriber's vote for a paper counts now."""
    with session.reading(installation.engine) as db:
        return voted.pk in votes.votes_of(db, number)


def vote(installation: Installation, number: int, voted: Paper, now: datetime, *, back: bool = False) -> None:
    """Vote for a paper, once, or take the vote back; the sum is a signal of the paper."""
    with session.transaction(installation.engine) as db:
        if number not in subscribers.by_ids(db, [number]):
            return
        turn = votes.take_back(db, number, voted.pk) if back else votes.vote(db, number, voted.pk, now)
        if turn:
            state = {"subscriber": number}
            act, before, after = ("paper.unvote", state, None) if back else ("paper.vote", None, state)
            audit.record(db, installation.actor, act, f"paper:{voted.id}", before, after, now=now)
            count = votes.votes_for(db, voted.pk)
            signals.observe(db, VOTERS, [signals.Observation(voted.pk, SignalKind.VOTES, count, now)])


def voted_papers(installation: Installation, number: int, now: datetime) -> list[Paper]:
    """Return the papers that a subscriber voted for, newest first."""
    with session.reading(installation.engine) as db:
        pks = list(votes.votes_of(db, number))[::-1]
        found = papers.by_pks(db, pks, until=now)
    return [found[pk] for pk in pks if pk in found]

"""Counts votes for papers: one for each subscriber and paper, taken back at any time, by a published rule.

A vote weighs 1; 0.25 in its subscriber's first seven days, and all of those on one paper at most 5 together.
A subscriber votes for at most 20 papers a day. Of one network (an IPv4 /24, an IPv6 /64) at most 10 votes a
day on one paper weigh; further ones are kept, shown, and weigh nothing. The weight in whole votes, rounded
down, is the signal `votes` of the trend; cards show the people.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from digest.domain import Paper, Subscriber
from digest.errors import RefusedError
from digest.languages import deferred
from digest.pipeline.installation import Installation
from digest.store import papers, session
from digest.store.community import audit, saved, votes
from digest.store.community.votes import NEW_TOGETHER, NOTHING, QUARTER, VOTERS, WHOLE, Count
from digest.store.session import Session
from digest.store.subscriptions import subscribers

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

NEW_FOR = timedelta(days=7)
PER_DAY = 20  # papers that a subscriber votes for within a day
PER_NETWORK = 10  # votes on one paper within a day that weigh
MOST_TURNS = 20  # times that somebody votes for one paper again within a day
_DAY = timedelta(days=1)


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
    with session.transaction(installation.engine) as db:
        votes.lock(db, number, voted.pk)
        voter = subscribers.by_ids(db, [number]).get(number)
        if voter is None:
            return votes.count(db, voted.pk)
        before = votes.state(db, number, voted.pk)
        if back:
            votes.take_back(db, number, voted.pk, now)
        else:
            _vote(db, voter, voted, installation.actor.network, now)
        after = votes.state(db, number, voted.pk)
        act = "paper.unvote" if back else "paper.vote"
        if audit.record(db, installation.actor, act, f"paper:{voted.id}", before, after, now=now) is None:
            return votes.count(db, voted.pk)
        return votes.observe(db, voted.pk, now)


def voted_papers(installation: Installation, number: int, now: datetime) -> list[Paper]:
    """Return the papers that a subscriber voted for, newest first."""
    with session.reading(installation.engine) as db:
        pks = list(votes.votes_of(db, number))[::-1]
        found = papers.by_pks(db, pks, until=now)
    return [found[pk] for pk in pks if pk in found]


def _vote(db: Session, voter: Subscriber, voted: Paper, network: str, now: datetime) -> None:
    before = votes.state(db, voter.id, voted.pk)
    if before and before["withdrawn_at"] is None:
        return
    since = now - _DAY
    if votes.votes_since(db, voter.id, since, but=voted.pk) >= PER_DAY:
        message = deferred("you voted for {most} papers within a day", most=PER_DAY)
        raise RefusedError(message, fix=deferred("vote again tomorrow"))
    if before and before["turns"] >= MOST_TURNS and datetime.fromisoformat(before["at"]) > since:
        message = deferred("you changed your vote for this paper very often")
        raise RefusedError(message, fix=deferred("vote again tomorrow"))
    is_new = now < (voter.confirmed_at or voter.created_at) + NEW_FOR
    is_over = bool(network) and (votes.of_network(db, voted.pk, network, since, but=voter.id) >= PER_NETWORK)
    quarters = NOTHING if is_over else QUARTER if is_new else WHOLE
    votes.vote(db, voter.id, voted.pk, quarters=quarters, is_new=is_new, network=network, now=now)

"""Counts votes that come in at the same time in one transaction, so that a storm of them is answered soon.

A transaction costs SQLite some milliseconds of waiting for the disk, whatever it holds, and only one is under
way; votes that come meanwhile wait and share the next. In: ballots, from any threads. Out: what became of
each: what its paper has then, or why it was refused. One that raises what nobody foresaw fails alone.
"""

import threading
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from weakref import WeakKeyDictionary

from digest.domain import Actor, Paper
from digest.errors import RefusedError
from digest.languages import deferred
from digest.store import session
from digest.store.community import audit, votes
from digest.store.community.votes import NOTHING, QUARTER, WHOLE, Count, Key, Vote
from digest.store.session import UNAVAILABLE, Engine, Session
from digest.store.subscriptions import subscribers

NEW_FOR = timedelta(days=7)
PER_DAY = 20  # papers that a subscriber votes for within a day
PER_NETWORK = 10  # votes on one paper within a day that weigh
MOST_TURNS = 20  # times that somebody votes for one paper again within a day
MOST_TOGETHER = 200  # ballots in one transaction
_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Ballot:
    """What a subscriber wants: to vote for a paper, or to take the vote `back`."""

    subscriber_id: int
    paper: Paper
    actor: Actor
    at: datetime
    back: bool = False

    @property
    def key(self) -> Key:
        """Whose vote for what it is."""
        return self.subscriber_id, self.paper.pk


Outcome = Count | RefusedError


def cast(db: Session, ballots: Sequence[Ballot]) -> list[Outcome]:
    """Count ballots in their order; return for each what its paper has after all of them, or the refusal."""
    votes.lock(db, [ballot.key for ballot in ballots])
    known = _Known(db, ballots)
    refused: dict[int, RefusedError] = {}
    acts: list[audit.Act] = []
    for place, ballot in enumerate(ballots):
        before = known.votes.get(ballot.key)
        try:
            after = known.decide(ballot, before)
        except RefusedError as error:
            refused[place] = error
            continue
        if after is not None and after != before:
            known.note(ballot, after)
            act, where = "paper.unvote" if ballot.back else "paper.vote", f"paper:{ballot.paper.id}"
            was = before.as_state() if before else None
            acts.append(audit.Act(ballot.actor, act, where, was, after.as_state(), ballot.at))
    votes.save(db, known.changed)
    audit.record_all(db, acts)
    changed = {paper for _, paper in known.changed}
    latest = max(ballot.at for ballot in ballots)
    counts = {
        paper: votes.observe(db, paper, latest) if paper in changed else votes.count(db, paper)
        for paper in sorted({ballot.paper.pk for ballot in ballots})
    }
    return [refused.get(place) or counts[ballot.paper.pk] for place, ballot in enumerate(ballots)]


class _Known:
    """What is kept of the votes, people and networks of some ballots, and what the ballots change of it."""

    def __init__(self, db: Session, ballots: Sequence[Ballot]) -> None:
        ids = {ballot.subscriber_id for ballot in ballots}
        day_ago = min(ballot.at for ballot in ballots) - _DAY
        self.joined: Mapping[int, datetime] = subscribers.joined_at(db, ids)
        self.votes = votes.votes(db, {ballot.key for ballot in ballots})
        self.changed: dict[Key, Vote] = {}
        self.recent: dict[int, dict[int, datetime]] = defaultdict(dict)
        for (subscriber, paper), at in votes.since(db, ids, day_ago).items():
            self.recent[subscriber][paper] = at
        places = {(b.paper.pk, b.actor.network) for b in ballots if b.actor.network and not b.back}
        self.networks = votes.weighing(db, places, day_ago)

    def decide(self, ballot: Ballot, before: Vote | None) -> Vote | None:
        """Return the vote as the ballot leaves it. Raises RefusedError."""
        if ballot.subscriber_id not in self.joined:
            return before
        if ballot.back:
            return replace(before, withdrawn_at=ballot.at) if before and before.stands else before
        if before and before.stands:
            return before
        day_ago = ballot.at - _DAY
        others = (at for paper, at in self.recent[ballot.subscriber_id].items() if paper != ballot.paper.pk)
        if _count_after(day_ago, others) >= PER_DAY:
            message = deferred("you voted for {most} papers within a day", most=PER_DAY)
            raise RefusedError(message, fix=_TOMORROW)
        if before and before.turns >= MOST_TURNS and before.at > day_ago:
            raise RefusedError(deferred("you changed your vote for this paper very often"), fix=_TOMORROW)
        near = self.networks.get((ballot.paper.pk, ballot.actor.network), {})
        over = _count_after(day_ago, (at for who, at in near.items() if who != ballot.subscriber_id))
        is_new = ballot.at < self.joined[ballot.subscriber_id] + NEW_FOR
        return Vote(
            at=ballot.at,
            withdrawn_at=None,
            quarters=NOTHING if over >= PER_NETWORK else QUARTER if is_new else WHOLE,
            is_new=is_new,
            network=ballot.actor.network,
            turns=before.turns + 1 if before else 1,
        )

    def note(self, ballot: Ballot, after: Vote) -> None:
        """Know what a ballot changed, for those that follow."""
        old = self.votes.get(ballot.key)
        self.votes[ballot.key] = self.changed[ballot.key] = after
        if old and (near := self.networks.get((ballot.paper.pk, old.network))):
            near.pop(ballot.subscriber_id, None)
        if after.stands:
            self.recent[ballot.subscriber_id][ballot.paper.pk] = after.at
        near = self.networks.get((ballot.paper.pk, after.network))
        if near is not None and after.stands and after.quarters:
            near[ballot.subscriber_id] = after.at


_TOMORROW = deferred("vote again tomorrow")


def _count_after(moment: datetime, times: Iterable[datetime]) -> int:
    return sum(at > moment for at in times)


class _Waiting:
    """A ballot that waits to be counted, and what came of it."""

    def __init__(self, ballot: Ballot) -> None:
        self.ballot = ballot
        self.outcome: Outcome | None = None
        self.error: Exception | None = None

    @property
    def is_done(self) -> bool:
        return self.outcome is not None or self.error is not None


class BallotBox:
    """Takes the ballots of all threads for one database. Safe to use from many threads."""

    def __init__(self) -> None:
        self._turn = threading.Condition()
        self._waiting: list[_Waiting] = []
        self._is_busy = False

    def put(self, engine: Engine, ballot: Ballot) -> Count:
        """Count a ballot with those that wait meanwhile; return what its paper has then.

        Raises RefusedError, and what the database raises when it can't be used.
        """
        mine = _Waiting(ballot)
        with self._turn:
            self._waiting.append(mine)
        while not mine.is_done:
            with self._turn:
                self._turn.wait_for(lambda: mine.is_done or not self._is_busy)
                if mine.is_done:
                    break
                self._is_busy = True
                together, self._waiting = self._waiting[:MOST_TOGETHER], self._waiting[MOST_TOGETHER:]
            try:
                _count(engine, together)
            finally:
                for each in together:
                    if not each.is_done:  # this thread was stopped in the midst of it
                        each.error = RuntimeError("the votes were not counted")
                with self._turn:
                    self._is_busy = False
                    self._turn.notify_all()
        if mine.error is not None:
            raise mine.error
        if isinstance(mine.outcome, RefusedError):
            raise mine.outcome
        assert mine.outcome is not None  # noqa: S101 - one of the two is there
        return mine.outcome


_boxes: WeakKeyDictionary[Engine, BallotBox] = WeakKeyDictionary()
_boxes_lock = threading.Lock()


def box_of(engine: Engine) -> BallotBox:
    """Return the box of a database, the same for all threads of this process."""
    with _boxes_lock:
        return _boxes.setdefault(engine, BallotBox())


def _count(engine: Engine, together: Sequence[_Waiting]) -> None:
    """Count ballots in one transaction; each alone where that fails for a reason that nobody foresaw."""
    try:
        with session.transaction(engine) as db:
            outcomes = cast(db, [each.ballot for each in together])
    except UNAVAILABLE as error:
        for each in together:
            each.error = error
    except Exception as error:  # one of them is at fault, and the others aren't
        if len(together) == 1:
            together[0].error = error
            return
        for each in together:
            _count(engine, [each])
    else:
        for each, outcome in zip(together, outcomes, strict=True):
            each.outcome = outcome

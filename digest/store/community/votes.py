"""Keeps votes: one for each subscriber and paper, taken back at any time, and counted exactly under races.

A vote weighs a whole, a quarter where its subscriber is new, or nothing where its network had enough on that
paper; weights are kept in quarters, so that sums are exact. What a paper has is two signals of the source
`votes`: the people (`voters`), and the weight in whole votes (`votes`). Callers hold the locks of `lock`.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, delete, func, select, tuple_, update
from sqlalchemy.orm import Session

from digest.domain import SignalKind
from digest.store.community.tables.votes import VoteRow
from digest.store.papers.tables.signals import SignalRow
from digest.store.session import chunks, insert, is_among, serialise, write

VOTERS = "votes"  # the source under which our own votes are observed
WHOLE, QUARTER, NOTHING = 4, 1, 0  # weights, in quarters
NEW_TOGETHER = 5  # votes: what those of all new subscribers on one paper weigh together at most
_HOUR = timedelta(hours=1)
_FIELDS = ("at", "withdrawn_at", "quarters", "is_new", "network", "turns")
_VOTE = (VoteRow.subscriber_id, VoteRow.paper_id, *(getattr(VoteRow, name) for name in _FIELDS))


@dataclass(frozen=True, slots=True)
class Count:
    """What a paper has: the people who vote for it, and what their votes weigh, in quarters of a vote."""

    people: int
    quarters: int

    @property
    def weight(self) -> float:
        """What the votes weigh: 0.5 for two of new subscribers."""
        return self.quarters / WHOLE

    @property
    def whole(self) -> int:
        """The weight in whole votes, rounded down, as trends count it."""
        return self.quarters // WHOLE


@dataclass(frozen=True, slots=True)
class Vote:
    """What is kept of a subscriber's vote for a paper. `turns`: how often they voted for it."""

    at: datetime
    withdrawn_at: datetime | None
    quarters: int
    is_new: bool
    network: str
    turns: int

    @property
    def stands(self) -> bool:
        """Whether it wasn't taken back."""
        return self.withdrawn_at is None

    def as_state(self) -> dict[str, Any]:
        """Return the vote as the audit keeps it."""
        return {
            "at": self.at.isoformat(),
            "withdrawn_at": self.withdrawn_at.isoformat() if self.withdrawn_at else None,
            "quarters": self.quarters,
            "is_new": self.is_new,
            "network": self.network,
            "turns": self.turns,
        }


Key = tuple[int, int]  # a subscriber, and a paper (`Paper.pk`)


def lock(session: Session, keys: Iterable[Key]) -> None:
    """Let one vote of each of these subscribers, and one on each of these papers, be counted at a time."""
    names = {f"votes {what} {number}" for key in keys for what, number in zip(("of", "on"), key, strict=True)}
    serialise(session, *names)


def votes(session: Session, keys: Collection[Key]) -> dict[Key, Vote]:
    """Return the votes of these subscribers for these papers, also those that were taken back."""
    found: dict[Key, Vote] = {}
    for chunk in chunks(keys):
        rows = select(*_VOTE).where(tuple_(VoteRow.subscriber_id, VoteRow.paper_id).in_(chunk))
        found |= {(subscriber, paper): Vote(*vote) for subscriber, paper, *vote in session.execute(rows)}
    return found


def since(session: Session, subscriber_ids: Collection[int], moment: datetime) -> dict[Key, datetime]:
    """Return when these subscribers voted after a moment, taken back or not."""
    found: dict[Key, datetime] = {}
    for chunk in chunks(subscriber_ids):
        rows = select(VoteRow.subscriber_id, VoteRow.paper_id, VoteRow.at).where(
            VoteRow.subscriber_id.in_(chunk), VoteRow.at > moment
        )
        found |= {(subscriber, paper): at for subscriber, paper, at in session.execute(rows)}
    return found


def weighing(
    session: Session, places: Collection[tuple[int, str]], moment: datetime
) -> dict[tuple[int, str], dict[int, datetime]]:
    """Return who votes for a paper (`Paper.pk`) from a network since a moment with any weight, and when.

    `places`: papers with networks.
    """
    found: dict[tuple[int, str], dict[int, datetime]] = {place: {} for place in places}
    for chunk in chunks(places):
        rows = select(VoteRow.paper_id, VoteRow.network, VoteRow.subscriber_id, VoteRow.at).where(
            tuple_(VoteRow.paper_id, VoteRow.network).in_(chunk),
            VoteRow.at > moment,
            VoteRow.quarters > 0,
            _stands(),
        )
        for paper, network, subscriber, at in session.execute(rows):
            found[paper, network][subscriber] = at
    return found


def save(session: Session, kept: Mapping[Key, Vote]) -> None:
    """Keep votes as they are now."""
    row = insert(session, VoteRow)
    changed = {name: getattr(row.excluded, name) for name in _FIELDS}
    again = row.on_conflict_do_update(index_elements=["subscriber_id", "paper_id"], set_=changed)
    write(
        session,
        again,
        [
            {"subscriber_id": subscriber, "paper_id": paper} | {name: getattr(vote, name) for name in _FIELDS}
            for (subscriber, paper), vote in kept.items()
        ],
    )


def state(session: Session, subscriber_id: int, paper_id: int) -> dict[str, Any] | None:
    """Return a vote as the audit keeps it; None where there never was one."""
    key = subscriber_id, paper_id
    kept = votes(session, [key]).get(key)
    return kept.as_state() if kept else None


def restore(session: Session, subscriber_id: int, paper_id: int, kept: Mapping[str, Any] | None) -> None:
    """Put a vote back as `state` found it; None: there was none."""
    mine = (VoteRow.subscriber_id == subscriber_id, VoteRow.paper_id == paper_id)
    if kept is None:
        session.execute(delete(VoteRow).where(*mine))
        return
    values = {
        name: datetime.fromisoformat(value) if name in {"at", "withdrawn_at"} and value else value
        for name, value in kept.items()
    }
    session.execute(update(VoteRow).where(*mine).values(**values))


def count(session: Session, paper_id: int) -> Count:
    """Count the votes for a paper (`Paper.pk`)."""
    weights = func.coalesce(func.sum(VoteRow.quarters), 0)
    rows = select(VoteRow.is_new, func.count(), weights).where(VoteRow.paper_id == paper_id, _stands())
    people = quarters = 0
    for is_new, number, weight in session.execute(rows.group_by(VoteRow.is_new)):
        people += number
        quarters += min(int(weight), NEW_TOGETHER * WHOLE) if is_new else int(weight)
    return Count(people, quarters)


def observe(session: Session, paper_id: int, now: datetime) -> Count:
    """Write what a paper has now down as its signals; within an hour the last value is replaced."""
    counted = count(session, paper_id)
    for kind, value in ((SignalKind.VOTERS, counted.people), (SignalKind.VOTES, counted.whole)):
        signal = (SignalRow.paper_id == paper_id, SignalRow.source == VOTERS, SignalRow.kind == kind)
        last = session.scalar(select(func.max(SignalRow.observed_at)).where(*signal))
        if last is not None and last > now - _HOUR:
            same = update(SignalRow).where(*signal, SignalRow.observed_at == last)
            session.execute(same.values(value=value))
            continue
        row = {"paper_id": paper_id, "source": VOTERS, "kind": kind, "observed_at": now, "value": value}
        session.execute(insert(session, SignalRow).values(**row))
    return counted


def votes_of(session: Session, subscriber_id: int) -> Mapping[int, datetime]:
    """Return when this subscriber voted for each paper (`Paper.pk`), of the votes that stand."""
    rows = select(VoteRow.paper_id, VoteRow.at).where(VoteRow.subscriber_id == subscriber_id, _stands())
    return dict(session.execute(rows.order_by(VoteRow.at)).all())


def papers_of(session: Session, subscriber_ids: Collection[int]) -> set[int]:
    """Return the papers (`Paper.pk`) with a vote of any of these subscribers that stands."""
    theirs = is_among(session, VoteRow.subscriber_id, subscriber_ids)
    return set(session.scalars(select(VoteRow.paper_id).where(theirs, _stands())))


def withdrawn_of(session: Session, subscriber_id: int) -> Mapping[int, datetime]:
    """Return when this subscriber took their vote for a paper (`Paper.pk`) back."""
    rows = select(VoteRow.paper_id, VoteRow.withdrawn_at).where(
        VoteRow.subscriber_id == subscriber_id, VoteRow.withdrawn_at.is_not(None)
    )
    return {paper_id: at for paper_id, at in session.execute(rows) if at}


def observe_all(session: Session, paper_ids: Iterable[int], now: datetime) -> None:
    """Count several papers (`Paper.pk`) anew, after the votes of somebody went with them."""
    numbers = sorted(paper_ids)
    serialise(session, *(f"votes on {number}" for number in numbers))
    for number in numbers:
        observe(session, number, now)


def _stands() -> ColumnElement[bool]:
    return VoteRow.withdrawn_at.is_(None)

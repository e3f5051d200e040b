"""Keeps votes: one for each subscriber and paper, taken back at any time, and counted exactly under races.

A vote weighs a whole, a quarter where its subscriber is new, or nothing where its network had enough on that
paper; weights are kept in quarters, so that sums are exact. What a paper has is two signals of the source
`votes`: the people (`voters`), and the weight in whole votes (`votes`). Callers hold the locks of `lock`.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, delete, func, select, update
from sqlalchemy.orm import Session

from digest.domain import SignalKind
from digest.store.community.tables import VoteRow
from digest.store.papers.tables import SignalRow
from digest.store.session import insert, serialise

VOTERS = "votes"  # the source under which our own votes are observed
WHOLE, QUARTER, NOTHING = 4, 1, 0  # weights, in quarters
NEW_TOGETHER = 5  # votes: what those of all new subscribers on one paper weigh together at most
_HOUR = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Count:
    """What a paper has: the people who vote for it, and what their votes weigh in whole votes."""

    people: int
    weight: int


def lock(session: Session, subscriber_id: int, paper_id: int) -> None:
    """Let one vote of a subscriber, and one on a paper (`Paper.pk`), be counted at a time."""
    serialise(session, f"votes of {subscriber_id}")
    serialise(session, f"votes on {paper_id}")


def state(session: Session, subscriber_id: int, paper_id: int) -> dict[str, Any] | None:
    """Return a vote as the audit keeps it; None where there never was one."""
    row = session.get(VoteRow, (subscriber_id, paper_id), populate_existing=True)
    if row is None:
        return None
    return {
        "at": row.at.isoformat(),
        "withdrawn_at": row.withdrawn_at.isoformat() if row.withdrawn_at else None,
        "quarters": row.quarters,
        "is_new": row.is_new,
        "network": row.network,
        "turns": row.turns,
    }


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


def vote(
    session: Session,
    subscriber_id: int,
    paper_id: int,
    *,
    quarters: int,
    is_new: bool,
    network: str,
    now: datetime,
) -> bool:
    """Vote for a paper (`Paper.pk`); False where their vote counts already."""
    values = {"at": now, "quarters": quarters, "is_new": is_new, "network": network}
    row = insert(session, VoteRow).values(
        subscriber_id=subscriber_id, paper_id=paper_id, turns=1, withdrawn_at=None, **values
    )
    again = row.on_conflict_do_update(
        index_elements=["subscriber_id", "paper_id"],
        set_={**values, "withdrawn_at": None, "turns": VoteRow.turns + 1},
        where=VoteRow.withdrawn_at.is_not(None),
    )
    return session.scalar(again.returning(VoteRow.paper_id)) is not None


def take_back(session: Session, subscriber_id: int, paper_id: int, now: datetime) -> bool:
    """Take a vote back; its row stays with the time. False where there was none."""
    mine = update(VoteRow).where(
        VoteRow.subscriber_id == subscriber_id, VoteRow.paper_id == paper_id, _stands()
    )
    return session.scalar(mine.values(withdrawn_at=now).returning(VoteRow.paper_id)) is not None


def count(session: Session, paper_id: int) -> Count:
    """Count the votes for a paper (`Paper.pk`)."""
    weights = func.coalesce(func.sum(VoteRow.quarters), 0)
    rows = select(VoteRow.is_new, func.count(), weights).where(VoteRow.paper_id == paper_id, _stands())
    people = quarters = 0
    for is_new, number, weight in session.execute(rows.group_by(VoteRow.is_new)):
        people += number
        quarters += min(int(weight), NEW_TOGETHER * WHOLE) if is_new else int(weight)
    return Count(people, quarters // WHOLE)


def observe(session: Session, paper_id: int, now: datetime) -> Count:
    """Write what a paper has now down as its signals; within an hour the last value is replaced."""
    counted = count(session, paper_id)
    for kind, value in ((SignalKind.VOTERS, counted.people), (SignalKind.VOTES, counted.weight)):
        signal = (SignalRow.paper_id == paper_id, SignalRow.source == VOTERS, SignalRow.kind == kind)
        last = session.scalar(select(func.max(SignalRow.observed_at)).where(*signal))
        if last is not None and last > now - _HOUR:
            same = update(SignalRow).where(*signal, SignalRow.observed_at == last)
            session.execute(same.values(value=value))
            continue
        row = {"paper_id": paper_id, "source": VOTERS, "kind": kind, "observed_at": now, "value": value}
        session.execute(insert(session, SignalRow).values(**row))
    return counted


def votes_since(session: Session, subscriber_id: int, since: datetime, *, but: int) -> int:
    """Count the papers that a subscriber voted for since a time, taken back or not, without one of them."""
    rows = select(func.count()).where(
        VoteRow.subscriber_id == subscriber_id, VoteRow.at > since, VoteRow.paper_id != but
    )
    return session.scalar(rows) or 0


def of_network(session: Session, paper_id: int, network: str, since: datetime, *, but: int) -> int:
    """Count the votes for a paper from one network since a time that weigh, without one subscriber's."""
    rows = select(func.count()).where(
        VoteRow.paper_id == paper_id,
        VoteRow.network == network,
        VoteRow.at > since,
        VoteRow.quarters > 0,
        VoteRow.subscriber_id != but,
        _stands(),
    )
    return session.scalar(rows) or 0


def votes_of(session: Session, subscriber_id: int) -> Mapping[int, datetime]:
    """Return when this subscriber voted for each paper (`Paper.pk`), of the votes that stand."""
    rows = select(VoteRow.paper_id, VoteRow.at).where(VoteRow.subscriber_id == subscriber_id, _stands())
    return dict(session.execute(rows.order_by(VoteRow.at)).all())


def withdrawn_of(session: Session, subscriber_id: int) -> Mapping[int, datetime]:
    """Return when this subscriber took their vote for a paper (`Paper.pk`) back."""
    rows = select(VoteRow.paper_id, VoteRow.withdrawn_at).where(
        VoteRow.subscriber_id == subscriber_id, VoteRow.withdrawn_at.is_not(None)
    )
    return {paper_id: at for paper_id, at in session.execute(rows) if at}


def observe_all(session: Session, paper_ids: Iterable[int], now: datetime) -> None:
    """Count several papers (`Paper.pk`) anew, after the votes of somebody went with them."""
    for paper_id in sorted(paper_ids):
        serialise(session, f"votes on {paper_id}")
        observe(session, paper_id, now)


def _stands() -> ColumnElement[bool]:
    return VoteRow.withdrawn_at.is_(None)

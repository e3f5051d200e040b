"""Counts for the operator: who joined and left, what was sent, votes, and readers of topics, day by day.

Days are UTC's, except of deliveries: each has its subscriber's own date. Counted by the database.
"""

from collections import Counter, defaultdict
from collections.abc import Collection
from datetime import date, datetime
from typing import Any

from sqlalchemy import String, func, select, type_coerce
from sqlalchemy.orm import InstrumentedAttribute, Session
from sqlalchemy.sql.elements import ColumnElement

from digest.domain import DeliveryState, SubscriberStatus
from digest.store.community.tables.votes import VoteRow
from digest.store.deliveries.tables.deliveries import DeliveryRow
from digest.store.deliveries.tables.issues import IssueRow
from digest.store.readable import readable, texts
from digest.store.subscriptions.tables.subscribers import SubscriberRow
from digest.store.subscriptions.tables.suppressions import SuppressionRow

ERASED = "erased"  # the reason of suppressions that an erasure leaves


def by_status(session: Session) -> dict[SubscriberStatus, int]:
    """Return how many subscribers there are of each status, now."""
    rows = session.execute(select(SubscriberRow.status, func.count()).group_by(SubscriberRow.status))
    found = dict(rows.all())
    return {status: found.get(status, 0) for status in SubscriberStatus}


def joined(session: Session, since: datetime, until: datetime) -> Counter[date]:
    """Return how many subscribers confirmed on each day of [since, until)."""
    return _by_day(session, SubscriberRow.confirmed_at, since, until)


def left(session: Session, since: datetime, until: datetime) -> Counter[date]:
    """Return how many unsubscribed, were suppressed or were erased on each day of [since, until)."""
    erased = _by_day(session, SuppressionRow.at, since, until, SuppressionRow.reason == ERASED)
    return _by_day(session, SubscriberRow.left_at, since, until) + erased


def votes(session: Session, since: datetime, until: datetime) -> Counter[date]:
    """Return how many votes were cast on each day of [since, until)."""
    return _by_day(session, VoteRow.at, since, until)


def issues(session: Session, first: date, last: date) -> int:
    """Return how many issues were opened for these dates."""
    wanted = select(func.count()).select_from(IssueRow).where(IssueRow.date.between(first, last))
    return session.scalar(wanted) or 0


def deliveries(
    session: Session, first: date, last: date, *, states: Collection[DeliveryState] = ()
) -> dict[date, Counter[DeliveryState]]:
    """Return how many deliveries of each date are in each state, or in each of these."""
    # Counted by issue, so that an index holds all that is read; the date is the issue's.
    of = select(IssueRow.id, IssueRow.date).where(IssueRow.date.between(first, last))
    days = dict(session.execute(of).all())
    counted = (
        select(DeliveryRow.issue_id, DeliveryRow.state, func.count())
        .where(DeliveryRow.issue_id.in_(select(of.subquery().c.id)))
        .group_by(DeliveryRow.issue_id, DeliveryRow.state)
    )
    if states:
        counted = counted.where(DeliveryRow.state.in_(states))
    found: dict[date, Counter[DeliveryState]] = defaultdict(Counter)
    rows = readable(
        session.execute(counted),
        lambda row: (days[row[0]], DeliveryState(row[1]), row[2]),
        lambda row: f"deliveries of issue {row[0]} in state {row[1]}",
    )
    for day, state, count in rows:
        found[day][state] += count
    return dict(found)


def topic_readers(session: Session, *, everybody: bool = False) -> Counter[str]:
    """Return how many active subscribers, or how many of everybody, have each topic, by slug."""
    ticked = SubscriberRow.interests["topics"]
    # The same few lists again and again: each distinct one is read once.
    chosen = select(ticked, func.count())
    if not everybody:
        chosen = chosen.where(SubscriberRow.status == SubscriberStatus.ACTIVE)
    if session.get_bind().dialect.name == "sqlite":  # where a text that is no JSON would end the statement
        chosen = chosen.where(func.json_valid(type_coerce(SubscriberRow.interests, String)))
    found: Counter[str] = Counter()
    rows = readable(
        session.execute(chosen.group_by(ticked)),
        lambda row: (texts(row[0] or []), row[1]),
        lambda row: f"topics {row[0]!r} of subscribers",
    )
    for slugs, count in rows:
        for slug in slugs:
            found[slug] += count
    return found


def _by_day(
    session: Session,
    moment: InstrumentedAttribute[Any],
    since: datetime,
    until: datetime,
    *conditions: ColumnElement[bool],
) -> Counter[date]:
    is_postgres = session.get_bind().dialect.name == "postgresql"
    day = func.date(func.timezone("UTC", moment) if is_postgres else moment, type_=String)
    counted = select(day, func.count()).where(moment >= since, moment < until, *conditions)
    rows = session.execute(counted.group_by(day)).all()
    return Counter({date.fromisoformat(str(each)): count for each, count in rows})

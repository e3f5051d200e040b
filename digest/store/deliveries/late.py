"""What isn't out though it was due: messages that wait, and subscribers whose issue wasn't even opened."""

from datetime import date, datetime
from typing import NamedTuple

from sqlalchemy import func, or_, select, text
from sqlalchemy.orm import Session

from digest.domain import DeliveryState, SubscriberStatus
from digest.store.deliveries.tables.deliveries import WAITING, DeliveryRow
from digest.store.deliveries.tables.issues import IssueRow
from digest.store.subscriptions.tables.subscribers import SubscriberRow


class Late(NamedTuple):
    """Of a local date: since when something is due, for how many subscribers, and a reply that one got."""

    date: date
    due_at: datetime
    people: int
    reply: str = ""


def waiting(session: Session, *, due_before: datetime, now: datetime) -> list[Late]:
    """Return queued messages of issues that were due before a time, by date.

    One that waits for its domain's turn doesn't count: it goes as the limits of the operator allow.
    """
    its_turn = or_(DeliveryRow.next_attempt_at <= now, DeliveryRow.reply != "")
    rows = (
        select(IssueRow.date, func.min(IssueRow.due_at), func.count(), func.max(DeliveryRow.reply))
        .join(DeliveryRow, DeliveryRow.issue_id == IssueRow.id)
        .where(
            text(WAITING), DeliveryRow.state == DeliveryState.QUEUED, IssueRow.due_at < due_before, its_turn
        )
        .group_by(IssueRow.date)
        .order_by(IssueRow.date)
    )
    return [Late(*row) for row in session.execute(rows)]


def unopened(session: Session, *, due_before: datetime) -> list[Late]:
    """Return active subscribers who were due before a time and have no row of the ledger yet, by date."""
    at, day = SubscriberRow.next_due_at, SubscriberRow.next_due_on
    rows = (
        select(day, func.min(at), func.count())
        .where(SubscriberRow.status == SubscriberStatus.ACTIVE, at < due_before, day.is_not(None))
        .group_by(day)
        .order_by(day)
    )
    return [Late(on, since, people) for on, since, people in session.execute(rows) if on and since]


def states_on(session: Session, day: date) -> dict[DeliveryState, int]:
    """Return how many deliveries of the issues of a date are in each state, where there is any."""
    rows = (
        select(DeliveryRow.state, func.count())
        .join(IssueRow, IssueRow.id == DeliveryRow.issue_id)
        .where(IssueRow.date == day)
    )
    return {DeliveryState(state): count for state, count in session.execute(rows.group_by(DeliveryRow.state))}

"""Finds whose row of the ledger a mail was that came back, and changes the row.

Only a row whose message was taken changes, and once: a second report of the same mail meets a settled row.
"""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from digest.domain import Delivery, DeliveryState
from digest.store.deliveries.ledger import by_ids
from digest.store.deliveries.tables.deliveries import DeliveryRow
from digest.store.subscriptions.tables.subscribers import SubscriberRow

_ACCEPTED = (DeliveryState.SENT, DeliveryState.UNCERTAIN)
_MAILED = (*_ACCEPTED, DeliveryState.BOUNCED, DeliveryState.COMPLAINED, DeliveryState.FAILED)


def find(session: Session, delivery_id: int) -> Delivery | None:
    """Return the row with this id, or None."""
    return _first(session, session.scalars(select(DeliveryRow.id).where(DeliveryRow.id == delivery_id)).all())


def of_issue(session: Session, subscriber_id: int, issue_id: int) -> Delivery | None:
    """Return the row of a subscriber in an issue, or None."""
    wanted = select(DeliveryRow.id).where(
        DeliveryRow.subscriber_id == subscriber_id, DeliveryRow.issue_id == issue_id
    )
    return _first(session, session.scalars(wanted).all())


def of_message(session: Session, message_ids: Collection[str]) -> Delivery | None:
    """Return the row whose message has one of these Message-IDs, or None."""
    wanted = select(DeliveryRow.id).where(DeliveryRow.message_id.in_(list(message_ids)))
    return _first(session, session.scalars(wanted.order_by(DeliveryRow.id).limit(1)).all())


def mark_returned(
    session: Session, delivery_id: int, state: DeliveryState, *, reply: str, now: datetime
) -> bool:
    """Settle a row anew whose message was taken, or perhaps taken; False where it is in another state."""
    row = update(DeliveryRow).where(DeliveryRow.id == delivery_id, DeliveryRow.state.in_(_ACCEPTED))
    changed = row.values(state=state, reply=reply, settled_at=now).returning(DeliveryRow.id)
    return session.scalar(changed) is not None


def came_back_failed(session: Session, issue_id: int, domain: str) -> int:
    """Count the readers of a domain whose digest of an issue failed."""
    readers = (
        select(func.count())
        .select_from(DeliveryRow)
        .join(SubscriberRow, SubscriberRow.id == DeliveryRow.subscriber_id)
    )
    wanted = readers.where(
        DeliveryRow.issue_id == issue_id,
        DeliveryRow.state == DeliveryState.FAILED,
        func.lower(SubscriberRow.email).endswith(f"@{domain}", autoescape=True),
    )
    return session.scalar(wanted) or 0


def states_around(session: Session, row: Delivery, beside: int) -> list[DeliveryState]:
    """Return the states of a subscriber's mails in the order of their dates: this one, and up to so many
    before and after it. Issues that brought no mail don't count.
    """
    mailed = select(DeliveryRow.state).where(
        DeliveryRow.subscriber_id == row.subscriber_id, DeliveryRow.state.in_(_MAILED)
    )
    day = DeliveryRow.issue_date
    until = mailed.where(day <= row.issue_date).order_by(day.desc()).limit(beside + 1)
    after = mailed.where(day > row.issue_date).order_by(day).limit(beside)
    states = [*reversed(session.scalars(until).all()), *session.scalars(after)]
    return [DeliveryState(state) for state in states]


def _first(session: Session, ids: Collection[int]) -> Delivery | None:
    return next(iter(by_ids(session, list(ids))), None)

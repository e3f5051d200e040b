"""Keeps which papers a subscriber saved.

The newest are kept a second time as packed numbers beside the interests, in the same transaction: for
`like:saved` those of a million subscribers are read in about the time that their interests take.
"""

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import Session

from digest.store.community.tables.saved import SavedRow
from digest.store.session import insert
from digest.store.subscriptions.tables.subscribers import SubscriberRow

MOST_COMPARED = 100  # saved papers of a subscriber that `like:saved` compares with, the newest


def save(session: Session, subscriber_id: int, paper_id: int, now: datetime) -> bool:
    """Save a paper (`Paper.pk`); False where it was: the first time counts."""
    row = insert(session, SavedRow).values(subscriber_id=subscriber_id, paper_id=paper_id, at=now)
    if session.scalar(row.on_conflict_do_nothing().returning(SavedRow.paper_id)) is None:
        return False
    _keep_newest(session, subscriber_id)
    return True


def unsave(session: Session, subscriber_id: int, paper_id: int) -> datetime | None:
    """Save a paper no longer; return since when it was saved, None where it wasn't."""
    gone = delete(SavedRow).where(SavedRow.subscriber_id == subscriber_id, SavedRow.paper_id == paper_id)
    at = session.scalar(gone.returning(SavedRow.at))
    if at is not None:
        _keep_newest(session, subscriber_id)
    return at


def saved_by(session: Session, subscriber_id: int) -> Mapping[int, datetime]:
    """Return the papers (`Paper.pk`) that this subscriber saved, and when, newest first."""
    rows = select(SavedRow.paper_id, SavedRow.at).where(SavedRow.subscriber_id == subscriber_id)
    return dict(session.execute(rows.order_by(SavedRow.at.desc(), SavedRow.paper_id)).all())


def _keep_newest(session: Session, subscriber_id: int) -> None:
    rows = select(SavedRow.paper_id).where(SavedRow.subscriber_id == subscriber_id)
    newest = session.scalars(rows.order_by(SavedRow.at.desc(), SavedRow.paper_id).limit(MOST_COMPARED))
    row = update(SubscriberRow).where(SubscriberRow.id == subscriber_id)
    session.execute(row.values(saved=tuple(newest) or None))


def count_saved(session: Session, subscriber_id: int) -> int:
    """Count the papers that a subscriber saved."""
    return session.scalar(select(func.count()).where(SavedRow.subscriber_id == subscriber_id)) or 0

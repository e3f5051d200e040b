"""Keeps which papers a subscriber saved."""

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from digest.store.community.tables import SavedRow
from digest.store.session import insert


def save(session: Session, subscriber_id: int, paper_id: int, now: datetime) -> bool:
    """Save a paper (`Paper.pk`); False where it was: the first time counts."""
    row = insert(session, SavedRow).values(subscriber_id=subscriber_id, paper_id=paper_id, at=now)
    return session.scalar(row.on_conflict_do_nothing().returning(SavedRow.paper_id)) is not None


def unsave(session: Session, subscriber_id: int, paper_id: int) -> datetime | None:
    """Save a paper no longer; return since when it was saved, None where it wasn't."""
    gone = delete(SavedRow).where(SavedRow.subscriber_id == subscriber_id, SavedRow.paper_id == paper_id)
    return session.scalar(gone.returning(SavedRow.at))


def saved_by(session: Session, subscriber_id: int) -> Mapping[int, datetime]:
    """Return the papers (`Paper.pk`) that this subscriber saved, and when, newest first."""
    rows = select(SavedRow.paper_id, SavedRow.at).where(SavedRow.subscriber_id == subscriber_id)
    return dict(session.execute(rows.order_by(SavedRow.at.desc(), SavedRow.paper_id)).all())


def count_saved(session: Session, subscriber_id: int) -> int:
    """Count the papers that a subscriber saved."""
    return session.scalar(select(func.count()).where(SavedRow.subscriber_id == subscriber_id)) or 0

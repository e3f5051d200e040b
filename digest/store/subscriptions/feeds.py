"""Keeps which subscriber has a feed of their own; its number is what its link stands for."""

from datetime import datetime

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from digest.store.subscriptions.tables.feeds import FeedRow


def feed_of(session: Session, subscriber_id: int) -> int:
    """Return the number of a subscriber's feed; 0 where they have none."""
    return session.scalar(select(FeedRow.id).where(FeedRow.subscriber_id == subscriber_id)) or 0


def owner_of(session: Session, number: int) -> int:
    """Return the subscriber of a feed; 0 where it was ended."""
    return session.scalar(select(FeedRow.subscriber_id).where(FeedRow.id == number)) or 0


def add_feed(session: Session, subscriber_id: int, now: datetime) -> int:
    """Give a subscriber, who has none, a feed; returns its number, which nobody had before."""
    row = FeedRow(subscriber_id=subscriber_id, created_at=now)
    session.add(row)
    session.flush()
    return row.id


def end_feed(session: Session, subscriber_id: int) -> None:
    """End a subscriber's feed, if they have one."""
    session.execute(delete(FeedRow).where(FeedRow.subscriber_id == subscriber_id))

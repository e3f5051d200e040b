"""Defines the table `feeds`. Its rows stay inside the store."""

from datetime import datetime

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from digest.store.base import NEVER_REUSED, Base
from digest.store.columns import LongId


class FeedRow(Base):
    """A subscriber's own feed. A new one gets a number that no feed had: links to the old one are dead."""

    __tablename__ = "feeds"
    __table_args__ = NEVER_REUSED

    id: Mapped[int] = mapped_column(LongId, primary_key=True)
    subscriber_id: Mapped[int] = mapped_column(
        LongId, ForeignKey("subscribers.id", ondelete="CASCADE"), unique=True
    )
    created_at: Mapped[datetime]

"""Defines the table `sessions`. Its rows stay inside the store."""

from datetime import datetime

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from digest.store.base import NEVER_REUSED, Base
from digest.store.columns import LongId


class SessionRow(Base):
    """A browser in which a subscriber is signed in; of its cookie only the SHA-256 is kept."""

    __tablename__ = "sessions"
    __table_args__ = NEVER_REUSED

    id: Mapped[int] = mapped_column(LongId, primary_key=True)
    token_hash: Mapped[str] = mapped_column(unique=True)
    subscriber_id: Mapped[int] = mapped_column(
        LongId, ForeignKey("subscribers.id", ondelete="CASCADE"), index=True
    )
    signed_in_at: Mapped[datetime]
    used_at: Mapped[datetime] = mapped_column(index=True)
    browser_name: Mapped[str]
    network: Mapped[str]

"""Defines the table `attempts`. Its rows stay inside the store."""

from datetime import datetime

from sqlalchemy import Index
from sqlalchemy.orm import Mapped, mapped_column

from digest.store.base import Base
from digest.store.columns import LongId


class AttemptRow(Base):
    """Something that is capped was done, for an address or a network: only its keyed hash is kept."""

    __tablename__ = "attempts"
    __table_args__ = (
        Index("ix_attempts_whose", "hash", "use", "at"),
        Index("ix_attempts_use_at", "use", "at"),
    )

    id: Mapped[int] = mapped_column(LongId, primary_key=True)
    hash: Mapped[str]
    use: Mapped[str]
    at: Mapped[datetime]

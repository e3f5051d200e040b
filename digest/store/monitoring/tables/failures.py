"""Defines the table `failures`. Its rows stay inside the store."""

from datetime import datetime

from sqlalchemy.orm import Mapped, mapped_column

from digest.store.base import Base


class FailureRow(Base):
    """One thing that failed for a reason that nobody foresaw; its row goes when it succeeds.

    `part`: what kind of thing (a step of a round, a sign-up, a source …); `item`: which one, never an
    address; `count`: how often it failed since `first_at`.
    """

    __tablename__ = "failures"

    part: Mapped[str] = mapped_column(primary_key=True)
    item: Mapped[str] = mapped_column(primary_key=True)
    error: Mapped[str]
    first_at: Mapped[datetime]
    last_at: Mapped[datetime]
    count: Mapped[int]

"""Defines the table `gaps`. Its rows stay inside the store."""

from datetime import date, datetime

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from digest.store.base import Base


class GapRow(Base):
    """A past day of a source that was missed, or is asked for again: how far its repair has come.

    `next_url`: the page to go on with, empty for the first; `next_at`: not before; `done_at`: it is whole.
    """

    __tablename__ = "gaps"

    source_id: Mapped[int] = mapped_column(ForeignKey("sources.id", ondelete="CASCADE"), primary_key=True)
    day: Mapped[date] = mapped_column(primary_key=True)
    reason: Mapped[str]
    noticed_at: Mapped[datetime]
    next_url: Mapped[str]
    next_at: Mapped[datetime]
    claimed_until: Mapped[datetime | None]
    entries: Mapped[int]
    new: Mapped[int]
    error: Mapped[str | None]
    done_at: Mapped[datetime | None]

"""Defines the table `picks`. Its rows stay inside the store."""

from datetime import date, datetime

from sqlalchemy import ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from digest.store.base import NEVER_REUSED, Base
from digest.store.columns import LongId


class PickRow(Base):
    """A curator chose a paper for a day (UTC). `unpicked_at`: it was taken back, and the row stays.

    `curator_id` is NULL where the command line picked, or the curator was erased.
    """

    __tablename__ = "picks"
    __table_args__ = (UniqueConstraint("day", "paper_id", name="uq_picks_day"), NEVER_REUSED)

    id: Mapped[int] = mapped_column(primary_key=True)
    day: Mapped[date]
    paper_id: Mapped[int] = mapped_column(ForeignKey("papers.id", ondelete="CASCADE"), index=True)
    curator_id: Mapped[int | None] = mapped_column(
        LongId, ForeignKey("subscribers.id", ondelete="SET NULL"), index=True
    )
    note: Mapped[str]
    position: Mapped[int]
    at: Mapped[datetime]
    unpicked_at: Mapped[datetime | None]

"""Defines the tables of what readers do with papers. Rows stay inside the store."""

from datetime import date, datetime

from sqlalchemy import ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from digest.store.base import NEVER_REUSED, Base
from digest.store.columns import LongId


class VoteRow(Base):
    """A subscriber voted for a paper."""

    __tablename__ = "votes"

    subscriber_id: Mapped[int] = mapped_column(
        LongId, ForeignKey("subscribers.id", ondelete="CASCADE"), primary_key=True
    )
    paper_id: Mapped[int] = mapped_column(
        ForeignKey("papers.id", ondelete="CASCADE"), primary_key=True, index=True
    )
    at: Mapped[datetime]


class SavedRow(Base):
    """A subscriber saved a paper, to read or to cite it later."""

    __tablename__ = "saved"

    subscriber_id: Mapped[int] = mapped_column(
        LongId, ForeignKey("subscribers.id", ondelete="CASCADE"), primary_key=True
    )
    paper_id: Mapped[int] = mapped_column(
        ForeignKey("papers.id", ondelete="CASCADE"), primary_key=True, index=True
    )
    at: Mapped[datetime]


class HidingRow(Base):
    """A paper was hidden. `unhidden_at`: it is shown again since then, and the row stays."""

    __tablename__ = "hidings"
    __table_args__ = NEVER_REUSED

    id: Mapped[int] = mapped_column(primary_key=True)
    paper_id: Mapped[int] = mapped_column(ForeignKey("papers.id", ondelete="CASCADE"), index=True)
    reason: Mapped[str]
    words: Mapped[str]
    by: Mapped[str]
    at: Mapped[datetime]
    unhidden_at: Mapped[datetime | None]


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

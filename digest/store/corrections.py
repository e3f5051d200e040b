"""The tables of what is put right later: papers that turn out to be one, days that were missed."""

from datetime import date, datetime

from sqlalchemy import ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from digest.store.models import Base

MERGED = "split_at IS NULL"  # merges that hold, as an index knows them


class MergeRow(Base):
    """Two papers that are one work, who said so, and why. `split_at`: it was undone, and stays undone.

    `papers.merged_into` follows from these rows: it names the paper at the end of the chain.
    """

    __tablename__ = "merges"
    __table_args__ = (
        Index("ix_merges_paper_id", "paper_id"),
        Index(
            "ix_merges_merged",
            "paper_id",
            unique=True,
            sqlite_where=text(MERGED),
            postgresql_where=text(MERGED),
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    paper_id: Mapped[int] = mapped_column(ForeignKey("papers.id", ondelete="CASCADE"))
    into_id: Mapped[int] = mapped_column(ForeignKey("papers.id", ondelete="CASCADE"), index=True)
    reason: Mapped[str]
    by: Mapped[str]
    at: Mapped[datetime]
    split_at: Mapped[datetime | None]


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

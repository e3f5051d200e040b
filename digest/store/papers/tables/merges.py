"""Defines the table `merges`. Its rows stay inside the store."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from digest.store.base import Base, partial_index

MERGED = "split_at IS NULL"  # merges that hold, as an index knows them


class MergeRow(Base):
    """Two papers that are one work, who said so, and why. `split_at`: it was undone, and stays undone.

    `papers.merged_into` follows from these rows: it names the paper at the end of the chain.
    """

    __tablename__ = "merges"
    __table_args__ = (Index("ix_merges_paper_id", "paper_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    paper_id: Mapped[int] = mapped_column(ForeignKey("papers.id", ondelete="CASCADE"))
    into_id: Mapped[int] = mapped_column(ForeignKey("papers.id", ondelete="CASCADE"), index=True)
    reason: Mapped[str]
    by: Mapped[str]
    at: Mapped[datetime]
    split_at: Mapped[datetime | None]


partial_index("ix_merges_merged", MergeRow, "paper_id", where=MERGED, unique=True)

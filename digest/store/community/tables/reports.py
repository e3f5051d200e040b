"""Defines the table `reports`. Its rows stay inside the store."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from digest.store.base import NEVER_REUSED, Base
from digest.store.columns import LongId


class ReportRow(Base):
    """Somebody said that something is wrong with a paper, or with the note of its pick."""

    __tablename__ = "reports"
    __table_args__ = (Index("ix_reports_settled_at", "settled_at"), NEVER_REUSED)

    id: Mapped[int] = mapped_column(LongId, primary_key=True)
    paper_id: Mapped[int] = mapped_column(ForeignKey("papers.id", ondelete="CASCADE"), index=True)
    about: Mapped[str]
    subscriber_id: Mapped[int | None] = mapped_column(
        LongId, ForeignKey("subscribers.id", ondelete="SET NULL"), index=True
    )
    network: Mapped[str]
    words: Mapped[str]
    at: Mapped[datetime]
    settled_at: Mapped[datetime | None]

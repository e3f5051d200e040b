"""Defines the table `summaries`. Its rows stay inside the store."""

from datetime import datetime

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from digest.store.base import Base


class SummaryRow(Base):
    """What a model made of a version of a paper (0: its source names none); `problem`: why no text."""

    __tablename__ = "summaries"

    paper_id: Mapped[int] = mapped_column(ForeignKey("papers.id", ondelete="CASCADE"), primary_key=True)
    version: Mapped[int] = mapped_column(primary_key=True)
    model: Mapped[str] = mapped_column(primary_key=True)
    text: Mapped[str]
    problem: Mapped[str]
    at: Mapped[datetime]

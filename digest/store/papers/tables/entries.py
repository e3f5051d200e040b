"""Defines the table `entries`. Its rows stay inside the store."""

from datetime import datetime

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from digest.store.base import Base


class EntryRow(Base):
    """The first time that a source carried an item."""

    __tablename__ = "entries"

    source: Mapped[str] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(primary_key=True)
    paper_id: Mapped[int] = mapped_column(ForeignKey("papers.id", ondelete="CASCADE"), index=True)
    version: Mapped[int | None]
    announce_type: Mapped[str | None]
    announced_at: Mapped[datetime | None]
    seen_at: Mapped[datetime]

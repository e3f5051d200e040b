"""Defines the table `announcements`. Its rows stay inside the store."""

from datetime import date

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from digest.store.base import Base
from digest.store.columns import Json


class AnnouncementRow(Base):
    """What a source brought for the first time on one of its days; `categories`: of it, by first category."""

    __tablename__ = "announcements"

    source_id: Mapped[int] = mapped_column(ForeignKey("sources.id", ondelete="CASCADE"), primary_key=True)
    day: Mapped[date] = mapped_column(primary_key=True)
    new: Mapped[int]
    categories: Mapped[dict[str, int]] = mapped_column(Json)

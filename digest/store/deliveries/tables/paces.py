"""Defines the table `paces`. Its rows stay inside the store."""

from datetime import date, datetime

from sqlalchemy import Double
from sqlalchemy.orm import Mapped, mapped_column

from digest.store.base import Base


class PaceRow(Base):
    """How fast a recipient domain is served; `*` is all of them together (see `digest.throttle`)."""

    __tablename__ = "paces"

    domain: Mapped[str] = mapped_column(primary_key=True)
    next_at: Mapped[datetime]
    rate: Mapped[float] = mapped_column(Double)
    slowed_at: Mapped[datetime | None]
    stopped_until: Mapped[datetime | None]
    reason: Mapped[str]
    day: Mapped[date | None]
    taken: Mapped[int]
    tail_at: Mapped[datetime | None]

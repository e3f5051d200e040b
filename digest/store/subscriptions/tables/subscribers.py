"""Defines the table `subscribers`. Its rows stay inside the store."""

from datetime import date, datetime, time
from typing import Any

from sqlalchemy import Index, false, text
from sqlalchemy.orm import Mapped, mapped_column

from digest.store.base import NEVER_REUSED, Base
from digest.store.columns import Json, LongId, Packed


class SubscriberRow(Base):
    """A person. `interests` is the truth, `packed` follows from it (see `interests.packed`).

    `name_key`: the folded form of the display name, which no two people share; NULL where there is no name.
    `left_at`: when somebody who was a reader here unsubscribed or was suppressed. `saved` follows from the
    table of saved papers: the numbers of the newest (see `store.community.saved`).
    """

    __tablename__ = "subscribers"
    __table_args__ = (Index("ix_subscribers_due", "status", "next_due_at", "next_due_on", "id"), NEVER_REUSED)

    id: Mapped[int] = mapped_column(LongId, primary_key=True)
    email: Mapped[str]
    email_key: Mapped[str] = mapped_column(unique=True)
    status: Mapped[str]
    interests: Mapped[dict[str, Any]] = mapped_column(Json)
    packed: Mapped[tuple[int, ...]] = mapped_column(Packed)
    frequency: Mapped[str]
    weekday: Mapped[int]
    at: Mapped[time]
    timezone: Mapped[str]
    quiet_days: Mapped[bool] = mapped_column(server_default=false())
    language: Mapped[str] = mapped_column(server_default=text("''"))
    next_due_at: Mapped[datetime | None]
    next_due_on: Mapped[date | None]
    created_at: Mapped[datetime]
    confirmed_at: Mapped[datetime | None]
    paused_until: Mapped[datetime | None]
    role: Mapped[str] = mapped_column(server_default=text("'reader'"))
    display_name: Mapped[str] = mapped_column(server_default=text("''"))
    name_key: Mapped[str | None] = mapped_column(index=True, unique=True)
    left_at: Mapped[datetime | None]
    saved: Mapped[tuple[int, ...] | None] = mapped_column(Packed)

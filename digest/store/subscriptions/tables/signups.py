"""Defines the table `signups`. Its rows stay inside the store."""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, text
from sqlalchemy.orm import Mapped, mapped_column

from digest.store.base import NEVER_REUSED, Base
from digest.store.columns import Json, LongId


class SignupRow(Base):
    """Somebody typed an address: what they chose, where from, and under which words.

    `decided_at`: the request was looked at; `confirmed_at`: the link that was sent for it was followed;
    `set_aside_at`, `error`: nobody could decide it, and why.
    """

    __tablename__ = "signups"
    __table_args__ = NEVER_REUSED

    id: Mapped[int] = mapped_column(LongId, primary_key=True)
    email: Mapped[str]
    email_key: Mapped[str] = mapped_column(index=True)
    interests: Mapped[dict[str, Any]] = mapped_column(Json)
    schedule: Mapped[dict[str, Any]] = mapped_column(Json)
    at: Mapped[datetime] = mapped_column(index=True)
    how: Mapped[str]
    wording: Mapped[str]
    wording_version: Mapped[str]
    ip: Mapped[str]
    user_agent: Mapped[str]
    browser: Mapped[str]
    subscriber_id: Mapped[int | None] = mapped_column(
        LongId, ForeignKey("subscribers.id", ondelete="CASCADE"), index=True
    )
    decided_at: Mapped[datetime | None]
    confirmed_at: Mapped[datetime | None]
    set_aside_at: Mapped[datetime | None]
    error: Mapped[str] = mapped_column(server_default=text("''"))

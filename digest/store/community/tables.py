"""Defines the tables of what readers do with papers, and of who did what. Rows stay inside the store."""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, false, text
from sqlalchemy.orm import Mapped, mapped_column

from digest.store.base import NEVER_REUSED, Base
from digest.store.columns import JsonOrNull, LongId


class VoteRow(Base):
    """A subscriber voted for a paper; `withdrawn_at`: they took it back.

    `quarters`: what it weighs; `is_new`: its subscriber was; `network`: a keyed hash of the one it came from;
    `turns`: how often they voted for it.
    """

    __tablename__ = "votes"

    subscriber_id: Mapped[int] = mapped_column(
        LongId, ForeignKey("subscribers.id", ondelete="CASCADE"), primary_key=True
    )
    paper_id: Mapped[int] = mapped_column(
        ForeignKey("papers.id", ondelete="CASCADE"), primary_key=True, index=True
    )
    at: Mapped[datetime]
    withdrawn_at: Mapped[datetime | None]
    quarters: Mapped[int] = mapped_column(server_default=text("4"))
    is_new: Mapped[bool] = mapped_column(server_default=false())
    network: Mapped[str] = mapped_column(server_default=text("''"))
    turns: Mapped[int] = mapped_column(server_default=text("1"))


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


class AuditRow(Base):
    """Somebody changed something. Rows are only added; what changes in one is that a person was erased.

    `before` and `after`: the fields that changed, NULL where the object wasn't there. `undo_of`: the act that
    this one took back, which can be done once.
    """

    __tablename__ = "audit"
    __table_args__ = NEVER_REUSED

    id: Mapped[int] = mapped_column(LongId, primary_key=True)
    at: Mapped[datetime] = mapped_column(index=True)
    actor: Mapped[str] = mapped_column(index=True)
    via: Mapped[str]
    network: Mapped[str]
    act: Mapped[str]
    object: Mapped[str] = mapped_column(index=True)
    before: Mapped[dict[str, Any] | None] = mapped_column(JsonOrNull)
    after: Mapped[dict[str, Any] | None] = mapped_column(JsonOrNull)
    undo_of: Mapped[int | None] = mapped_column(
        LongId, ForeignKey("audit.id", ondelete="SET NULL"), unique=True
    )


class SigninRow(Base):
    """Somebody typed an address to sign in. The link that is mailed for it is good for minutes, and once.

    `decided_at`: the request was looked at; `used_at`: the link was followed and the button pressed.
    """

    __tablename__ = "signins"
    __table_args__ = NEVER_REUSED

    id: Mapped[int] = mapped_column(LongId, primary_key=True)
    email: Mapped[str]
    next_path: Mapped[str]
    browser: Mapped[str]
    at: Mapped[datetime] = mapped_column(index=True)
    subscriber_id: Mapped[int | None] = mapped_column(
        LongId, ForeignKey("subscribers.id", ondelete="CASCADE"), index=True
    )
    decided_at: Mapped[datetime | None]
    used_at: Mapped[datetime | None]


class SessionRow(Base):
    """A browser in which a subscriber is signed in; of its cookie only the SHA-256 is kept."""

    __tablename__ = "sessions"
    __table_args__ = NEVER_REUSED

    id: Mapped[int] = mapped_column(LongId, primary_key=True)
    token_hash: Mapped[str] = mapped_column(unique=True)
    subscriber_id: Mapped[int] = mapped_column(
        LongId, ForeignKey("subscribers.id", ondelete="CASCADE"), index=True
    )
    signed_in_at: Mapped[datetime]
    used_at: Mapped[datetime] = mapped_column(index=True)
    browser_name: Mapped[str]
    network: Mapped[str]

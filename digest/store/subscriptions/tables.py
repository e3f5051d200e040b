"""Defines the tables of joining, changing and leaving. Rows stay inside the store.

Every row that belongs to a subscriber goes when the subscriber does.
"""

from datetime import date, datetime, time
from typing import Any

from sqlalchemy import ForeignKey, Index, false, text
from sqlalchemy.orm import Mapped, mapped_column

from digest.store.base import NEVER_REUSED, Base, partial_index
from digest.store.columns import Json, LongId, Packed

QUEUED = "state = 'queued'"  # notices that can be claimed, as an index knows them


class TopicRow(Base):
    """A named, shared filter. `edited`: by the operator, so a new version of the software leaves it alone."""

    __tablename__ = "topics"

    id: Mapped[int] = mapped_column(primary_key=True)
    slug: Mapped[str] = mapped_column(unique=True)
    title: Mapped[str]
    expression: Mapped[str]
    group: Mapped[str]
    edited: Mapped[bool]


class FilterRow(Base):
    """Each distinct filter once, by its canonical text.

    `text_hash`: SHA-256 of the text in UTF-8, because an index entry of Postgres ends at 2,704 bytes.
    """

    __tablename__ = "filters"

    id: Mapped[int] = mapped_column(primary_key=True)
    text: Mapped[str]
    text_hash: Mapped[bytes] = mapped_column(unique=True)


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


class ConsentRow(Base):
    """What somebody agreed to, when, and how; rows are only added."""

    __tablename__ = "consents"

    id: Mapped[int] = mapped_column(LongId, primary_key=True)
    subscriber_id: Mapped[int] = mapped_column(
        LongId, ForeignKey("subscribers.id", ondelete="CASCADE"), index=True
    )
    at: Mapped[datetime]
    wording: Mapped[str]
    how: Mapped[str]
    details: Mapped[dict[str, Any]] = mapped_column(Json)


class SuppressionRow(Base):
    """An address that must not be written to, as a keyed hash."""

    __tablename__ = "suppressions"

    address_hash: Mapped[str] = mapped_column(primary_key=True)
    reason: Mapped[str]
    at: Mapped[datetime]


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


class NoticeRow(Base):
    """A mail about somebody's subscription: to confirm, welcome, remind or say good-bye."""

    __tablename__ = "notices"
    __table_args__ = (NEVER_REUSED,)

    id: Mapped[int] = mapped_column(LongId, primary_key=True)
    kind: Mapped[str]
    subscriber_id: Mapped[int] = mapped_column(
        LongId, ForeignKey("subscribers.id", ondelete="CASCADE"), index=True
    )
    signup_id: Mapped[int | None] = mapped_column(
        LongId, ForeignKey("signups.id", ondelete="CASCADE"), index=True
    )
    proposal_id: Mapped[int | None] = mapped_column(LongId)
    signin_id: Mapped[int | None] = mapped_column(LongId)
    state: Mapped[str]
    attempts: Mapped[int]
    claim_token: Mapped[str]
    lease_until: Mapped[datetime | None]
    next_attempt_at: Mapped[datetime]
    created_at: Mapped[datetime]
    settled_at: Mapped[datetime | None]
    reply: Mapped[str]


class AttemptRow(Base):
    """Something that is capped was done, for an address or a network: only its keyed hash is kept."""

    __tablename__ = "attempts"
    __table_args__ = (
        Index("ix_attempts_whose", "hash", "use", "at"),
        Index("ix_attempts_use_at", "use", "at"),
    )

    id: Mapped[int] = mapped_column(LongId, primary_key=True)
    hash: Mapped[str]
    use: Mapped[str]
    at: Mapped[datetime]


class MuteRow(Base):
    """An exclusion that ends by itself."""

    __tablename__ = "mutes"

    subscriber_id: Mapped[int] = mapped_column(
        LongId, ForeignKey("subscribers.id", ondelete="CASCADE"), primary_key=True
    )
    filter: Mapped[str] = mapped_column(primary_key=True)
    until: Mapped[datetime] = mapped_column(index=True)


class FeedRow(Base):
    """A subscriber's own feed. A new one gets a number that no feed had: links to the old one are dead."""

    __tablename__ = "feeds"
    __table_args__ = NEVER_REUSED

    id: Mapped[int] = mapped_column(LongId, primary_key=True)
    subscriber_id: Mapped[int] = mapped_column(
        LongId, ForeignKey("subscribers.id", ondelete="CASCADE"), unique=True
    )
    created_at: Mapped[datetime]


partial_index("ix_notices_waiting", NoticeRow, "next_attempt_at", "id", where=QUEUED)
partial_index("ix_notices_leased", NoticeRow, "lease_until", where="lease_until IS NOT NULL")

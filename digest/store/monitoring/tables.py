"""Defines the tables of alarms and of failures. Rows stay inside the store."""

from datetime import datetime

from sqlalchemy.orm import Mapped, mapped_column

from digest.store.base import Base


class AlarmRow(Base):
    """Something is wrong that the operator should know: told once, and once more when it is over.

    `told_at`: the mail that it began was handed over; `over_at`: it is over, and that is still to be told.
    A row goes when nothing is left to be told.
    """

    __tablename__ = "alarms"

    key: Mapped[str] = mapped_column(primary_key=True)
    title: Mapped[str]
    detail: Mapped[str]
    tried: Mapped[str]
    fix: Mapped[str]
    since: Mapped[datetime]
    told_at: Mapped[datetime | None]
    over_at: Mapped[datetime | None]
    attempts: Mapped[int]
    next_attempt_at: Mapped[datetime]
    claim_token: Mapped[str]
    lease_until: Mapped[datetime | None]
    reply: Mapped[str]


class FailureRow(Base):
    """One thing that failed for a reason that nobody foresaw; its row goes when it succeeds.

    `part`: what kind of thing (a step of a round, a sign-up, a source …); `item`: which one, never an
    address; `count`: how often it failed since `first_at`.
    """

    __tablename__ = "failures"

    part: Mapped[str] = mapped_column(primary_key=True)
    item: Mapped[str] = mapped_column(primary_key=True)
    error: Mapped[str]
    first_at: Mapped[datetime]
    last_at: Mapped[datetime]
    count: Mapped[int]

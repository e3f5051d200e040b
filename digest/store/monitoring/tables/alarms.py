"""Defines the table `alarms`. Its rows stay inside the store."""

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

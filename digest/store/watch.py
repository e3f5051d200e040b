"""Tables of what the operator is told, and of services that count attention. Rows stay inside the store."""

from datetime import datetime

from sqlalchemy.orm import Mapped, mapped_column

from digest.store.models import Base


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


class ServiceRow(Base):
    """A service that counts attention for papers that we know: when it may be asked, how it is doing."""

    __tablename__ = "services"

    name: Mapped[str] = mapped_column(primary_key=True)
    next_at: Mapped[datetime]
    last_success_at: Mapped[datetime | None]
    failures: Mapped[int]
    failing_since: Mapped[datetime | None]
    last_error: Mapped[str | None]

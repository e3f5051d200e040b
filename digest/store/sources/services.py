"""Services that count attention: when each may be asked, and how the last time went. Decides no time."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from digest.store.session import insert
from digest.store.sources.tables.services import ServiceRow


@dataclass(frozen=True, slots=True)
class ServiceState:
    """How a service is doing; without `last_success_at` it never answered."""

    name: str
    next_at: datetime
    last_success_at: datetime | None = None
    failures: int = 0
    failing_since: datetime | None = None
    last_error: str | None = None


def claim(session: Session, name: str, *, now: datetime, until: datetime) -> ServiceState | None:
    """Take a service's turn, so that nobody else asks it before `until`; None where it isn't due yet."""
    fresh = insert(session, ServiceRow).values(name=name, next_at=now, failures=0)
    session.execute(fresh.on_conflict_do_nothing())
    due = update(ServiceRow).where(ServiceRow.name == name, ServiceRow.next_at <= now)
    if session.scalar(due.values(next_at=until).returning(ServiceRow.name)) is None:
        return None
    return known(session)[name]


def known(session: Session) -> dict[str, ServiceState]:
    """Return every service that was ever asked, by name."""
    return {
        row.name: ServiceState(
            row.name, row.next_at, row.last_success_at, row.failures, row.failing_since, row.last_error
        )
        for row in session.scalars(select(ServiceRow))
    }


def postponed(session: Session, name: str, *, next_at: datetime) -> None:
    """Note that a service wants to be left alone for longer: that is no failure."""
    _set(session, name, next_at=next_at)


def succeeded(session: Session, name: str, *, now: datetime) -> None:
    """Note that a service answered."""
    _set(session, name, last_success_at=now, failures=0, failing_since=None, last_error=None)


def failed(session: Session, name: str, *, now: datetime, error: str, next_at: datetime) -> None:
    """Note that a service didn't answer as it should, in words."""
    since = func.coalesce(ServiceRow.failing_since, now)
    failures = ServiceRow.failures + 1
    _set(session, name, failures=failures, failing_since=since, last_error=error, next_at=next_at)


def _set(session: Session, name: str, **values: Any) -> None:
    session.execute(update(ServiceRow).where(ServiceRow.name == name).values(**values))

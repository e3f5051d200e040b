"""Keeps the clock that all processes of an installation share, whatever their machines' clocks say."""

from datetime import UTC, datetime

from sqlalchemy import func, select

from digest.store.columns import UtcTime
from digest.store.session import Session


def shared_now(session: Session) -> datetime:
    """Return the time by Postgres's clock, in UTC; on SQLite, where all are on one machine, by that
    machine's.
    """
    if session.get_bind().dialect.name == "postgresql":
        server_time: datetime = session.scalars(select(func.clock_timestamp(type_=UtcTime()))).one()
        return server_time
    return datetime.now(UTC)

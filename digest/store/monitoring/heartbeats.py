"""When each worker last came to the end of a task."""

from datetime import datetime

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from digest.store.monitoring.tables.heartbeats import HeartbeatRow
from digest.store.readable import readable
from digest.store.session import insert

LONGEST_NAME = 200  # characters
MOST = 1_000  # workers that are listed


def note(session: Session, worker: str, now: datetime) -> None:
    """Note that a worker came to the end of a task."""
    row = insert(session, HeartbeatRow).values(worker=worker[:LONGEST_NAME], at=now)
    session.execute(row.on_conflict_do_update(index_elements=["worker"], set_={"at": now}))


def listing(session: Session) -> dict[str, datetime]:
    """Return when each worker last came to the end of a task, by its name."""
    rows = session.scalars(select(HeartbeatRow).order_by(HeartbeatRow.worker).limit(MOST))
    return dict(readable(rows, lambda row: (row.worker, row.at), lambda row: f"heartbeat of {row.worker}"))


def drop(session: Session, worker: str) -> None:
    """Forget a worker that was told to stop."""
    session.execute(delete(HeartbeatRow).where(HeartbeatRow.worker == worker[:LONGEST_NAME]))


def purge(session: Session, *, before: datetime) -> None:
    """Forget workers that gave no sign of life since a time."""
    session.execute(delete(HeartbeatRow).where(HeartbeatRow.at < before))

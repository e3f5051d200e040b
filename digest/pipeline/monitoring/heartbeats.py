"""Signs of life of Celery workers: written by their tasks, read by doctor, alarms, `/readyz` and `/metrics`.

A worker that is told to stop takes its sign away; one that is killed leaves it, and is missed.
"""

import logging
from datetime import datetime, timedelta

from digest.pipeline import failures
from digest.pipeline.installation import Installation
from digest.store import session
from digest.store.monitoring import heartbeats
from digest.store.session import Session

EVERY = timedelta(seconds=15)  # that a process writes at most
# A task may take 14 minutes and a half (workers/app.py), and a worker may have one process.
PATIENCE = timedelta(minutes=20)

log = logging.getLogger(__name__)


class Heart:
    """Writes the signs of life of one process."""

    def __init__(self, installation: Installation) -> None:
        self._installation = installation
        self._written: dict[str, datetime] = {}

    def beat(self, worker: str, now: datetime) -> None:
        """Note that a worker came to the end of a task. Where the database is away, nothing is written."""
        last = self._written.get(worker)
        if last is not None and timedelta(0) <= now - last < EVERY:
            return
        try:
            with session.transaction(self._installation.engine) as db:
                heartbeats.note(db, worker, now)
        except failures.AWAY:
            log.warning("the heartbeat of %s couldn't be written: the database is away", worker)
        else:
            self._written[worker] = now


def drop(installation: Installation, worker: str) -> None:
    """Forget a worker that was told to stop. Where the database is away, it is missed for a day."""
    try:
        with session.transaction(installation.engine) as db:
            heartbeats.drop(db, worker)
    except failures.AWAY:
        log.warning("the heartbeat of %s couldn't be dropped: the database is away", worker)


def silent(db: Session, now: datetime) -> dict[str, datetime]:
    """Return the workers that came to the end of no task for too long, and when they last did."""
    return {worker: at for worker, at in heartbeats.listing(db).items() if now - at > PATIENCE}

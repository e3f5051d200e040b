"""Counts what the next round would do. Reads only."""

from dataclasses import dataclass
from datetime import datetime

from digest.pipeline.installation import Installation
from digest.store import deliveries, session, sources


@dataclass(frozen=True, slots=True)
class DueWork:
    """Names of sources to ask, subscribers whose digest is due, and deliveries that wait."""

    sources: tuple[str, ...]
    subscribers: int
    deliveries: int


def read_due_work(installation: Installation, now: datetime) -> DueWork:
    """Read what is due now; nothing is claimed and nothing written."""
    with session.reading(installation.engine) as db:
        return DueWork(
            tuple(source.name for source in sources.due(db, now)),
            deliveries.count_due(db, now),
            deliveries.count_waiting(db),
        )

"""Reads what is usual for a source, by which signals are ranked."""

from collections.abc import Mapping
from datetime import datetime, timedelta

from digest.domain import SignalKind
from digest.store import papers
from digest.store.session import Session

USUAL_PERIOD = timedelta(days=30)  # what is usual for a source is learned from the month before


def usual_before(db: Session, since: datetime) -> Mapping[tuple[str, SignalKind], float]:
    """Return what was usual for each source in the month before `since`: candidates don't set their
    measure.
    """
    return papers.usual(db, since=since - USUAL_PERIOD, until=since)

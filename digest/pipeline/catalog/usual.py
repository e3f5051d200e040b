"""Reads what was usual for each source in the last month, once an hour for all pages of a process."""

from collections.abc import Mapping
from datetime import datetime, timedelta

from digest.domain import SignalKind
from digest.pipeline.catalog.snapshots import Snapshot
from digest.pipeline.installation import Installation
from digest.pipeline.issues.usual_signals import usual_before
from digest.store import session

FRESH = timedelta(hours=1)
Usual = Snapshot[Mapping[tuple[str, SignalKind], float]]


def remembered_usual(installation: Installation) -> Usual:
    """Return what remembers the usual values, by source and kind, as `usual_before` the window says them."""

    def read(now: datetime) -> Mapping[tuple[str, SignalKind], float]:
        with session.reading(installation.engine) as db:
            return usual_before(db, now - installation.window)

    return Snapshot(read, FRESH)

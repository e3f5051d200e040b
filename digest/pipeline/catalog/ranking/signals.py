"""Reads signals for a search: the latest values that filters ask for, and the trend scores of all papers.

Both are read whole and remembered for some minutes, as everything that pages show of trends.
"""

import threading
from collections.abc import Mapping
from datetime import datetime, timedelta

from digest.domain import SignalKind
from digest.pipeline.installation import Installation
from digest.pipeline.issues.usual_signals import usual_before
from digest.search import Trend, Values, to_values
from digest.store import papers
from digest.store.session import Session
from digest.trend import BASE, HALF_LIFE, NOTHING_LEFT, PLACES, rank

FRESH = timedelta(minutes=3)
ASKED = (SignalKind.UPVOTES, SignalKind.COMMENTS, SignalKind.STARS, SignalKind.PICK)  # of which filters ask


class Signals:
    """What a process remembers of signals. Safe to use from many threads."""

    def __init__(self, installation: Installation) -> None:
        self._window = installation.window
        self._lock = threading.Lock()
        self._latest: tuple[datetime, Mapping[SignalKind, Values]] | None = None
        self._trend: tuple[datetime, Trend] | None = None

    def latest(self, db: Session, now: datetime) -> Mapping[SignalKind, Values]:
        """Return, for each kind of signal, the value of each paper that has it."""
        with self._lock:
            if self._latest is None or not _is_fresh(self._latest[0], now):
                by_kind = papers.latest_values(db, ASKED, until=now)
                self._latest = (now, {kind: to_values(values) for kind, values in by_kind.items()})
            return self._latest[1]

    def trend(self, db: Session, now: datetime) -> Trend:
        """Return the trend score of every paper, the same as `digest.trend.rank` gives it."""
        with self._lock:
            if self._trend is None or not _is_fresh(self._trend[0], now):
                noticed = papers.noticed(db, since=now - NOTHING_LEFT, until=now)
                ranked = rank(noticed, now, usual_before(db, now - self._window))
                scores = to_values({each.paper.pk: each.score for each in ranked})
                self._trend = (now, Trend(now.timestamp(), BASE, HALF_LIFE.total_seconds(), PLACES, scores))
            return self._trend[1]


def _is_fresh(at: datetime, now: datetime) -> bool:
    return timedelta(0) <= now - at < FRESH

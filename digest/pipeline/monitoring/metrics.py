"""Reads the numbers of `/metrics`: sources, issues, deliveries, queues, signs of life. Reads only.

Each family is read by itself: one that can't be read is left out and counted, and stops no other. There are
at most `MOST_SERIES` series, however many sources there are. No address and no token is in a label.
"""

import logging
import math
import statistics as spread
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from digest.domain import DeliveryState, Source, SourceState
from digest.pipeline import failures
from digest.pipeline.installation import Installation
from digest.store import deliveries, session, sources
from digest.store.deliveries import late
from digest.store.monitoring import alarms, heartbeats, statistics
from digest.store.monitoring import failures as kept_failures
from digest.store.session import Session
from digest.store.sources import Fetches
from digest.store.subscriptions import transactional

MOST_SERIES = 200
MOST_SOURCES = 30  # with series of their own; the rest are one
MOST_THREADS = 20
MOST_WORKERS = 20
OTHER = "other"  # the label of the rest
LEAST = timedelta(seconds=5)  # that numbers are remembered
SHARE = 20  # times as long as reading took: it takes a twentieth of a processor at most, however often asked
DAYS, BOUNCE_DAYS = 2, 7  # whose issues are counted, whose mails that came back are
ISSUES, LAST_MAILS = 20, 100  # that are looked at for how long sending takes

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Family:
    """Numbers of one kind. `values`: by the values of `labels`, in their order."""

    name: str
    words: str
    labels: tuple[str, ...]
    values: Mapping[tuple[str, ...], float]
    counts: bool = False  # a counter, which only grows; else a gauge


class Metrics:
    """Reads all families, and remembers them for a while. Safe to use from many threads."""

    def __init__(self, installation: Installation) -> None:
        self._installation = installation
        self._lock = threading.Lock()
        self._read: tuple[datetime, timedelta, tuple[Family, ...]] | None = None

    def get(self, now: datetime, heartbeats: Mapping[str, datetime | None]) -> list[Family]:
        """Return the families of now, or of some seconds ago. `heartbeats`: this process's threads, and when
        each last came to the end of its work.

        Raises what a database raises that is away.
        """
        with self._lock:
            if self._read is None or not timedelta(0) <= now - self._read[0] < self._read[1]:
                began = time.monotonic()
                read = _read(self._installation, now)
                took = timedelta(seconds=time.monotonic() - began)
                self._read = now, max(LEAST, took * SHARE), read
            return [*self._read[2], _heartbeat(heartbeats, now)]


def _read(installation: Installation, now: datetime) -> tuple[Family, ...]:
    found: list[Family] = []
    failed: dict[tuple[str, ...], float] = {}
    for name, read in _FAMILIES.items():
        try:
            with session.reading(installation.engine) as db:
                families = list(read(db, now))
        except Exception as error:
            if not failures.is_its_fault(error):
                raise
            log.warning("metrics of %s can't be read: %s", name, failures.words(error))
            failed[name,] = 1
        else:
            failed[name,] = 0
            found += families
    left_out = Family(
        "digest_metrics_failed", "1: these numbers can't be read and are left out", ("part",), failed
    )
    return *found, left_out


def _sources(db: Session, now: datetime) -> Iterable[Family]:
    asked = [source for source in sources.listing(db) if source.url]
    states = Counter(source.state for source in asked)
    yield Family(
        "digest_sources",
        "Sources that are asked over the network, by state",
        ("state",),
        {(state,): states[state] for state in SourceState},
    )
    awake = [source for source in asked if source.state is not SourceState.PAUSED]
    yield Family(
        "digest_source_last_success_age_seconds",
        "Since a source was last read; of other sources, the longest; +Inf: never",
        ("source",),
        _by_source(awake, lambda source: _age(source.last_success_at, now), max),
    )
    yield Family(
        "digest_source_failures",
        "Times that asking a source failed since it last succeeded; of other sources, the sum",
        ("source",),
        _by_source(awake, lambda source: source.failures, sum),
    )
    asked_for = sources.fetches(db)
    none = Fetches(0, 0)
    read = _by_source(awake, lambda source: asked_for.get(source.id, none).read, sum)
    failed = _by_source(awake, lambda source: asked_for.get(source.id, none).failed, sum)
    yield Family(
        "digest_source_fetches",
        "Times that a source was asked, by result; of other sources, the sum",
        ("source", "result"),
        {(*name, "read"): count for name, count in read.items()}
        | {(*name, "failed"): count for name, count in failed.items()},
        counts=True,
    )


def _by_source(
    known: Iterable[Source], number: Callable[[Source], float], together: Callable[[list[float]], float]
) -> dict[tuple[str, ...], float]:
    """The numbers of the sources that are here longest, so that no series comes and goes, and of the rest."""
    oldest = sorted(known, key=lambda source: (source.name == OTHER, source.id))
    own = [source for source in oldest[:MOST_SOURCES] if source.name != OTHER]
    found: dict[tuple[str, ...], float] = {(source.name,): number(source) for source in own}
    if rest := [number(source) for source in oldest[len(own) :]]:
        found[OTHER,] = together(rest)
    return found


def _issues(db: Session, now: datetime) -> Iterable[Family]:
    first, last = _days(now, DAYS)
    yield Family(
        "digest_issues",
        "Issues that were opened, of today, yesterday and, where it has begun, tomorrow",
        (),
        {(): statistics.issues(db, first, last)},
    )


def _deliveries(db: Session, now: datetime) -> Iterable[Family]:
    counted = statistics.deliveries(db, *_days(now, DAYS))
    yield Family(
        "digest_deliveries",
        "Deliveries of these issues by state",
        ("state",),
        _by_state(counted.values(), DeliveryState),
    )


def _bounces(db: Session, now: datetime) -> Iterable[Family]:
    came_back = (DeliveryState.BOUNCED, DeliveryState.COMPLAINED)
    counted = statistics.deliveries(db, *_days(now, BOUNCE_DAYS), states=came_back)
    yield Family(
        "digest_bounces",
        f"Deliveries of the last {BOUNCE_DAYS} days that bounced or were complained of",
        ("state",),
        _by_state(counted.values(), came_back),
    )


def _days(now: datetime, days: int) -> tuple[date, date]:
    """The first and the last date of so many days, and of tomorrow: it is that already for some readers."""
    today = now.astimezone(UTC).date()
    return today - timedelta(days=days - 1), today + timedelta(days=1)


def _by_state(
    counted: Iterable[Counter[DeliveryState]], states: Iterable[DeliveryState]
) -> dict[tuple[str, ...], float]:
    total: Counter[DeliveryState] = Counter()
    for counts in counted:
        total.update(counts)
    return {(state,): total[state] for state in states}


def _queue(db: Session, now: datetime) -> Iterable[Family]:
    waits = late.waiting(db, due_before=now, now=now)
    unopened = late.unopened(db, due_before=now)
    notices = transactional.oldest_waiting(db)
    since = {
        "digests": min((each.due_at for each in waits), default=None),
        "preparing": min((each.due_at for each in unopened), default=None),
        "emails": notices,
    }
    yield Family(
        "digest_queue_age_seconds",
        "Since the longest waiting was due: digests to be sent, digests to be prepared, emails about"
        " subscriptions; 0: none waits",
        ("queue",),
        {(queue,): _age(at, now) if at else 0 for queue, at in since.items()},
    )
    yield Family(
        "digest_queue_people",
        "For how many subscribers a digest is due and waits to be sent or prepared",
        ("queue",),
        {
            ("digests",): sum(each.people for each in waits),
            ("preparing",): sum(each.people for each in unopened),
        },
    )


def _sending(db: Session, _now: datetime) -> Iterable[Family]:
    """The newest issue of which something was sent. Mails leave in the order of their rows."""
    for issue in deliveries.issues(db, limit=ISSUES):
        if sent := deliveries.last_sent(db, issue.id, limit=LAST_MAILS):
            usual = spread.median((at - issue.due_at).total_seconds() for at in sent)
            yield Family(
                "digest_send_duration_seconds",
                f"Since the newest issue was due when its last mails were sent (median of {LAST_MAILS})",
                (),
                {(): usual},
            )
            return


def _failures(db: Session, _now: datetime) -> Iterable[Family]:
    kept = kept_failures.listing(db)
    yield Family(
        "digest_failures", "Things that failed and are set aside (digest failures list)", (), {(): len(kept)}
    )
    standing = [alarm for alarm in alarms.known(db) if alarm.over_at is None]
    yield Family("digest_alarms", "Alarms that stand (digest doctor)", (), {(): len(standing)})


def _workers(db: Session, now: datetime) -> Iterable[Family]:
    seen = sorted(heartbeats.listing(db).items(), key=lambda each: each[1])[:MOST_WORKERS]
    yield Family(
        "digest_worker_heartbeat_age_seconds",
        "Since a worker came to the end of a task; the longest silent ones",
        ("worker",),
        {(worker,): _age(at, now) for worker, at in seen},
    )


_FAMILIES: Mapping[str, Callable[[Session, datetime], Iterable[Family]]] = {
    "sources": _sources,
    "issues": _issues,
    "deliveries": _deliveries,
    "bounces": _bounces,
    "queue": _queue,
    "sending": _sending,
    "failures": _failures,
    "workers": _workers,
}


def _heartbeat(heartbeats: Mapping[str, datetime | None], now: datetime) -> Family:
    return Family(
        "digest_heartbeat_age_seconds",
        "Since a thread of this process came to the end of its work; +Inf: not yet",
        ("thread",),
        {(name,): _age(at, now) for name, at in sorted(heartbeats.items())[:MOST_THREADS]},
    )


def _age(at: datetime | None, now: datetime) -> float:
    return math.inf if at is None else max(0.0, (now - at).total_seconds())

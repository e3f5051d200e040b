"""One round in one process: fetch, open due issues, deliver, look for alarms. `digest run`, `serve`, demo."""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from digest.errors import DeliveryError
from digest.pipeline.bounces import maildir
from digest.pipeline.catalog.search_index import catch_up
from digest.pipeline.clock import Clock
from digest.pipeline.delivery.worker import DeliveryWorker, sweep
from digest.pipeline.ingest import signals, summaries
from digest.pipeline.ingest.poll import FetchReport, fetch_due
from digest.pipeline.installation import Installation
from digest.pipeline.issues.open import IssueReport, open_due, reports
from digest.pipeline.monitoring import alarms
from digest.pipeline.subscriptions import signup, transactional
from digest.pipeline.subscriptions.expiry import keep_up
from digest.store import deliveries, session

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Round:
    """What a round did: sources asked, issues touched as they stand now, and what stopped delivery."""

    sources: tuple[FetchReport, ...]
    issues: tuple[IssueReport, ...]
    delivery_error: DeliveryError | None = None


def run_round(
    installation: Installation,
    now: datetime,
    *,
    fetch: bool = True,
    summarise: bool = False,
    stopping: Callable[[], bool] = lambda: False,
) -> Round:
    """Do one round. What fails is in the report; the next round goes on from there.

    `summarise`: papers that were fetched, before the issue; for who doesn't do that beside the rounds.
    Once `stopping` is true, the source or the mails at hand are the last ones: a process that is told to stop
    has seconds, an issue may take hours. Alarms come last, whatever happened before: nothing waits for them,
    and they tell of this round.
    """
    clock = Clock(now)
    try:
        return _run_round(installation, now, fetch=fetch, summarise=summarise, stopping=stopping)
    finally:
        alarms.watch(installation, clock.now())


def _run_round(
    installation: Installation,
    now: datetime,
    *,
    fetch: bool,
    summarise: bool,
    stopping: Callable[[], bool],
) -> Round:
    fetched = fetch_due(installation, now, stopping=stopping) if fetch else []
    if summarise:
        summaries.make_due(installation, now, stopping=stopping)
    keep_up(installation, now)
    maildir.take_in(installation, now)
    signup.settle(installation, now)
    sweep(installation, now)
    opened = [] if stopping() else open_due(installation, now)
    with session.transaction(installation.engine) as db:
        unfinished = deliveries.unfinished(db)
    failure = _deliver_all(installation, now, stopping)
    if fetch and not stopping():
        signals.ask_due(installation, now)
    _index(installation, stopping)
    touched = sorted({*unfinished, *(issue.id for issue in opened)})
    return Round(tuple(fetched), tuple(reports(installation, touched)), failure)


def _index(installation: Installation, stopping: Callable[[], bool]) -> None:
    """Index what landed, for search. Whatever goes wrong with it, the mail is out and alarms follow."""
    try:
        catch_up(installation, stopping=stopping)
    except Exception:
        _log.exception("the search index could not be brought up to date")


def _deliver_all(
    installation: Installation, now: datetime, stopping: Callable[[], bool]
) -> DeliveryError | None:
    try:
        while not stopping() and transactional.deliver_due(installation, now):
            pass
        clock = Clock(now)
        with DeliveryWorker(installation) as delivery_worker:
            while not stopping() and delivery_worker.deliver_due(clock.now()):
                pass
    except DeliveryError as error:
        return error
    return None

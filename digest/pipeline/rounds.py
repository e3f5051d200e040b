"""One round in one process: fetch, open due issues, deliver, look for alarms. `digest run`, `serve`, demo."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from digest.errors import DeliveryError
from digest.pipeline import alarms, consent, intake, notices, signals, summaries
from digest.pipeline.clock import Clock
from digest.pipeline.delivery import Courier, sweep
from digest.pipeline.installation import Installation
from digest.pipeline.issues import IssueReport, open_due, reports
from digest.pipeline.polling import FetchReport, fetch_due
from digest.pipeline.upkeep import keep_up
from digest.store import deliveries, session


@dataclass(frozen=True, slots=True)
class Round:
    """What a round did: sources asked, issues touched as they stand now, and what stopped delivery."""

    sources: tuple[FetchReport, ...]
    issues: tuple[IssueReport, ...]
    delivery_error: DeliveryError | None = None


def play(
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
        return _play(installation, now, fetch=fetch, summarise=summarise, stopping=stopping)
    finally:
        alarms.watch(installation, clock.now())


def _play(
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
    intake.take_in(installation, now)
    consent.settle(installation, now)
    sweep(installation, now)
    opened = [] if stopping() else open_due(installation, now)
    with session.transaction(installation.engine) as db:
        unfinished = deliveries.unfinished(db)
    failure = _deliver_all(installation, now, stopping)
    if fetch and not stopping():
        signals.ask_due(installation, now)
    touched = sorted({*unfinished, *(issue.id for issue in opened)})
    return Round(tuple(fetched), tuple(reports(installation, touched)), failure)


def _deliver_all(
    installation: Installation, now: datetime, stopping: Callable[[], bool]
) -> DeliveryError | None:
    try:
        while not stopping() and notices.deliver_due(installation, now):
            pass
        clock = Clock(now)
        with Courier(installation) as courier:
            while not stopping() and courier.deliver_due(clock.now()):
                pass
    except DeliveryError as error:
        return error
    return None

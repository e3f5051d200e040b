"""Plays one round in one process, step by step: `digest run`, `serve` and the demo.

    begin to read a mailbox of bounces and to fetch, in a thread of its own; give it a moment
    for step in STEPS: what ended, bounces, sign-ups, lost workers, due issues, emails, deliveries
    while the fetch goes on: the same again, for what has become due
    for step in LAST: the search index, alarms

Each step takes the time anew and fails alone: what it raises is noted, shown and told, and the next one
begins. Opening and delivering never wait for a source for longer than that moment.
"""

import logging
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from digest.errors import ConfigError, DeliveryError
from digest.pipeline import failures
from digest.pipeline.bounces import imap, maildir
from digest.pipeline.catalog import similar, thumbnails
from digest.pipeline.catalog.ranking import meaning
from digest.pipeline.catalog.search_index import catch_up
from digest.pipeline.clock import Clock
from digest.pipeline.community import submissions
from digest.pipeline.community.proposals import fetching
from digest.pipeline.community.reports import tell_curators
from digest.pipeline.delivery.worker import DeliveryWorker, sweep
from digest.pipeline.ingest import signals, summaries
from digest.pipeline.ingest.poll import FetchReport, fetch_due
from digest.pipeline.installation import Installation
from digest.pipeline.issues.open import IssueReport, open_due, reports
from digest.pipeline.monitoring import alarms
from digest.pipeline.subscriptions import signin, signup, transactional
from digest.pipeline.subscriptions.expiry import keep_up
from digest.store import deliveries, session

HEAD_START = 6.0  # seconds that sources have before the issues that are due are opened
AGAIN = 10.0  # seconds between two looks at what has become due while sources are asked
END = 4.0  # seconds that a fetch has to end when the process is told to stop
PIECE = 0.1  # seconds of a wait after which it is looked whether to stop

log = logging.getLogger(__name__)


@dataclass(slots=True)
class Round:
    """A round that is under way, for its steps, and what it did, when it is over.

    `sources`: what was asked; `touched`: numbers of issues; `emails`: how many about subscriptions were
    due; `failed`: step → what it raised.
    """

    installation: Installation
    began: datetime
    clock: Clock
    stopping: Callable[[], bool]
    sources: list[FetchReport] = field(default_factory=list)
    touched: set[int] = field(default_factory=set)
    emails: int = 0
    issues: tuple[IssueReport, ...] = ()
    failed: dict[str, Exception] = field(default_factory=dict)

    @property
    def delivery_error(self) -> DeliveryError | ConfigError | None:
        """Why no mail can be sent at all: the mail server, or a setting."""
        for name in (DELIVERIES.name, EMAILS.name):
            error = self.failed.get(name)
            if isinstance(error, (DeliveryError, ConfigError)):
                return error
        return None

    @property
    def outage(self) -> Exception | None:
        """The database's own words, where it was away."""
        return next((error for error in self.failed.values() if session.is_outage(error)), None)

    def now(self) -> datetime:
        """Return the time that the round has come to, in whole seconds after its beginning: two rounds that
        are told the same time take the same rows for due.
        """
        passed = self.clock.now() - self.began
        return self.began + timedelta(seconds=int(passed.total_seconds()))

    def take(self, step: "Step") -> None:
        """Do a step. What it raises is the step's failure, noted for the operator, and nobody else's."""
        now = self.now()
        with failures.step(self.installation, step.name, now, servers=step.servers) as attempt:
            step.work(self, now)
        if attempt.error:
            self.failed[step.name] = attempt.error
        else:
            self.failed.pop(step.name, None)


@dataclass(frozen=True, slots=True)
class Step:
    """One part of a round; `work` is given the round and the time, and may raise anything. `servers`: as what
    it is noted that a mail server is away, or a setting wrong."""

    name: str
    work: Callable[[Round, datetime], object]
    servers: failures.Part = failures.Part.MAILING


def _fetch(this: Round, now: datetime) -> None:
    this.sources += fetch_due(this.installation, now, stopping=this.stopping)


def _summarise(this: Round, now: datetime) -> None:
    summaries.make_due(this.installation, now, stopping=this.stopping)


def _ask_services(this: Round, now: datetime) -> None:
    if not this.stopping():
        signals.ask_due(this.installation, now, stopping=this.stopping)


def _copy_thumbnails(this: Round, now: datetime) -> None:
    if not this.stopping():
        thumbnails.copy_due(this.installation, now, stopping=this.stopping)


def _open(this: Round, now: datetime) -> None:
    if not this.stopping():
        this.touched |= {issue.id for issue in open_due(this.installation, now)}


def _mail(this: Round, now: datetime) -> None:
    while not this.stopping() and (handled := transactional.deliver_due(this.installation, now)):
        this.emails += handled
        now = this.now()


def _look_up(this: Round, now: datetime) -> None:
    submissions.keep_up(this.installation, now)
    fetching.look_up_due(this.installation, now, stopping=this.stopping)


def _report(this: Round, _now: datetime) -> None:
    this.issues = tuple(reports(this.installation, sorted(this.touched)))


def _deliver(this: Round, _now: datetime) -> None:
    with session.transaction(this.installation.engine) as db:
        this.touched |= set(deliveries.unfinished(db))
    with DeliveryWorker(this.installation) as delivery_worker:
        while not this.stopping() and delivery_worker.deliver_due(this.now()):
            pass


def _settle_requests(this: Round, now: datetime) -> None:
    signup.settle(this.installation, now)
    signin.settle(this.installation, now)


FETCH = Step("fetch", _fetch)
MAILBOX = Step(
    "mailbox of bounces",
    lambda this, now: imap.take_in(this.installation, now),
    servers=failures.Part.READING,
)
SIGNALS = Step("signals", _ask_services)
SUMMARIES = Step("summaries", _summarise)
PROPOSALS = Step("proposals", _look_up)
THUMBNAILS = Step("thumbnails", _copy_thumbnails)
SIGNUPS = Step("sign-ups", _settle_requests)
EMAILS = Step("transactional emails", _mail)
DELIVERIES = Step("deliveries", _deliver)
STEPS = (
    Step("rows left out", lambda this, _now: failures.expect_left_out(this.installation)),
    Step("expiry", lambda this, now: keep_up(this.installation, now)),
    Step("bounces", lambda this, now: maildir.take_in(this.installation, now)),
    SIGNUPS,
    Step("sweep", lambda this, now: sweep(this.installation, now)),
    Step("issues", _open),
    Step("curators", lambda this, now: tell_curators(this.installation, now)),
    EMAILS,
    DELIVERIES,
)
INDEX = Step("search index", lambda this, _now: catch_up(this.installation, stopping=this.stopping))
MEANING = Step("meaning of papers", lambda this, _now: meaning.keep_up(this.installation))
SIMILAR = Step("similar papers", lambda this, _now: similar.keep_up(this.installation))
ALARMS = Step("alarms", lambda this, now: alarms.watch(this.installation, now))
LAST = (INDEX, SIMILAR, MEANING, ALARMS)
REPORT = Step("report", _report)


def run_round(
    installation: Installation,
    now: datetime,
    *,
    fetch: bool = True,
    summarise: bool = False,
    stopping: Callable[[], bool] = lambda: False,
    steps: Sequence[Step] = STEPS,
    fetching: Sequence[Step] | None = None,
    last: Sequence[Step] = LAST,
) -> Round:
    """Do one round. What fails is in the report; the next round goes on from there.

    `summarise`: papers that were fetched, for who doesn't do that beside the rounds. Once `stopping` is true,
    sources are cut off and the mails at hand are the last ones: a process that is told to stop has seconds,
    an issue may take hours. `last`: steps that come whatever happened, and tell of this round. `steps` and
    `fetching` stand for the usual ones.
    """
    this = Round(installation, now, Clock(now), stopping)
    if fetching is None:
        chosen = (
            (MAILBOX, bool(installation.bounce_imap_url)),
            (PROPOSALS, fetch),
            (FETCH, fetch),
            (SUMMARIES, summarise),
            (SIGNALS, fetch),
            (THUMBNAILS, fetch),
        )
        fetching = [step for step, is_wanted in chosen if is_wanted]
    thread = _begin(this, fetching)
    _wait(thread, HEAD_START, stopping)
    while True:
        is_last = not thread.is_alive()
        for step in steps:
            this.take(step)
        if is_last or stopping():
            break
        _wait(thread, AGAIN, stopping)
    _end(thread)
    for step in last:
        this.take(step)
    if this.touched:
        this.take(REPORT)
    return this


def _begin(this: Round, fetching: Sequence[Step]) -> threading.Thread:
    def work() -> None:
        for step in fetching:
            this.take(step)

    thread = threading.Thread(target=work, name="fetch", daemon=True)
    if fetching:
        thread.start()
    return thread


def _wait(thread: threading.Thread, seconds: float, stopping: Callable[[], bool]) -> None:
    deadline = time.monotonic() + seconds
    while thread.is_alive() and not stopping() and time.monotonic() < deadline:
        thread.join(PIECE)


def _end(thread: threading.Thread) -> None:
    """Wait for a fetch that is told to stop. One that hangs in the system's resolver is left behind: it ends
    with the process, and its source is asked again when its claim is over."""
    if thread.is_alive():
        thread.join(END)
    if thread.is_alive():
        log.warning("a source is still being asked; it is left alone")

"""One task per use of the pipeline: takes nothing, decides nothing, returns a count for the log.

Every task may run twice, at once or never: the rows in the database say what is to be done.
"""

from collections.abc import Callable
from datetime import datetime
from functools import cache, wraps
from typing import Any

from celery import current_task, shared_task
from kombu.exceptions import OperationalError

from digest.config import load
from digest.errors import DigestError
from digest.pipeline import failures, runner
from digest.pipeline.bounces import imap, maildir
from digest.pipeline.catalog import search_index, similar, thumbnails
from digest.pipeline.catalog.ranking import meaning
from digest.pipeline.clock import shared_now
from digest.pipeline.community import submissions
from digest.pipeline.community.proposals import fetching
from digest.pipeline.community.reports import tell_curators
from digest.pipeline.delivery import worker
from digest.pipeline.delivery.worker import DeliveryWorker
from digest.pipeline.ingest import poll, signals, summaries
from digest.pipeline.installation import Installation, open_installation
from digest.pipeline.issues.open import open_due
from digest.pipeline.monitoring import alarms
from digest.pipeline.monitoring.heartbeats import Heart
from digest.pipeline.subscriptions import expiry
from digest.store.session import DBAPIError
from workers.schedule import TASK_EXPIRES

CHAINS = 4  # deliveries sent per tick; each goes on chunk by chunk, so this many processes find work at once


def _task(use: str, servers: failures.Part = failures.Part.MAILING) -> Callable[[Callable[[], int]], Any]:
    """A task named `digest.<use>`. A setting, server or disk that fails is one line of log; what nobody
    foresaw is noted as a step's failure, as in a round, until the task succeeds."""
    shared: Callable[[Callable[[], int]], Any] = shared_task(
        name=f"digest.{use}", expires=TASK_EXPIRES, throws=(DigestError, OperationalError, DBAPIError)
    )

    def decorate(work: Callable[[], int]) -> Any:
        @wraps(work)
        def noted() -> int:
            done = 0
            with failures.step(_installation(), use, _now(), servers=servers) as attempt:
                done = work()
            if current_task:
                _heart().beat(current_task.request.hostname or "unnamed", _now())
            if attempt.error:
                raise attempt.error
            return done

        return shared(noted)

    return decorate


@cache
def _installation() -> Installation:
    """One per worker process: opened by its first task, after the fork, so that no connection is shared."""
    return open_installation(load())


def _now() -> datetime:
    return shared_now(_installation())


@cache
def _heart() -> Heart:
    """One per worker process."""
    return Heart(_installation())


@cache
def _delivery_worker() -> DeliveryWorker:
    """One per worker process, which keeps its connections and what is written on every mail of an issue."""
    return DeliveryWorker(_installation())


@_task("fetch")
def fetch() -> int:
    """Ask the sources whose time has come, in one process at a time: those that hang hold up one worker."""
    return len(poll.fetch_due_alone(_installation(), _now()))


@_task("index")
def index() -> int:
    """Index the papers that changed, for search."""
    indexed = search_index.catch_up(_installation())
    similar.keep_up(_installation())
    meaning.keep_up(_installation())
    return indexed


@_task("open_issues")
def open_issues() -> int:
    """Open the issues that are due, send tasks for their delivery, and for rows whose second try is due."""
    try:
        return len(open_due(_installation(), _now()))
    finally:  # what is prepared goes out, whatever became of the rest
        for _ in range(CHAINS):
            deliver.delay()


@_task("deliver")
def deliver() -> int:
    """Deliver one chunk, and send a task for the next while there was something to do."""
    settled = _delivery_worker().deliver_due(_now())
    if settled:
        deliver.delay()
    else:
        _delivery_worker().hang_up()
    return settled


@_task("notices")
def write_notices() -> int:
    """Decide requests to be subscribed, and deliver one chunk of the mails that come of them."""
    done = runner.run_round(
        _installation(), _now(), fetch=False, steps=(runner.SIGNUPS, runner.EMAILS), last=()
    )
    for error in done.failed.values():  # after both: neither stops the other
        raise error
    return 0


@_task("bounces")
def take_in_bounces() -> int:
    """Read the mails that came back into the Maildir of the settings."""
    return maildir.take_in(_installation(), _now())


@_task("mailbox", failures.Part.READING)
def read_mailbox() -> int:
    """Read the mails that came back into the mailbox of the settings, where there is one."""
    return imap.take_in(_installation(), _now())


@_task("upkeep")
def keep_up() -> int:
    """End pauses and mutes that are over, and forget requests that nobody confirmed."""
    return expiry.keep_up(_installation(), _now())


@_task("proposals")
def look_up_proposals() -> int:
    """Ask sites about the papers that readers proposed, and queue the curators' emails of the day."""
    submissions.keep_up(_installation(), _now())
    tell_curators(_installation(), _now())
    return fetching.look_up_due(_installation(), _now())


@_task("signals")
def ask_for_signals() -> int:
    """Ask the services that count attention for papers."""
    return signals.ask_due(_installation(), _now())


@_task("summaries")
def make_summaries() -> int:
    """Ask a model about papers that have no summary, where the operator wants one."""
    return summaries.make_due(_installation(), _now())


@_task("thumbnails")
def copy_thumbnails() -> int:
    """Return copy the pictures of new papers, where the operator wants them."""
    return thumbnails.copy_due(_installation(), _now())


@_task("alarms")
def look_for_alarms() -> int:
    """Tell the operator what is wrong and what is over."""
    return alarms.watch(_installation(), _now())


@_task("sweep")
def sweep() -> int:
    """Settle what was claimed by a worker that is gone."""
    return worker.sweep(_installation(), _now())

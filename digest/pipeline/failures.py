"""Lets one bad thing stop only itself: what fails is set aside, counted, shown and passed over.

Every loop of the pipeline over rows, requests, mails or sources goes through `each` (things of one
transaction) or `guarded` (things with transactions of their own). A failure is a row (`store.monitoring.
failures`) that `digest doctor` and the alarms show; it goes when the thing succeeds. Never set aside: a
database that is away, or a machine without memory. That is nobody's fault, and everybody's failure.
"""

import logging
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import TypeVar

from digest.errors import ConfigError, DeliveryError, DigestError, UnavailableError
from digest.logs import masked
from digest.pipeline.installation import Installation
from digest.store import readable, session
from digest.store.community import audit
from digest.store.monitoring import failures
from digest.store.monitoring.failures import Failure
from digest.store.session import Session
from digest.store.subscriptions import signups

KEPT = timedelta(days=7)  # that a failure is shown which never came again
REPAIRED_AFTER = timedelta(hours=1)  # that a row is read and never left out, until its note goes
_STOPS = {"SoftTimeLimitExceeded"}  # raised by Celery into whatever runs: not the fault of the thing at hand

AWAY: tuple[type[Exception], ...] = (session.DBAPIError, *session.UNAVAILABLE)
_FULL = ("disk is full", "No space left")  # said by SQLite; by Postgres
T = TypeVar("T")
log = logging.getLogger(__name__)


class Part(StrEnum):
    """What kind of thing failed."""

    STEP = "step"  # of a round
    MAILING = "sending"  # a step that can't send: the mail server is away, or a setting is missing
    READING = "reading"  # a step that can't read a mailbox, for the same reasons
    SIGNUP = "sign-up"
    SIGNIN = "sign-in"
    SUBSCRIBER = "subscriber"
    ISSUE = "issue"
    DELIVERY = "delivery"
    EMAIL = "transactional email"
    BOUNCE = "bounce"
    PAUSE = "pause"
    MUTE = "mute"
    SOURCE = "source"
    SERVICE = "service"
    SUMMARY = "summary"
    PROPOSAL = "proposal"
    THUMBNAIL = "thumbnail"
    ALARM = "alarm"
    CURATOR = "curator"
    ROW = "row"  # of the database, that can't be read


def is_its_fault(error: BaseException) -> bool:
    """Return whether an error may be laid at the door of the thing at hand, so that others can go on."""
    return not (
        isinstance(error, MemoryError)
        or not isinstance(error, Exception)
        or type(error).__name__ in _STOPS
        or session.is_outage(error)
    )


def words(error: BaseException) -> str:
    """Return an error as it is kept and shown: its class and message, on one line, without addresses or
    tokens.
    """
    text = error.message if isinstance(error, DigestError) else f"{type(error).__name__}: {error}"
    return masked(" ".join(text.split())) or type(error).__name__


def each(
    db: Session,
    part: Part,
    items: Iterable[T],
    work: Callable[[T], object],
    *,
    name: Callable[[T], object] = str,
    now: datetime,
    set_aside: Callable[[T, str], object] = lambda _item, _error: None,
) -> int:
    """Work on each item in a savepoint of its own; returns for how many that succeeded.

    What an item's work raises undoes that item only: it is noted as a failure, and `set_aside` is called with
    the item and the error in words. Raises what isn't an item's fault (`is_its_fault`).
    """
    failing = {failure.item for failure in failures.listing(db, part)}
    done = 0
    for item in items:
        shown = str(name(item))
        try:
            with db.begin_nested():
                work(item)
        except Exception as error:
            if not is_its_fault(error):
                raise
            log.exception("%s %s failed and is set aside", part, shown)
            db.expire_all()
            failures.note(db, part, shown, words(error), now)
            set_aside(item, words(error))
            continue
        done += 1
        if shown in failing:
            failures.clear(db, part, [shown])
    return done


@dataclass(slots=True)
class Attempt:
    """How a guarded block ended: `error` is what it raised, None where it went well."""

    error: Exception | None = None


@contextmanager
def guarded(installation: Installation, part: Part, item: object, now: datetime) -> Iterator[Attempt]:
    """Run a block that has transactions of its own: what it raises is noted, and the caller goes on.

    Raises what isn't the item's fault.
    """
    attempt = Attempt()
    try:
        yield attempt
    except Exception as error:
        if not is_its_fault(error):
            raise
        attempt.error = error
        log.exception("%s %s failed and is set aside", part, item)
        note(installation, part, item, error, now)
    else:
        if str(item) in failing(installation, part):
            clear(installation, part, [item])


@contextmanager
def step(
    installation: Installation, name: str, now: datetime, *, servers: Part = Part.MAILING
) -> Iterator[Attempt]:
    """Run one step of a round, or a worker's task: whatever it raises is noted, and never raised here.

    That emails can't be sent or read at all is noted apart (under `servers`): a mail server may be away for a
    moment.
    """
    attempt = Attempt()
    try:
        yield attempt
    except Exception as error:
        attempt.error = error
        traced = None if isinstance(error, DigestError) or session.is_outage(error) else error
        log.warning("step %s failed: %s", name, words(error), exc_info=traced)
        part = servers if isinstance(error, (DeliveryError, ConfigError)) else Part.STEP
        note(installation, part, name, error, now)
    else:
        _clear_step(installation, name)


def _clear_step(installation: Installation, name: str) -> None:
    try:
        for part in (Part.STEP, Part.MAILING, Part.READING):
            if name in failing(installation, part):
                clear(installation, part, [name])
    except AWAY:
        log.warning("the database is away after step %s", name)


def note(
    installation: Installation, part: Part, item: object, error: BaseException, now: datetime
) -> Failure | None:
    """Note a failure in a transaction of its own. None where the database can't take it: the log has it."""
    try:
        with session.transaction(installation.engine) as db:
            return failures.note(db, part, str(item), words(error), now)
    except AWAY:
        log.warning("the failure of %s %s couldn't be noted: the database is away", part, item)
        return None


def note_left_out(installation: Installation, now: datetime) -> None:
    """Note the rows that this process couldn't read and left out, and clear the notes of those that it read.

    A note stays for an hour after the row was last left out: another reader may need more of it.
    """
    repaired, left_out = readable.take_repaired(), readable.take_left_out()
    for row, error in left_out.items():
        with session.transaction(installation.engine) as db:
            failures.note(db, Part.ROW, row, masked(error), now)
    noted = failing(installation, Part.ROW)
    over = {row for row in repaired & noted.keys() if noted[row].last_at <= now - REPAIRED_AFTER}
    if over:
        clear(installation, Part.ROW, over)
    readable.forget(over)
    readable.expect({row: failure.error for row, failure in noted.items() if row not in over})


def expect_left_out(installation: Installation) -> None:
    """Let this process see which of the rows that others left out it can read."""
    readable.expect({row: failure.error for row, failure in failing(installation, Part.ROW).items()})


def clear(installation: Installation, part: Part, items: Iterable[object]) -> None:
    """Drop the rows of things that succeeded."""
    with session.transaction(installation.engine) as db:
        failures.clear(db, part, map(str, items))


def failing(installation: Installation, part: Part) -> dict[str, Failure]:
    """Return what fails of a part, by item."""
    with session.reading(installation.engine) as db:
        return {failure.item: failure for failure in failures.listing(db, part)}


def listing(installation: Installation) -> list[Failure]:
    """Return all that is set aside, the longest standing first."""
    with session.reading(installation.engine) as db:
        return failures.listing(db)


def retry(installation: Installation, now: datetime) -> int:
    """Forget what failed, so that everything is tried again; returns how many things there were."""
    with session.transaction(installation.engine) as db:
        found = failures.listing(db)
        for part in {failure.part for failure in found}:
            failures.clear(db, part, [failure.item for failure in found if failure.part == part])
        signups.take_up(db)
        counts = {"count": len(found)} if found else None
        audit.record(db, installation.actor, "failures.retry", "failures:all", counts, None, now=now)
    return len(found)


def in_words(error: BaseException) -> UnavailableError | None:
    """Return an error of a database that can't be used now, in words; None for any other error."""
    if not session.is_outage(error):
        return None
    reason = str(getattr(error, "orig", None) or error).strip().partition("\n")[0]
    if "locked" in reason:
        return UnavailableError(
            f"the database is locked: another process has written to it for {session.BUSY_SECONDS} seconds",
            fix="wait for that process (a backup, an import, a migration) or end it, and try again",
        )
    is_full = any(each in reason for each in _FULL)
    return UnavailableError(
        f"the database can't be used now: {masked(reason)}",
        fix="free space on its disk" if is_full else "digest doctor; look at the database's own log",
    )

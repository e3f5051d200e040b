"""Says whether a site can do its work, part by part. No token, no address, no setting is named.

What is wrong with sources or single workers, and what was set aside, is a warning: pages and links of emails
work without them, so a balancer keeps sending readers here.
"""

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from digest.domain import SourceState
from digest.errors import DigestError
from digest.pipeline.installation import Installation
from digest.pipeline.monitoring import heartbeats
from digest.store import schema, session, sources
from digest.store.deliveries import late
from digest.store.monitoring import failures
from digest.store.subscriptions import transactional

OK = "ok"
LONGEST_QUEUE = timedelta(hours=1)
_WARNINGS = {"sources", "failures", "workers"}
log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Readiness:
    """Each part that a site needs: `ok`, or what isn't ready about it."""

    parts: Mapping[str, str]

    @property
    def warnings(self) -> list[str]:
        """Return the parts that aren't as they should be, and without which a site can do its work."""
        return [name for name, found in self.parts.items() if found != OK and name in _WARNINGS]

    @property
    def is_ready(self) -> bool:
        """Tell whether everything is as it should be, but for warnings."""
        return all(found == OK or name in _WARNINGS for name, found in self.parts.items())


def readiness(
    installation: Installation, now: datetime, *, late_threads: Callable[[], list[str]]
) -> Readiness:
    """Look at each part; where the database can't be opened, at nothing else.

    `late_threads`: names of this process's threads that don't come to the end of their work.
    """
    parts = {"database": _database(installation)}
    if parts["database"] == OK:
        checks: dict[str, Callable[[], str]] = {
            "schema": lambda: _schema(installation),
            "scheduler": lambda: _scheduler(late_threads()),
            "sources": lambda: _sources(installation),
            "issues": lambda: _issues(installation, now),
            "queue": lambda: _queue(installation, now),
            "failures": lambda: _failures(installation),
            "workers": lambda: _workers(installation, now),
        }
        parts |= {name: _looked_at(check) for name, check in checks.items()}
    return Readiness(parts)


def _looked_at(check: Callable[[], str]) -> str:
    try:
        return check()
    except DigestError as error:
        return error.message
    except Exception as error:  # a part that can't be looked at says nothing of the others
        log.warning("a part of readiness can't be looked at: %s", error)
        return "can't be looked at; the log says why"


def _database(installation: Installation) -> str:
    """The database can be opened; a server's own words stay in the log, they may name hosts and users."""
    try:
        schema.current(installation.engine)
    except DigestError:
        return "can't be opened"
    return OK


def _schema(installation: Installation) -> str:
    schema.check(installation.engine)
    return OK


def _scheduler(late_threads: list[str]) -> str:
    return f"no sign of life: {', '.join(late_threads)}" if late_threads else OK


def _sources(installation: Installation) -> str:
    """One source that fails is its operator's business; all of them are the site's."""
    with session.reading(installation.engine) as db:
        states = [source.state for source in sources.listing(db) if source.url]
    states = [state for state in states if state is not SourceState.PAUSED]
    return "none can be read" if states and set(states) == {SourceState.FAILING} else OK


def _issues(installation: Installation, now: datetime) -> str:
    """Whoever prepares digests is at work, here or in workers: nobody was due an hour ago."""
    with session.reading(installation.engine) as db:
        unopened = late.unopened(db, due_before=now - LONGEST_QUEUE)
    return "digests that were due more than an hour ago aren't prepared" if unopened else OK


def _queue(installation: Installation, now: datetime) -> str:
    with session.reading(installation.engine) as db:
        since = transactional.oldest_waiting(db)
        digests = late.waiting(db, due_before=now - LONGEST_QUEUE, now=now)
    waits = bool(digests) or (since is not None and now - since > LONGEST_QUEUE)
    return "mails have waited for more than an hour" if waits else OK


def _workers(installation: Installation, now: datetime) -> str:
    with session.reading(installation.engine) as db:
        silent = heartbeats.silent(db, now)
    return f"no sign of life of {len(silent)}" if silent else OK


def _failures(installation: Installation) -> str:
    with session.reading(installation.engine) as db:
        parts = sorted({failure.part for failure in failures.listing(db)})
    return f"set aside because it failed: {', '.join(parts)}" if parts else OK

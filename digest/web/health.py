"""Whether this process lives, and whether it can do its work. No token, no address, no setting is shown.

What is wrong with sources, and what was set aside, is a warning: pages and links of emails work without them,
so a balancer keeps sending readers here.
"""

import logging
from collections.abc import Callable
from datetime import timedelta

from fastapi import APIRouter, Response
from fastapi.responses import JSONResponse, PlainTextResponse

from digest.domain import SourceState
from digest.errors import DigestError
from digest.store import schema, session, sources
from digest.store.deliveries import late
from digest.store.monitoring import failures
from digest.store.subscriptions import transactional
from digest.web.site import Site, Web

router = APIRouter(include_in_schema=False)
OK = "ok"
LONGEST_QUEUE = timedelta(hours=1)
_log = logging.getLogger(__name__)


@router.get("/healthz")
async def alive() -> Response:
    """The process answers; it asks nobody else."""
    return PlainTextResponse("ok\n")


@router.get("/readyz")
def ready(web: Site) -> Response:
    """200 where everything is as it should be, but for warnings, else 503; both name each part."""
    parts = readiness(web)
    wrong = [name for name, said in parts.items() if said != OK]
    is_ready = set(wrong) <= _WARNINGS
    answer = {"ready": is_ready, "parts": parts, "warnings": [name for name in wrong if name in _WARNINGS]}
    return JSONResponse(answer, status_code=200 if is_ready else 503)


def readiness(web: Web) -> dict[str, str]:
    """Each part that a site needs: `ok`, or what isn't ready about it."""
    parts = {"database": _database(web)}
    if parts["database"] == OK:
        parts |= {name: _asked(check, web) for name, check in _CHECKS.items()}
    return parts


def _asked(check: Callable[[Web], str], web: Web) -> str:
    try:
        return check(web)
    except DigestError as error:
        return error.message
    except Exception as error:  # a part that can't be looked at says nothing of the others
        _log.warning("a part of readiness can't be looked at: %s", error)
        return "can't be looked at; the log says why"


def _database(web: Web) -> str:
    """The database can be opened; a server's own words stay in the log, they may name hosts and users."""
    try:
        schema.current(web.installation.engine)
    except DigestError:
        return "can't be opened"
    return OK


def _schema(web: Web) -> str:
    schema.check(web.installation.engine)
    return OK


def _scheduler(web: Web) -> str:
    """The threads of this process come to the end of their work; where workers do it, there are none."""
    late = [ticker.name for ticker in web.tickers if ticker.is_late(web.clock())]
    return f"no sign of life: {', '.join(late)}" if late else OK


def _sources(web: Web) -> str:
    """One source that fails is its operator's business; all of them are the site's."""
    with session.reading(web.installation.engine) as db:
        states = [source.state for source in sources.listing(db) if source.url]
    states = [state for state in states if state is not SourceState.PAUSED]
    return "none can be read" if states and set(states) == {SourceState.FAILING} else OK


def _issues(web: Web) -> str:
    """Whoever prepares digests is at work, here or in workers: nobody was due an hour ago."""
    with session.reading(web.installation.engine) as db:
        unopened = late.unopened(db, due_before=web.clock() - LONGEST_QUEUE)
    return "digests that were due more than an hour ago aren't prepared" if unopened else OK


def _queue(web: Web) -> str:
    now = web.clock()
    with session.reading(web.installation.engine) as db:
        since = transactional.oldest_waiting(db)
        digests = late.waiting(db, due_before=now - LONGEST_QUEUE, now=now)
    waits = bool(digests) or (since is not None and now - since > LONGEST_QUEUE)
    return "mails have waited for more than an hour" if waits else OK


def _failures(web: Web) -> str:
    with session.reading(web.installation.engine) as db:
        parts = sorted({failure.part for failure in failures.listing(db)})
    return f"set aside because it failed: {', '.join(parts)}" if parts else OK


_CHECKS: dict[str, Callable[[Web], str]] = {
    "schema": _schema,
    "scheduler": _scheduler,
    "sources": _sources,
    "issues": _issues,
    "queue": _queue,
    "failures": _failures,
}
_WARNINGS = {"sources", "failures"}

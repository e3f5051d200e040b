"""Sends one request, honouring once-a-day limits: such a query is recorded before it is made."""

import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

from digest.errors import FetchError, NotAskedError
from digest.fetch import LIMITS, Fetcher, Get, Limits, Response
from digest.pipeline.ingest.host_lock import PATIENCE, SharedTurns
from digest.pipeline.installation import Installation
from digest.sources import Request
from digest.sources.refetch import not_since
from digest.store import session
from digest.store.session import Engine
from digest.store.sources import queries


@contextmanager
def getter(
    installation: Installation,
    get: Get | None = None,
    *,
    stopping: Callable[[], bool] = lambda: False,
    seconds: float = math.inf,
) -> Iterator[Get]:
    """Open what asks for an installation: over the network in its turn, or `get` instead.

    `seconds`: of all requests together, with waiting for their turns; `stopping`: see `Fetcher`.
    """
    if get:
        yield get
        return
    with fetching(installation, stopping=stopping, seconds=seconds) as fetcher:
        yield fetcher.get


@contextmanager
def fetching(
    installation: Installation,
    *,
    stopping: Callable[[], bool] = lambda: False,
    seconds: float = math.inf,
    limits: Limits = LIMITS,
) -> Iterator[Fetcher]:
    """Open an HTTP client that waits in the installation's line; `limits`: of each request, the others as in
    `getter`."""
    turn = SharedTurns(
        installation.engine,
        own_hosts=installation.allow_hosts,
        patience=min(PATIENCE, seconds),
        stopping=stopping,
    )
    with Fetcher(
        installation.user_agent,
        installation.allow_hosts,
        limits=limits,
        turn=turn,
        stopping=stopping,
        seconds=seconds,
    ) as fetcher:
        yield fetcher


def ask(
    engine: Engine,
    get: Get,
    request: Request,
    now: datetime,
    *,
    etag: str | None = None,
    last_modified: str | None = None,
) -> Response:
    """Return the answer to a request.

    Raises NotAskedError where it was made today already, FetchError as `get`.

    A query without an answer doesn't count.
    """
    since = not_since(request.url, now)
    if since is not None:
        with session.transaction(engine) as db:
            first = queries.remember_once(db, request.url, now=now, since=since)
        if not first:
            wait = since + timedelta(days=1) - now
            raise NotAskedError(
                "arXiv wants the same query once a day at most, and it was made today already",
                retry_after=wait.total_seconds(),
            )
    try:
        return get(request.url, etag=etag, last_modified=last_modified, headers=request.headers)
    except FetchError:
        if since is not None:
            with session.transaction(engine) as db:
                queries.forget(db, request.url)
        raise

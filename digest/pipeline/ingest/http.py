"""Sends one request, honouring once-a-day limits: such a query is recorded before it is made.

A service that is asked about papers has turns (`ServiceTurn`): claim → ask → store what it says → postpone.
"""

import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Self

from digest.errors import FetchError, NotAskedError
from digest.fetch import LIMITS, Fetcher, Get, Limits, Response
from digest.pipeline.ingest.host_lock import PATIENCE, SharedTurns
from digest.pipeline.installation import Installation
from digest.sources import Request
from digest.sources.refetch import not_since
from digest.store import session
from digest.store.session import Engine, Session
from digest.store.sources import queries, services


@contextmanager
def getter(
    installation: Installation,
    get: Get | None = None,
    *,
    stopping: Callable[[], bool] = lambda: False,
    seconds: float = math.inf,
) -> Iterator[Get]:
    """What asks for an installation: over the network in its turn, or what is given instead.

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
    """An HTTP client that waits in the installation's line; `limits`: of each request, the others as in
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
    """The answer to a request. Raises NotAskedError where it was made today already, FetchError as `get`.

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


@dataclass(slots=True)
class ServiceTurn:
    """A claimed turn. `failures`: how often in a row the service failed since it last answered."""

    engine: Engine
    name: str
    now: datetime
    failures: int

    @classmethod
    def claim(cls, engine: Engine, name: str, now: datetime, *, until: datetime) -> Self | None:
        """Claim a service until a time. None: its time hasn't come, or another process has it."""
        with session.transaction(engine) as db:
            claimed = services.claim(db, name, now=now, until=until)
        return cls(engine, name, now, claimed.failures) if claimed else None

    @contextmanager
    def answered(self) -> Iterator[Session]:
        """Open the transaction in which an answer is stored; that the service answered is noted with it."""
        with session.transaction(self.engine) as db:
            yield db
            services.succeeded(db, self.name, now=self.now)
        self.failures = 0

    def postpone(self, wait: timedelta) -> None:
        """Leave the service alone for so long."""
        with session.transaction(self.engine) as db:
            services.postponed(db, self.name, next_at=self.now + wait)

    def failed(self, error: str, wait: timedelta) -> None:
        """Note why the turn ended early, and leave the service alone for so long."""
        with session.transaction(self.engine) as db:
            services.failed(db, self.name, now=self.now, error=error, next_at=self.now + wait)

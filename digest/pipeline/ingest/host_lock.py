"""Locks a host across processes and machines: an installation sends it one request at a time.

In: a host name. Out: a block in which its site is ours. The state is a row of the database (`store.sites`).
Never: a second request to a site before the last is answered and its pause is over, or a wait without end.
"""

import time
import uuid
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta

from digest.errors import FetchError, NotAskedError
from digest.fetch import LIMITS, PAUSES, site_of
from digest.store import session
from digest.store.session import Engine
from digest.store.sources import host_lock

LEASE = LIMITS.total + 30.0  # seconds: longer than any request may take, with what its name's look-up takes
PATIENCE = 90.0  # seconds that a fetch waits for its turn before it does something else
PIECE = 0.5  # seconds of a wait after which it looks whether it is told to stop
LOOK = 0.1  # seconds between two looks at a turn that somebody else holds
REST = 60.0  # seconds that a site is left alone when it says 429 or 503 without saying for how long


class SharedTurns:
    """The `Turn` of an installation. `pauses`: by site, seconds from the end of a request to the next one.

    The pause counts from the end, not from the start: only so two requests can't arrive closer together than
    it, however long either was under way. `own_hosts` are machines of the operator's own network: several
    services may share such a name, so that one of them wants to rest says nothing of the others.
    """

    def __init__(
        self,
        engine: Engine,
        pauses: Mapping[str, float] = PAUSES,
        *,
        own_hosts: Collection[str] = (),
        lease: float = LEASE,
        patience: float = PATIENCE,
        sleep: Callable[[float], None] = time.sleep,
        stopping: Callable[[], bool] = lambda: False,
    ) -> None:
        self._engine = engine
        self._pauses = pauses
        self._own_hosts = own_hosts
        self._lease = lease
        self._patience = patience
        self._sleep = sleep
        self._stopping = stopping

    @contextmanager
    def __call__(self, host: str) -> Iterator[None]:
        """Hold the host's site while the block runs, then let it rest: its pause, or what it asked for.

        Raises NotAskedError where the turn won't come within our patience, or when `stopping`.
        """
        site = site_of(host, self._pauses)
        pause = self._pauses.get(site, 0.0)
        holder = uuid.uuid4().hex
        self._wait(site, holder, pause)
        rest = pause
        try:
            yield
        except FetchError as error:
            if host not in self._own_hosts:
                rest = max(pause, _rest(error))
            raise
        finally:
            with session.transaction(self._engine) as db:
                host_lock.release(db, site, holder, rest=timedelta(seconds=rest))

    def _wait(self, site: str, holder: str, pause: float) -> None:
        left = self._patience
        while True:
            with session.transaction(self._engine) as db:
                wait = host_lock.take(db, site, holder, held=timedelta(seconds=self._lease + pause))
                held = bool(wait) and host_lock.is_held(db, site)
            if not wait:
                return
            nap = LOOK if held else wait.total_seconds()
            if nap > left:
                raise NotAskedError(
                    f"{site} is not asked: it wants to rest, or other requests are in line",
                    retry_after=wait.total_seconds(),
                )
            left -= nap
            while nap > 0:  # in pieces: a process that is told to stop has seconds
                if self._stopping():
                    raise NotAskedError(f"{site} is not asked: this process was told to stop")
                self._sleep(min(nap, PIECE))
                nap -= PIECE


def _rest(error: FetchError) -> float:
    """How long a site wants to be left alone by everybody after this error."""
    if error.status not in {429, 503}:
        return 0.0
    return REST if error.retry_after is None else error.retry_after

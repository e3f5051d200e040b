"""Locks a host for one request: a host comes in, and the caller holds its site until the answer is read.

A site that asks for a pause between requests gets it over all of its host names together; every site gets one
request at a time. Never: a look at what is requested, or state beyond this process. The limiter that all
processes of an installation share takes the same shape (`Turn`): `digest.pipeline.turns`.
"""

import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager

Turn = Callable[[str], AbstractContextManager[None]]
"""Given a host name: waits for the turn of its site, and holds it until the request is done.

A site that says "not now" (HTTP 429, 503) shows as the FetchError that leaves the block.
"""

PAUSES: Mapping[str, float] = {
    # Terms of use of arXiv's APIs: no more than one request every three seconds, a single connection at a
    # time, over API, feeds and OAI-PMH together: rss., export. and oaipmh.arxiv.org are one site.
    "arxiv.org": 3.0,
    # GitHub wants requests one after the other, and nobody in a hurry gets its secondary limits to know.
    "api.github.com": 1.0,
    # With a key one request per second; without one everybody shares what there is.
    "api.semanticscholar.org": 1.0,
}
"""Site (a domain with everything below it) → seconds between one request and the next."""


def site_of(host: str, pauses: Mapping[str, float] = PAUSES) -> str:
    """Return the site that a host name belongs to: one that asks for a pause, else the host itself."""
    return next((site for site in pauses if host == site or host.endswith(f".{site}")), host)


class Turns:
    """The turns of one process, for any number of threads."""

    def __init__(
        self,
        pauses: Mapping[str, float] = PAUSES,
        *,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._pauses = pauses
        self._clock = clock
        self._sleep = sleep
        self._locks: dict[str, threading.Lock] = {}
        self._next: dict[str, float] = {}

    @contextmanager
    def __call__(self, host: str) -> Iterator[None]:
        """Wait until nobody else asks this site and its pause is over; hold it while the block runs."""
        site = site_of(host, self._pauses)
        with self._locks.setdefault(site, threading.Lock()):
            wait = self._next.get(site, 0.0) - self._clock()
            if wait > 0:
                self._sleep(wait)
            self._next[site] = self._clock() + self._pauses.get(site, 0.0)
            yield


TURNS = Turns()
"""The turns of this process: every Fetcher waits in this line unless it is given another."""

"""How much work of this process one network may cause: a budget of processor seconds, and few costly requests
at once.

In: requests to handlers marked `@costly`. Out: their answers, or 429 and 503 with `Retry-After`. What is
counted is what a request really cost, so that a new kind of costly request needs no guess of its own. Counts
live in this process and end with it; those that must outlive it are the pipeline's (`rate_limits`).
"""

import ipaddress
import threading
import time
from collections import OrderedDict, deque
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import wraps
from typing import ParamSpec, TypeVar

from starlette.exceptions import HTTPException

from digest.languages import deferred

P = ParamSpec("P")
T = TypeVar("T")

BURST = 6.0  # seconds of a processor that a network may use at once: some two hundred previews
REFILL = 0.1  # seconds of a processor that it gets back in each second
LEAST = 0.01  # what a request counts for at least: there is work that no thread's clock shows
MOST_NETWORKS = 10_000  # that are remembered; the one that has been quiet longest is forgotten first
AT_ONCE = 2  # costly requests; more of them would only take turns on the interpreter
WAITING = 24  # more that may wait for a place: each holds one of the 40 threads that answer requests
PATIENCE = 2.0  # seconds that they wait
IPV6_SITE = 64  # bits of an IPv6 address that one customer has to themselves


def network(address: str) -> str:
    """Return what counts as one visitor: an IPv4 address, or the /64 of an IPv6 address."""
    try:
        known = ipaddress.ip_address(address)
    except ValueError:
        return ""
    if isinstance(known, ipaddress.IPv6Address):
        if known.ipv4_mapped:
            return str(known.ipv4_mapped)
        return str(ipaddress.ip_network((int(known), IPV6_SITE), strict=False).network_address)
    return str(known)


class CostBudget:
    """A token bucket per network whose tokens are seconds of a processor."""

    def __init__(
        self, burst: float = BURST, refill: float = REFILL, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._burst = burst
        self._refill = refill
        self._clock = clock
        self._lock = threading.Lock()
        self._left: OrderedDict[str, tuple[float, float]] = OrderedDict()  # network → (seconds left, when)

    def wait(self, network: str) -> float:
        """Return 0, or the seconds until this network may cause work again."""
        with self._lock:
            return max(0.0, -self._now(network) / self._refill)

    def spend(self, network: str, seconds: float) -> None:
        """Count work that was done for a network; it may run into debt, and then waits longer."""
        with self._lock:
            self._left[network] = (self._now(network) - seconds, self._clock())
            self._left.move_to_end(network)
            while len(self._left) > MOST_NETWORKS:
                self._left.popitem(last=False)

    def _now(self, network: str) -> float:
        left, when = self._left.get(network, (self._burst, self._clock()))
        return min(self._burst, left + (self._clock() - when) * self._refill)


class Gate:
    """A few places for costly work, and a short queue before them. Handlers wait in it on their threads.

    A place that is left goes to who has waited longest: if somebody who came just then could take it, one in
    twenty would wait twice as long as the others.
    """

    def __init__(self, at_once: int = AT_ONCE, waiting: int = WAITING, patience: float = PATIENCE) -> None:
        self._lock = threading.Lock()
        self._free = at_once
        self._most_waiting = waiting
        self._patience = patience
        self._queue: deque[threading.Event] = deque()  # each is set when its place is there

    @property
    def waiting(self) -> int:
        """How many wait for a place."""
        return len(self._queue)

    @contextmanager
    def entered(self) -> Iterator[None]:
        """Hold a place; HTTPException 503 where the queue is full or doesn't move."""
        self._enter()
        try:
            yield
        finally:
            self._leave()

    def _enter(self) -> None:
        with self._lock:
            if self._free:
                self._free -= 1
                return
            if len(self._queue) >= self._most_waiting:
                raise _busy()
            turn = threading.Event()
            self._queue.append(turn)
        if turn.wait(self._patience):
            return
        with self._lock:
            if turn.is_set():  # just now
                return
            self._queue.remove(turn)
        raise _busy()

    def _leave(self) -> None:
        with self._lock:
            if self._queue:
                self._queue.popleft().set()
            else:
                self._free += 1


class Limits:
    """The budget and the gate of one running site."""

    def __init__(self, budget: CostBudget | None = None, gate: Gate | None = None) -> None:
        self._budget = budget or CostBudget()
        self._gate = gate or Gate()

    @contextmanager
    def admitted(self, address: str) -> Iterator[None]:
        """Let the work of one request in, and count what this thread spends on it.

        Raises HTTPException: 429 where the network of `address` used its budget up, 503 where too much is
        under way.
        """
        visitor = network(address)
        if wait := self._budget.wait(visitor):
            raise HTTPException(
                429, deferred("too much came from your network at once"), dict(retry_after(wait))
            )
        with self._gate.entered():
            began = time.thread_time()
            try:
                yield
            finally:
                self._budget.spend(visitor, max(LEAST, time.thread_time() - began))


def costly(handler: Callable[P, T]) -> Callable[P, T]:
    """Mark a handler whose work a stranger can make large; it must take `request` and `web`.

    Reading a page without a query isn't counted: such pages cost the same whoever asks.
    """

    @wraps(handler)
    def guarded(*args: P.args, **kwargs: P.kwargs) -> T:
        request, web = kwargs["request"], kwargs["web"]
        if request.method in {"GET", "HEAD"} and not request.scope["query_string"]:  # type: ignore[attr-defined] # a Request
            return handler(*args, **kwargs)
        with web.limits.admitted(web.ip(request)):  # type: ignore[attr-defined] # a Web
            return handler(*args, **kwargs)

    return guarded


def retry_after(wait: float) -> Mapping[str, str]:
    """Return the header that says when to come again (RFC 9110, 10.2.3)."""
    return {"Retry-After": str(max(1, int(wait) + (wait % 1 > 0)))}


def _busy() -> HTTPException:
    return HTTPException(
        503, deferred("too many people are looking at previews right now"), dict(retry_after(PATIENCE))
    )

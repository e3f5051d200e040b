"""Limits connections of the web server: how many there may be, for how long each, and which has to go.

In: sockets that strangers open. Out: the same, served by uvicorn, or closed: uvicorn itself waits for ever
for the rest of a request, and for somebody who doesn't read. Never: what is asked (`guards`, `limits`).

A whole request head must be there within `head` seconds, its body within `body`, and its answer must be made
and taken within `answer`. One network has a part of the room only; whoever opens more loses their own oldest
connection that holds no whole request, so that others never notice.
"""

import asyncio
import ipaddress
import resource
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, cast

import h11
import uvicorn
from starlette.types import ASGIApp
from uvicorn.protocols.http.h11_impl import H11Protocol

from digest.web.limits import network

DRAIN = 2  # seconds that open requests have when the process is told to stop
MOST_DESCRIPTORS = 65_536  # that are asked of the system; a connection needs one
MOST = 4096  # connections, however many descriptors there are
MOST_OF_NETWORK = 256  # of one network: many people may share an address
_FULL = b"Too many connections. Try again in a moment.\n"
FULL = (
    b"HTTP/1.1 503 Service Unavailable\r\nRetry-After: 10\r\nContent-Type: text/plain\r\n"
    b"Connection: close\r\nContent-Length: %d\r\n\r\n%b" % (len(_FULL), _FULL)
)


@dataclass(frozen=True, slots=True)
class Patience:
    """Seconds that each part of an exchange may take."""

    idle: float = 15.0  # between two requests; uvicorn ends it sooner
    head: float = 10.0
    body: float = 20.0
    answer: float = 60.0
    closing: float = 20.0  # to take what was sent before the connection was closed


@dataclass(frozen=True, slots=True)
class Room:
    """How many connections may be open at once, in all and of one network, and wait to be accepted."""

    most: int
    of_network: int
    backlog: int


def room(descriptors: int) -> Room:
    """Return the room that this many file descriptors leave for visitors.

    A part is kept for delivery, the database and files. Connections are accepted `backlog` at a time, and one
    that is too much is known and closed only a few turns of the loop later.
    """
    backlog = min(max(descriptors // 16, 8), 2048)
    kept = min(max(descriptors // 4, 64), 512)
    most = min(max(descriptors - kept - 4 * backlog, 16), MOST)
    return Room(most, min(max(most // 4, 8), MOST_OF_NETWORK), backlog)


def raise_descriptors() -> int:
    """Ask the system for as many descriptors as this process may have; returns how many it has now."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = MOST_DESCRIPTORS if hard == resource.RLIM_INFINITY else min(hard, MOST_DESCRIPTORS)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
        soft = wanted
    return MOST_DESCRIPTORS if soft == resource.RLIM_INFINITY else soft


def configure(
    app: ASGIApp,
    *,
    proxies: Sequence[str] = (),
    room: Room,
    patience: Patience = Patience(),
) -> uvicorn.Config:
    """Return how uvicorn serves an application. `proxies`: networks that may hold any part of the room."""
    connections = Connections(room, patience, proxies)
    return uvicorn.Config(
        app,
        # Its own loop accepts no more than `backlog` at a time; uvloop takes all that there are.
        loop="asyncio",
        http=cast("type[asyncio.Protocol]", partial(Connection, connections)),
        ws="none",
        log_config=None,
        access_log=False,  # its lines hold the tokens of links
        server_header=False,
        proxy_headers=False,  # X-Forwarded-For is read by the settings' proxies only (guards.client_ip)
        backlog=room.backlog,
        timeout_graceful_shutdown=DRAIN,
        lifespan="on",
    )


class Connections:
    """All open connections of a server; lives on its loop."""

    def __init__(self, room: Room, patience: Patience, proxies: Sequence[str]) -> None:
        self._room = room
        self._patience = patience
        self._proxies = [ipaddress.ip_network(proxy) for proxy in proxies]
        self._open: dict[str, set[Connection]] = defaultdict(set)  # by network; of proxies under ""
        self._count = 0
        self._is_watching = False

    def add(self, connection: "Connection") -> None:
        """Let a connection in; where there is no room, the oldest one without a request goes, else this."""
        connection.network = self._network(connection)
        mine = self._open.get(connection.network, set())
        if connection.network and len(mine) >= self._room.of_network:
            has_room = self._drop_one(mine)
        elif self._count >= self._room.most:
            has_room = self._drop_one(max(self._open.values(), key=len))
        else:
            has_room = True
        self._open[connection.network].add(connection)
        self._count += 1
        if not has_room:
            connection.transport.write(FULL)
            connection.transport.close()
        if not self._is_watching:
            self._is_watching = True
            connection.loop.call_later(1.0, self._watch, connection.loop)

    def remove(self, connection: "Connection") -> None:
        """Forget a connection that is closed, or about to be."""
        mine = self._open.get(connection.network, set())
        if connection in mine:
            mine.remove(connection)
            self._count -= 1
            if not mine:
                del self._open[connection.network]

    def _network(self, connection: "Connection") -> str:
        address = connection.client[0] if connection.client else ""
        visitor = network(address)
        is_proxy = visitor and any(ipaddress.ip_address(address) in each for each in self._proxies)
        return "" if is_proxy else visitor

    def _drop_one(self, group: "set[Connection]") -> bool:
        """Close the connection of a group that has had no whole request for the longest, if any has none."""
        waiting = [each for each in group if each.phase in {"idle", "head", "body"}]
        if not waiting:
            return False
        self._drop(min(waiting, key=lambda each: each.since))
        return True

    def _drop(self, connection: "Connection") -> None:
        self.remove(connection)
        connection.transport.abort()

    def _watch(self, loop: asyncio.AbstractEventLoop) -> None:
        """Once a second: close what takes too long."""
        now = loop.time()
        for connection in [each for group in self._open.values() for each in group]:
            if connection.transport.is_closing():
                connection.enter("closing")
            if now - connection.since > getattr(self._patience, connection.phase):
                self._drop(connection)
        self._is_watching = self._count > 0
        if self._is_watching:
            loop.call_later(1.0, self._watch, loop)


class Connection(H11Protocol):
    """A connection of uvicorn that knows what it waits for, and since when."""

    def __init__(self, connections: Connections, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._registry = connections
        self.network = ""
        self.phase = "head"  # a field of Patience
        self.since = self.loop.time()

    def enter(self, phase: str) -> None:
        """Begin a phase, where it isn't the one that goes on."""
        if phase != self.phase:
            self.phase, self.since = phase, self.loop.time()

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override] # as uvicorn has it
        super().connection_made(transport)
        self._registry.add(self)

    def connection_lost(self, exc: Exception | None) -> None:
        self._registry.remove(self)
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        if self.phase == "idle":
            self.enter("head")
        super().data_received(data)
        self.enter(self._current())

    def on_response_complete(self) -> None:
        super().on_response_complete()
        current = self._current()  # the answer to the next request, where that has come already
        self.phase, self.since = "idle" if current == "head" else current, self.loop.time()

    def _current(self) -> str:
        if self.transport.is_closing():
            return "closing"
        if self.conn.their_state is h11.IDLE:
            return "head"
        return "body" if self.conn.their_state is h11.SEND_BODY else "answer"

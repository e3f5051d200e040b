"""Sends messages to an SMTP server over a few connections that are kept.

In: envelopes, many at once. Out: their receipts. Never: more connections than were allowed, or an order of
messages that anybody may rely on.
"""

import asyncio

from digest.deliver.connection import Connection
from digest.deliver.envelope import BeforeBody, Envelope
from digest.deliver.server import Server, Timeouts
from digest.domain import Receipt


class SmtpTransport:
    """A pool of connections. The one that was used last is taken first, so that idle ones stay few."""

    def __init__(self, server: Server, *, connections: int, timeouts: Timeouts) -> None:
        self._connections = [Connection(server, timeouts) for _ in range(connections)]
        self._free: asyncio.LifoQueue[Connection] = asyncio.LifoQueue()
        for connection in self._connections:
            self._free.put_nowait(connection)

    async def hand_over(self, envelope: Envelope, *, before_body: BeforeBody) -> Receipt:
        """See `Transport`."""
        connection = await self._free.get()
        try:
            return await connection.hand_over(envelope, before_body)
        finally:
            self._free.put_nowait(connection)

    async def close(self) -> None:
        """See `Transport`."""
        await asyncio.gather(*(connection.quit() for connection in self._connections))

"""An SMTP sink that takes everything and keeps nothing: a process of its own, as quick as asyncio allows.

`python -m benchmarks.discard PORT`; `sink()` starts one and ends it.
"""

import asyncio
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import cast

import uvloop


class _Discard(asyncio.Protocol):
    """One connection. Commands may come several at once (RFC 2920); a body ends with a dot alone."""

    def __init__(self) -> None:
        self._rest = b""
        self._in_body = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._out = cast("asyncio.Transport", transport)
        self._out.write(b"220 discard\r\n")

    def data_received(self, data: bytes) -> None:
        self._rest += data
        replies = bytearray()
        while True:
            end = b"\r\n.\r\n" if self._in_body else b"\r\n"
            head, found, tail = self._rest.partition(end)
            if not found:
                break
            self._rest = tail
            replies += self._answer(head)
        if replies:
            self._out.write(bytes(replies))

    def _answer(self, line: bytes) -> bytes:
        if self._in_body:
            self._in_body = False
            return b"250 2.0.0 discarded\r\n"
        verb = line[:4].upper()
        if verb == b"DATA":
            self._in_body = True
            return b"354 go on\r\n"
        if verb == b"EHLO":
            return b"250-discard\r\n250-PIPELINING\r\n250-SIZE\r\n250-8BITMIME\r\n250 SMTPUTF8\r\n"
        return b"221 bye\r\n" if verb == b"QUIT" else b"250 2.1.0 ok\r\n"


async def _serve(port: int) -> None:
    server = await asyncio.get_running_loop().create_server(_Discard, "127.0.0.1", port)
    async with server:
        await server.serve_forever()


@contextmanager
def sink() -> Iterator[str]:
    """The URL of a running one."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    process = subprocess.Popen([sys.executable, "-m", "benchmarks.discard", str(port)])
    try:
        while True:
            try:
                socket.create_connection(("127.0.0.1", port)).close()
                break
            except ConnectionRefusedError:
                time.sleep(0.02)
        yield f"smtp://127.0.0.1:{port}"
    finally:
        process.kill()
        process.wait()


if __name__ == "__main__":
    uvloop.run(_serve(int(sys.argv[1])))

"""An SMTP sink for the kill matrix: a process of its own that writes down all that it takes, and drops lines.

Run as `python sink.py PORT LOG FATES`. A line of LOG is one event, written before what follows from it:
`open LINE`, `asked LINE` (before the 354), `begun LINE` (some of the body is here), `taken LINE MESSAGE-ID`
(before the 250), `said LINE` (after it), `dropped LINE PHASE [MESSAGE-ID]`, `died LINE PHASE [MESSAGE-ID]`,
and at the client's end `quit LINE` or `lost LINE`. LINE names a connection, MESSAGE-ID is `?` where there is
none.

FATES is a file of lines `PHASE SHARE`, read anew for each connection: that share of lines drops at `mail`,
`rcpt`, `data`, `body` (in its middle), `dot` (after it, the message not kept) or `after` (kept, the 250 not
said). With `die-` before the phase the whole sink kills itself there; `die-said` is after the 250. Plain
asyncio: it must be quick. What it wrote outlives its own death; nothing here kills the machine.
"""

import asyncio
import contextlib
import os
import random
import re
import signal
import sys
from itertools import count
from pathlib import Path

_MESSAGE_ID = re.compile(rb"^message-id:\s*(<[^>]+>)", re.IGNORECASE | re.MULTILINE)
_EXTENSIONS = b"250-sink\r\n250-PIPELINING\r\n250 8BITMIME\r\n"


class _DroppedError(Exception):
    """The line is to be dropped."""


class Sink:
    """The state of one sink process."""

    def __init__(self, log: Path, fates: Path) -> None:
        self._log = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        self._path = fates
        self._fates: dict[str, float] = {}
        self._chance = random.Random()
        self._lines = count(1)

    async def talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection, until it ends or is dropped."""
        self._read_fates()
        line = f"{os.getpid()}.{next(self._lines)}"
        self._note("open", line)
        try:
            self._note("quit" if await self._talk(line, reader, writer) else "lost", line)
        except (ConnectionError, asyncio.IncompleteReadError):
            self._note("lost", line)
        except _DroppedError:
            pass
        finally:
            writer.transport.abort()

    async def _talk(self, line: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        """Answer until the client goes; returns whether it said goodbye."""
        writer.write(b"220 sink\r\n")
        while command := await reader.readline():
            verb = command[:4].strip().lower().decode("ascii", "replace")
            self._meet_fate(line, verb)
            if verb == "quit":
                writer.write(b"221 bye\r\n")
                await writer.drain()
                return True
            if verb == "data":
                self._note("asked", line)
                writer.write(b"354 go on\r\n")
                await self._body(line, reader)
                writer.write(b"250 kept\r\n")
                self._note("said", line)
                await writer.drain()
                self._meet_fate(line, "said")
            else:
                writer.write(_EXTENSIONS if verb == "ehlo" else b"250 ok\r\n")
        return False

    async def _body(self, line: str, reader: asyncio.StreamReader) -> None:
        """Take a message, and write it down."""
        begun = await reader.readexactly(1000)  # every digest is longer by far
        self._note("begun", line)
        self._meet_fate(line, "body")
        body = begun + await reader.readuntil(b"\r\n.\r\n")
        found = _MESSAGE_ID.search(body)
        name = found[1].decode() if found else "?"
        self._meet_fate(line, "dot", name)
        self._note("taken", line, name)
        self._meet_fate(line, "after", name)

    def _meet_fate(self, line: str, phase: str, *about: str) -> None:
        """Go on, or raise _DroppedError, or don't return at all because the whole sink dies."""
        if self._happens(f"die-{phase}"):
            self._note("died", line, phase, *about)
            os.kill(os.getpid(), signal.SIGKILL)
        if self._happens(phase):
            self._note("dropped", line, phase, *about)
            raise _DroppedError

    def _happens(self, what: str) -> bool:
        share = self._fates.get(what, 0.0)
        return share > 0 and self._chance.random() < share

    def _note(self, *event: str) -> None:
        os.write(self._log, " ".join(event).encode() + b"\n")

    def _read_fates(self) -> None:
        with contextlib.suppress(FileNotFoundError):
            lines = (line.split() for line in self._path.read_text().splitlines())
            self._fates = {phase: float(share) for phase, share in lines}


async def main(port: int, log: Path, fates: Path) -> None:
    sink = Sink(log, fates)
    server = await asyncio.start_server(sink.talk, "127.0.0.1", port, limit=2**22)
    async with server:
        await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]), Path(sys.argv[2]), Path(sys.argv[3])))

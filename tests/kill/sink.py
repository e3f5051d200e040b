"""An SMTP sink for the kill matrix: a process of its own that writes down all that it takes, and drops lines.

Run as `python sink.py PORT LOG FATES`. Each line of LOG is one event, on disk before its reply leaves:
`taken <Message-ID>` before the 250, `dropped PHASE [Message-ID]`, `died PHASE`. FATES is a file of lines
`PHASE SHARE`, read anew for each connection: that share of lines drops at `mail`, `rcpt`, `data`, `body` (in
its middle), `dot` (after it, the message not kept) or `after` (kept, the 250 not said). With `die-` before
the phase the whole sink kills itself there; `die-said` is after the 250. Plain asyncio: it must be quick.
"""

import asyncio
import contextlib
import os
import random
import re
import signal
import sys
from pathlib import Path

_MESSAGE_ID = re.compile(rb"^message-id:\s*(<[^>]+>)", re.IGNORECASE | re.MULTILINE)


class Sink:
    """The state of one sink process."""

    def __init__(self, log: Path, fates: Path) -> None:
        self._log = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        self._path = fates
        self._fates: dict[str, float] = {}
        self._chance = random.Random()

    def note(self, line: str) -> None:
        """One event, on disk when this returns."""
        os.write(self._log, f"{line}\n".encode())
        os.fdatasync(self._log)

    def fate(self, phase: str) -> bool:
        """Whether the line drops now. Doesn't return where the whole sink dies."""
        if self._happens(f"die-{phase}"):
            self.note(f"died {phase}")
            os.kill(os.getpid(), signal.SIGKILL)
        return self._happens(phase)

    def _happens(self, what: str) -> bool:
        share = self._fates.get(what, 0.0)
        return share > 0 and self._chance.random() < share

    async def talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection, until it ends or is dropped."""
        self._read_fates()
        try:
            await self._talk(reader, writer)
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.transport.abort()

    def _read_fates(self) -> None:
        with contextlib.suppress(FileNotFoundError):
            lines = (line.split() for line in self._path.read_text().splitlines())
            self._fates = {phase: float(share) for phase, share in lines}

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 sink\r\n")
        while line := await reader.readline():
            verb = line[:4].strip().lower().decode("ascii", "replace")
            if self.fate(verb):
                self.note(f"dropped {verb}")
                return
            if verb == "data":
                writer.write(b"354 go on\r\n")
                if not await self._body(reader, writer):
                    return
            elif verb == "quit":
                writer.write(b"221 bye\r\n")
                await writer.drain()
                return
            else:
                writer.write(
                    b"250-sink\r\n250-PIPELINING\r\n250 8BITMIME\r\n" if verb == "ehlo" else b"250 ok\r\n"
                )

    async def _body(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        if self.fate("body"):
            await reader.read(1000)
            self.note("dropped body")
            return False
        body = await reader.readuntil(b"\r\n.\r\n")
        found = _MESSAGE_ID.search(body)
        name = found[1].decode() if found else "?"
        if self.fate("dot"):
            self.note(f"dropped dot {name}")
            return False
        self.note(f"taken {name}")
        if self.fate("after"):
            self.note(f"dropped after {name}")
            return False
        writer.write(b"250 kept\r\n")
        await writer.drain()
        self.fate("said")
        return True


async def main(port: int, log: Path, fates: Path) -> None:
    sink = Sink(log, fates)
    server = await asyncio.start_server(sink.talk, "127.0.0.1", port, limit=2**22)
    async with server:
        await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]), Path(sys.argv[2]), Path(sys.argv[3])))

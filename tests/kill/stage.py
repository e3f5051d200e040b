"""The stage of the kill matrix: an issue that is due, a sink, the processes that deliver it, its accounts.

Everything is a real process that gets real signals. What isn't real is waiting: rows that wait for their next
attempt are told that it is now, so that a round takes seconds instead of the minutes of a back-off.
"""

import os
import random
import signal
import subprocess
import sys
import time
import urllib.request
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from sqlalchemy import Engine, text

from digest.domain import DeliveryState
from digest.store import deliveries, session
from digest.store.session import DBAPIError
from tests.kill.audience import AUDIENCE
from tests.kill.mail_server import Sink
from tests.ports import free_port

ROOT = Path(__file__).parents[2]
LEASE = 4.0  # seconds; 900 where nobody tests
CONNECTIONS = 4  # of a process to the sink
CONCURRENCY = 2  # processes of a worker
PATIENCE = 150.0  # seconds until an issue has to be out
STOPPING = 45.0  # seconds that Compose and systemd give a process to stop
KEY = "a key that only the kill matrix uses"
WAITING = "state IN ('queued', 'deferred', 'sending')"
LONG_AGO = "SELECT min(created_at) FROM subscribers"  # by every clock of every scene
Process = subprocess.Popen[bytes]


@dataclass
class Stage:
    """One issue for `AUDIENCE` subscribers, due for a while, and who delivers it."""

    folder: Path
    environment: dict[str, str]
    engine: Engine
    sink: Sink
    chance: random.Random
    port: int = field(default_factory=free_port)  # of the pages
    processes: list[Process] = field(default_factory=list)
    doubts: int = 0  # that what was done to the processes may have left

    # ------------------------------------------------------------ processes

    def start(self, *command: str, name: str, settings: Mapping[str, str] | None = None) -> Process:
        """Start a process of ours in a group of its own."""
        with (self.folder / f"{name}.log").open("ab") as log:
            process = subprocess.Popen(
                [sys.executable, "-m", *command],
                cwd=self.folder,
                env=self.environment | dict(settings or {}),
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        self.processes.append(process)
        return process

    def worker(self, name: str) -> Process:
        options = ["--concurrency", str(CONCURRENCY), "--without-mingle", "--without-gossip", "-l", "INFO"]
        command = ["celery", "-A", "workers", "--quiet", "worker", *options, "-n", f"{name}@%h"]
        return self.start(*command, name=name)

    def beat(self, name: str) -> Process:
        return self.start("celery", "-A", "workers", "--quiet", "beat", name=name)

    def run_once(self, settings: Mapping[str, str] | None = None) -> Process:
        """`digest run`, with something else in its environment, maybe."""
        return self.start("digest", "run", "--no-fetch", name="run", settings=settings)

    def serve(self) -> Process:
        """`digest serve`: pages, scheduler and delivery in one process."""
        return self.start("digest", "serve", "--port", str(self.port), name="serve")

    def kill(self, process: Process, *, connections: int, whole: bool = True) -> None:
        """SIGKILL a process (with its children, or alone); `connections`: what it may have had open."""
        if process.poll() is None:
            (os.killpg if whole else os.kill)(process.pid, signal.SIGKILL)
            process.wait()
            self.doubts += connections

    def stop(self, process: Process, code: int = 0) -> None:
        """SIGTERM a process; it has to end well, and in the time that whoever started it gives it."""
        process.terminate()
        found = process.wait(STOPPING)
        assert found == code, f"{found}\n{self.logs()}"

    def end(self) -> None:
        for process in self.processes:
            try:
                os.killpg(process.pid, signal.SIGKILL)
            except ProcessLookupError:
                continue
            process.wait()
        self.sink.kill()

    # ------------------------------------------------------------ the issue

    def until_sent(self, share: float, meanwhile: Callable[[], None] = lambda: None) -> None:
        """Wait until the sink has this share of the mail."""
        self._until(lambda: self.taken() >= share * AUDIENCE, meanwhile)

    def until_out(self, meanwhile: Callable[[], None] = lambda: None) -> None:
        """Wait until everybody has a row and nothing waits any more."""
        self._until(self._is_out, meanwhile)

    def until_served(self) -> None:
        """Wait until pages are answered: from then on `digest serve` heeds signals."""
        self._until(self._is_served, lambda: None)

    def until_ready(self, worker: str) -> None:
        """Wait until a worker takes tasks: from then on it heeds signals."""
        log = self.folder / f"{worker}.log"
        self._until(lambda: " ready." in log.read_text(errors="replace"), lambda: None)

    def taken(self) -> int:
        """How many messages the sink has."""
        return len(self.sink.log.read().taken)

    def held(self) -> int:
        """How many rows a process holds."""
        with session.reading(self.engine) as db:
            return db.scalar(text("SELECT count(*) FROM deliveries WHERE lease_until IS NOT NULL")) or 0

    def _is_served(self) -> bool:
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{self.port}/healthz", timeout=5).close()
        except OSError:
            return False
        return True

    def _is_out(self) -> bool:
        try:
            with session.reading(self.engine) as db:
                rows, waiting = db.execute(
                    text(f"SELECT count(*), count(CASE WHEN {WAITING} THEN 1 END) FROM deliveries")
                ).one()
        except DBAPIError:  # it is killed as well
            return False
        return rows == AUDIENCE and not waiting

    def _until(self, true: Callable[[], bool], meanwhile: Callable[[], None]) -> None:
        deadline = time.monotonic() + PATIENCE
        looks = 0
        while not true():
            self.sink.keep_up()
            meanwhile()
            looks += 1
            if looks % 20 == 0:
                self._cut_short()
            if time.monotonic() > deadline:
                pytest.fail(f"the issue isn't out: {self.account()}\n{self.logs()}")
            time.sleep(0.05)

    def _cut_short(self) -> None:
        """Whoever waits for a next attempt has waited."""
        try:
            with session.transaction(self.engine) as db:
                db.execute(text(f"UPDATE deliveries SET next_attempt_at = ({LONG_AGO}) WHERE {WAITING}"))
        except DBAPIError:
            return

    # ------------------------------------------------------------ its accounts

    def account(self) -> str:
        log = self.sink.log.read()
        with session.reading(self.engine) as db:
            states = db.execute(text("SELECT state, count(*) FROM deliveries GROUP BY state")).all()
        return (
            f"{dict(map(tuple, states))}, the sink took {len(log.taken)}; doubts: {len(log.unanswered)}"
            f" without an answer, at most {len(log.unsure)} by the sink's death, {log.broken_off} broken off,"
            f" {self.doubts} by what was done to the others ({log.deserted} bodies were deserted)"
        )

    def logs(self) -> str:
        paths = sorted(self.folder.glob("*.log"))
        return "\n".join(
            f"{p.name}: {p.read_text(errors='replace')[-3000:]}" for p in paths if p != self.sink.log.path
        )

    def check(self) -> None:
        """Compare the sink's own log with the ledger."""
        log = self.sink.log.read()
        taken = Counter(log.taken)
        with session.reading(self.engine) as db:
            rows = db.execute(text("SELECT subscriber_id, message_id, state, reason FROM deliveries")).all()
            people = set(db.scalars(text("SELECT id FROM subscribers")))
            wrong = [account.wrong for account in deliveries.accounts(db)]
        others = Counter((row.state, row.reason) for row in rows if row.state not in _ENDS)
        sent = {row.message_id for row in rows if row.state == DeliveryState.SENT}
        uncertain = {row.message_id for row in rows if row.state == DeliveryState.UNCERTAIN}
        print(self.account())
        assert sorted(row.subscriber_id for row in rows) == sorted(people), "one row each, nobody missing"
        assert set(wrong) == {""}
        assert [name for name, times in taken.items() if times > 1] == [], "nobody twice"
        assert sent == set(taken) - uncertain, "sent are those that the sink has, but for doubts"
        assert not others, others
        assert log.unanswered <= uncertain, "what had no answer is a doubt"
        unexplained = uncertain - log.unanswered - log.unsure
        # A client that goes leaves at most one message for each of its connections, whether it was killed or
        # had waited too long for an answer.
        assert len(unexplained) <= log.broken_off + max(self.doubts, log.deserted), unexplained


_ENDS = {DeliveryState.SENT, DeliveryState.UNCERTAIN}


@contextmanager
def stage(folder: Path, database_url: str, chance: random.Random) -> Iterator[Stage]:
    """A stage over a database whose issue is due; everything that it started is gone at the end."""
    sink = Sink(folder)
    environment = {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": str(ROOT),
        "DIGEST_DATA_DIR": str(folder / "data"),
        "DIGEST_DATABASE_URL": database_url,
        "DIGEST_SMTP_URL": f"smtp://127.0.0.1:{sink.port}",
        "DIGEST_SMTP_CONNECTIONS": str(CONNECTIONS),
        "DIGEST_MAIL_FROM": "papers@example.org",
        "DIGEST_POSTAL_ADDRESS": "1 Test Street",
        "DIGEST_SECRET_KEY": KEY,
        "DIGEST_LEASE_SECONDS": str(LEASE),
        "DIGEST_TICK_SECONDS": "0.5",
    }
    engine = session.connect(database_url)
    set_up = Stage(folder, environment, engine, sink, chance)
    sink.fates()
    sink.keep_up()
    try:
        yield set_up
    finally:
        set_up.end()
        engine.dispose()


def moments(chance: random.Random, count: int) -> list[float]:
    """So many moments of an issue, as shares of its mail that is out by then, in order."""
    return sorted(chance.uniform(0.02, 0.9) for _ in range(count))

"""The stage of the kill matrix: an issue that is due, a sink, the processes that deliver it, its accounts.

Everything is a real process that gets real signals. What isn't real is waiting: rows that wait for their next
attempt are told that it is now, so that a round takes seconds instead of the minutes of a back-off.
"""

import os
import random
import signal
import socket
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine, text

from digest.config import load
from digest.domain import DeliveryState, Interests, Schedule, SourceKind, SubscriberStatus
from digest.pipeline.installation import open_installation
from digest.store import deliveries, papers, session, sources, subscribers
from digest.store.session import DBAPIError
from tests.builders import entry

ROOT = Path(__file__).parents[2]
SINK = Path(__file__).with_name("sink.py")
AUDIENCE = int(os.environ.get("KILL_AUDIENCE", "2000"))
LEASE = 4.0  # seconds; 900 where nobody tests
CONNECTIONS = 4  # of a process to the sink
CONCURRENCY = 2  # processes of a worker
PATIENCE = 150.0  # seconds until an issue has to be out
KEY = "a key that only the kill matrix uses"
WAITING = "state IN ('queued', 'deferred', 'sending')"


@dataclass
class Sink:
    """The process that takes the mail, started again whenever it dies."""

    folder: Path
    port: int
    process: subprocess.Popen[bytes] | None = None
    kills: int = 0

    def fates(self, **shares: float) -> None:
        """From the next connection on, this share of lines drops (or dies) at these phases."""
        lines = [f"{phase.replace('_', '-')} {share}\n" for phase, share in shares.items()]
        (self.folder / "fates").write_text("".join(lines))

    def keep_up(self) -> None:
        """Start it where it isn't running."""
        if self.process is None or self.process.poll() is not None:
            log, fates = self.folder / "sink.log", self.folder / "fates"
            command = [sys.executable, str(SINK), str(self.port), str(log), str(fates)]
            self.process = subprocess.Popen(command)

    def kill(self) -> None:
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self.kills += 1

    def events(self) -> list[list[str]]:
        path = self.folder / "sink.log"
        return [line.split() for line in path.read_text().splitlines()] if path.exists() else []

    def taken(self) -> list[str]:
        """The Message-IDs that it kept, in order."""
        return [event[1] for event in self.events() if event[0] == "taken"]

    def doubts(self) -> int:
        """Lines that it dropped after DATA, and what may have been open when it died."""
        fatal = sum(1 for event in self.events() if event[0] == "died") + self.kills
        dropped = [event for event in self.events() if event[0] == "dropped"]
        late = sum(1 for event in dropped if event[1] in {"body", "dot", "after"})
        return late + fatal * CONNECTIONS


@dataclass
class Stage:
    """One issue for `AUDIENCE` subscribers, due a minute ago, and who delivers it."""

    folder: Path
    environment: dict[str, str]
    engine: Engine
    sink: Sink
    chance: random.Random
    processes: list[subprocess.Popen[bytes]] = field(default_factory=list)
    doubts: int = 0  # that the kills so far may have left
    sink_clients: int = 1  # processes that send

    # ------------------------------------------------------------ processes

    def start(self, *command: str, name: str) -> subprocess.Popen[bytes]:
        """Start a process of ours in a group of its own."""
        with (self.folder / f"{name}.log").open("ab") as log:
            process = subprocess.Popen(
                [sys.executable, "-m", *command],
                cwd=self.folder,
                env=self.environment,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        self.processes.append(process)
        return process

    def worker(self, name: str) -> subprocess.Popen[bytes]:
        options = [
            "--concurrency",
            str(CONCURRENCY),
            "--without-mingle",
            "--without-gossip",
            "-n",
            f"{name}@%h",
        ]
        return self.start("celery", "-A", "workers", "--quiet", "worker", *options, name=name)

    def beat(self, name: str) -> subprocess.Popen[bytes]:
        return self.start("celery", "-A", "workers", "--quiet", "beat", name=name)

    def run_once(self, *, ahead: timedelta = timedelta(0)) -> subprocess.Popen[bytes]:
        """`digest run`, with a clock that may be wrong."""
        clock = ["--now", (datetime.now(UTC) + ahead).isoformat()] if ahead else []
        return self.start("digest", *clock, "run", "--no-fetch", name="run")

    def kill(self, process: subprocess.Popen[bytes], *, connections: int, whole: bool = True) -> None:
        """SIGKILL a process (with its children, or alone); `connections`: what it may have had open."""
        if process.poll() is None:
            (os.killpg if whole else os.kill)(process.pid, signal.SIGKILL)
            process.wait()
            self.doubts += connections

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
        self._until(lambda: len(self.sink.taken()) >= share * AUDIENCE, meanwhile)

    def until_out(self, meanwhile: Callable[[], None] = lambda: None) -> None:
        """Wait until everybody has a row and nothing waits any more."""
        self._until(self._is_out, meanwhile)

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
                db.execute(text(f"UPDATE deliveries SET next_attempt_at = created_at WHERE {WAITING}"))
        except DBAPIError:
            return

    def account(self) -> str:
        with session.reading(self.engine) as db:
            states = db.execute(text("SELECT state, count(*) FROM deliveries GROUP BY state")).all()
        return f"{dict(map(tuple, states))}, sink {len(self.sink.taken())}, doubts ≤ {self._bound()}"

    def logs(self) -> str:
        paths = sorted(self.folder.glob("*.log"))
        return "\n".join(
            f"{p.name}: {p.read_text(errors='replace')[-3000:]}" for p in paths if p.name != "sink.log"
        )

    def _bound(self) -> int:
        return self.doubts + self.sink.doubts() * max(1, self.sink_clients)

    def check(self) -> None:
        """Compare the sink's own log with the ledger."""
        taken = Counter(self.sink.taken())
        with session.reading(self.engine) as db:
            rows = db.execute(text("SELECT subscriber_id, message_id, state FROM deliveries")).all()
            people = set(db.scalars(text("SELECT id FROM subscribers")))
            wrong = [account.wrong for account in deliveries.accounts(db)]
        by_state = Counter(state for _, _, state in rows)
        sent = {name for _, name, state in rows if state == DeliveryState.SENT}
        uncertain = {name for _, name, state in rows if state == DeliveryState.UNCERTAIN}
        print(f"{self.account()}")
        assert sorted(number for number, _, _ in rows) == sorted(people), "one row each, nobody missing"
        assert set(wrong) == {""}
        assert [name for name, times in taken.items() if times > 1] == [], "nobody twice"
        assert sent == set(taken) - uncertain, "sent are those that the sink has, but for doubts"
        assert set(by_state) <= {DeliveryState.SENT, DeliveryState.UNCERTAIN}, by_state
        assert len(uncertain) <= self._bound(), "no more doubts than connections at the kills"


@contextmanager
def stage(folder: Path, database_url: str, chance: random.Random, *, redis_url: str = "") -> Iterator[Stage]:
    """A stage whose issue is due; everything that it started is gone at the end."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    environment = {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": str(ROOT),
        "DIGEST_DATA_DIR": str(folder / "data"),
        "DIGEST_DATABASE_URL": database_url,
        "DIGEST_SMTP_URL": f"smtp://127.0.0.1:{port}",
        "DIGEST_SMTP_CONNECTIONS": str(CONNECTIONS),
        "DIGEST_MAIL_FROM": "papers@example.org",
        "DIGEST_POSTAL_ADDRESS": "1 Test Street",
        "DIGEST_SECRET_KEY": KEY,
        "DIGEST_LEASE_SECONDS": str(LEASE),
        "DIGEST_TICK_SECONDS": "0.5",
    } | ({"DIGEST_REDIS_URL": redis_url} if redis_url else {})
    here = open_installation(load(data_dir=folder / "data", database_url=database_url, secret_key=KEY))
    _fill(here.engine)
    set_up = Stage(folder, environment, here.engine, Sink(folder, port), chance)
    set_up.sink.fates()
    set_up.sink.keep_up()
    try:
        yield set_up
    finally:
        set_up.end()
        here.engine.dispose()


def _fill(engine: Engine) -> None:
    now = datetime.now(UTC)
    due = now - timedelta(minutes=1)
    schedule = Schedule(at=due.time().replace(second=0, microsecond=0))
    with session.transaction(engine) as db:
        for source in sources.listing(db):
            sources.remove(db, source.name)
        source = sources.ensure(db, name="test", kind=SourceKind.FEED)
        found = [
            entry(f"2603.0000{n}", title=f"Transformers, part {n}", announced_at=now) for n in range(1, 4)
        ]
        papers.land(db, source, found, seen_at=now - timedelta(hours=1))
        for number in range(AUDIENCE):
            subscribers.add(
                db,
                email=f"reader{number}@example{number % 7}.org",
                status=SubscriberStatus.ACTIVE,
                interests=Interests(filters=("transformers",)),
                schedule=schedule,
                now=due - timedelta(hours=1),
                due=(due, due.date()),
                consent="on paper",
            )

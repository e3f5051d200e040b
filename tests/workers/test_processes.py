"""Real worker and beat processes over a real Redis take a due subscriber's papers all the way to a mail."""

import os
import re
import socket
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy
from pathlib import Path

import pytest

from digest.config import load
from digest.domain import DeliveryState, Interests, Schedule, SourceKind, SubscriberStatus
from digest.pipeline.installation import Installation, open_installation
from digest.store import deliveries, papers, session, sources
from digest.store.monitoring import heartbeats
from digest.store.subscriptions import subscribers
from tests.builders import entry
from tests.redis_server import RedisServer, running_redis

ROOT = Path(__file__).parents[2]
WORKER = ("worker", "--concurrency", "2", "--without-mingle", "--without-gossip")
BEAT = ("beat",)
NAMES = ("ada", "bob", "cy", "dee", "eve")
TICK = 0.25  # seconds
PATIENCE = 90.0  # seconds for something to happen on a busy machine


@dataclass
class Site:
    """One installation with three papers on transformers, and the environment of its processes."""

    folder: Path
    environment: dict[str, str]
    installation: Installation

    def subscribe(self, address: str) -> None:
        """Somebody who is due since a minute ago."""
        now = datetime.now(UTC)
        due = now - timedelta(minutes=1)
        with session.transaction(self.installation.engine) as db:
            subscribers.add(
                db,
                email=address,
                status=SubscriberStatus.ACTIVE,
                interests=Interests(filters=("transformers",)),
                schedule=Schedule(at=due.time().replace(second=0, microsecond=0)),
                now=now,
                due=(due, due.date()),
                consent="on paper",
            )

    def mailed(self) -> Counter[str]:
        """How many mails lie in the outbox for each address."""
        paths = (self.folder / "data/outbox/new").glob("*")
        return Counter(message_from_bytes(path.read_bytes(), policy=policy.default)["To"] for path in paths)

    def wait_for_mails(self, *names: str) -> None:
        """Wait until one mail lies there for each name@example.org, and no other."""
        wanted = dict.fromkeys((f"{name}@example.org" for name in names), 1)
        self.wait_until(lambda: self.mailed() == wanted)

    def wait_until(self, true: Callable[[], bool]) -> None:
        """Wait until something is true; fail with the logs when that takes too long."""
        deadline = time.monotonic() + PATIENCE
        while not true():
            if time.monotonic() > deadline:
                pytest.fail(f"{self.mailed()}\n{self.logs()}")
            time.sleep(0.1)

    def logs(self) -> str:
        """What the processes wrote."""
        return "\n".join(path.read_text(errors="replace") for path in sorted(self.folder.glob("*.log")))

    @contextmanager
    def running(self, *commands: Sequence[str]) -> Iterator[None]:
        """Celery processes that run meanwhile, and end well when they are asked to."""
        with ExitStack() as logs:
            processes = [
                subprocess.Popen(
                    self.celery("--quiet", *command, "--loglevel", "INFO"),
                    cwd=self.folder,
                    env=self.environment,
                    stdout=(
                        log := logs.enter_context((self.folder / f"{number}-{command[0]}.log").open("ab"))
                    ),
                    stderr=log,
                )
                for number, command in enumerate(commands)
            ]
            try:
                self.wait_until(lambda: self.started() == len(commands))
                yield
                for process in reversed(processes):  # beat first: what it rang is done before its workers end
                    process.terminate()
                    assert process.wait(PATIENCE) == 0, self.logs()
            finally:
                for process in processes:
                    process.kill()
                    process.wait()

    def started(self) -> int:
        """How many processes are as far as to heed signals."""
        return len(re.findall(r" ready\.|beat: Starting\.\.\.", self.logs()))

    def answers(self, node: str) -> bool:
        """Whether this node answers the health check of the Compose file."""
        command = self.celery("inspect", "ping", "--destination", node, "--timeout", "2")
        return subprocess.run(command, env=self.environment, capture_output=True, check=False).returncode == 0

    def celery(self, *arguments: str) -> list[str]:
        """The command line of Celery with our app."""
        return [sys.executable, "-m", "celery", "-A", "workers", *arguments]


@pytest.fixture
def redis(tmp_path: Path) -> Iterator[RedisServer]:
    with running_redis(tmp_path) as server:
        yield server


@pytest.fixture
def site(tmp_path: Path, redis: RedisServer, database_url: str) -> Iterator[Site]:
    data = tmp_path / "data"
    installation = open_installation(load(data_dir=data, database_url=database_url))
    now = datetime.now(UTC)
    with session.transaction(installation.engine) as db:
        for source in sources.listing(db):
            sources.remove(db, source.name)  # the defaults: a test asks nobody on the Internet
        source = sources.ensure(db, name="test", kind=SourceKind.FEED)
        titles = [
            entry(f"2603.0000{n}", title=f"Transformers, part {n}", announced_at=now) for n in range(1, 4)
        ]
        papers.store_entries(db, source, titles, seen_at=now)
    environment = {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": str(ROOT),
        "DIGEST_DATA_DIR": str(data),
        "DIGEST_DATABASE_URL": database_url,
        "DIGEST_REDIS_URL": redis.url,
        "DIGEST_TICK_SECONDS": str(TICK),
    }
    yield Site(tmp_path, environment, installation)
    installation.engine.dispose()


def heartbeats_of(site: Site) -> list[str]:
    with session.reading(site.installation.engine) as db:
        return list(heartbeats.listing(db))


@pytest.mark.parametrize("database_kind", ["sqlite"], indirect=True)
@pytest.mark.long
def test_due_subscribers_get_one_mail_each_and_no_address_gets_into_the_logs(site: Site) -> None:
    for name in NAMES:
        site.subscribe(f"{name}@example.org")
    with site.running(WORKER, BEAT):
        site.wait_for_mails(*NAMES)
        time.sleep(4 * TICK)  # beat goes on ringing
        site.wait_for_mails(*NAMES)
        assert heartbeats_of(site) == [f"celery@{socket.gethostname()}"]
    assert heartbeats_of(site) == []  # it was told to stop
    with session.transaction(site.installation.engine) as db:
        states = Counter[DeliveryState]()
        for issue in deliveries.issues(db):
            states.update(deliveries.counts(db, issue.id))
    assert +states == {DeliveryState.SENT: len(NAMES)}
    assert "digest.deliver" in site.logs()
    assert "example.org" not in site.logs()


@pytest.mark.parametrize("database_kind", ["postgres"], indirect=True)
@pytest.mark.long
def test_two_beats_and_two_workers_send_nothing_twice(site: Site) -> None:
    for name in NAMES:
        site.subscribe(f"{name}@example.org")
    second_worker = (*WORKER, "--hostname", "second@%h")
    with site.running(WORKER, second_worker, BEAT, BEAT):
        site.wait_for_mails(*NAMES)
        time.sleep(4 * TICK)
        site.wait_for_mails(*NAMES)


@pytest.mark.parametrize("database_kind", ["sqlite"], indirect=True)
@pytest.mark.long
def test_redis_wiped_in_mid_run_costs_time_and_no_mail(site: Site, redis: RedisServer) -> None:
    site.subscribe("ada@example.org")
    with site.running(WORKER, BEAT):
        site.wait_for_mails("ada")
        redis.kill()
        site.subscribe("bob@example.org")
        redis.start()
        site.wait_for_mails("ada", "bob")
        host = socket.gethostname()
        site.wait_until(lambda: site.answers(f"celery@{host}"))
        site.wait_until(lambda: site.answers(f"celerybeat@{host}"))
        assert not site.answers(f"celery@not-{host}")

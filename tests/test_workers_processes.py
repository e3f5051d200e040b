"""Real worker and beat processes over a real Redis take a due subscriber's papers all the way to a mail."""

import os
import socket
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy
from pathlib import Path

import pytest

from digest.config import load
from digest.domain import DeliveryState, Interests, Schedule, SourceKind, SubscriberStatus
from digest.pipeline.installation import Installation, open_installation
from digest.store import deliveries, papers, session, sources, subscribers
from tests.builders import entry
from tests.redis_server import RedisServer, running_redis

ROOT = Path(__file__).parents[1]
TICK = 0.5  # seconds
PATIENCE = 20.0  # seconds for a mail to arrive


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

    def wait_for_mails(self, **expected: int) -> None:
        """Wait until `name=1` mail lies there for name@example.org, and no other; else fail with the logs."""
        wanted = {f"{name}@example.org": count for name, count in expected.items()}
        deadline = time.monotonic() + PATIENCE
        while self.mailed() != wanted:
            if time.monotonic() > deadline:
                pytest.fail(f"{self.mailed()}\n{self.logs()}")
            time.sleep(0.1)

    def logs(self) -> str:
        """What the processes wrote."""
        return "\n".join(path.read_text(errors="replace") for path in sorted(self.folder.glob("*.log")))

    @contextmanager
    def running(self, *arguments: str) -> Iterator[None]:
        """A Celery process that runs meanwhile, and ends well when it is asked to."""
        with (self.folder / f"{arguments[0]}.log").open("ab") as log:
            process = subprocess.Popen(
                [*self.celery("--quiet", *arguments), "--loglevel", "INFO"],
                cwd=self.folder,
                env=self.environment,
                stdout=log,
                stderr=log,
            )
        try:
            yield
            process.terminate()
            assert process.wait(PATIENCE) == 0, self.logs()
        finally:
            process.kill()
            process.wait()

    def celery(self, *arguments: str) -> list[str]:
        """The command line of Celery with our app."""
        return [sys.executable, "-m", "celery", "-A", "workers", *arguments]


@pytest.fixture
def redis(tmp_path: Path) -> Iterator[RedisServer]:
    with running_redis(tmp_path) as server:
        yield server


@pytest.fixture
def site(tmp_path: Path, redis: RedisServer) -> Iterator[Site]:
    data = tmp_path / "data"
    installation = open_installation(load(data_dir=data))
    now = datetime.now(UTC)
    with session.transaction(installation.engine) as db:
        for source in sources.listing(db):
            sources.remove(db, source.name)  # the defaults: a test asks nobody on the Internet
        source = sources.ensure(db, name="test", kind=SourceKind.FEED)
        titles = [
            entry(f"2603.0000{n}", title=f"Transformers, part {n}", announced_at=now) for n in range(1, 4)
        ]
        papers.land(db, source, titles, seen_at=now)
    environment = {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": str(ROOT),
        "DIGEST_DATA_DIR": str(data),
        "DIGEST_REDIS_URL": redis.url,
        "DIGEST_TICK_SECONDS": str(TICK),
    }
    yield Site(tmp_path, environment, installation)
    installation.engine.dispose()


@pytest.fixture
def running(site: Site) -> Iterator[Site]:
    """The site, with a worker of two processes and beat."""
    with site.running("worker", "--concurrency", "2"), site.running("beat"):
        yield site


def test_a_due_subscriber_gets_one_mail_and_no_address_gets_into_the_logs(running: Site) -> None:
    running.subscribe("ada@example.org")
    running.wait_for_mails(ada=1)
    time.sleep(4 * TICK)  # beat goes on ringing
    assert running.mailed() == {"ada@example.org": 1}
    with session.transaction(running.installation.engine) as db:
        (issue,) = deliveries.issues(db)
        assert deliveries.counts(db, issue.id) == {DeliveryState.SENT: 1}
    assert "digest.deliver" in running.logs()
    assert "ada@example.org" not in running.logs()


def test_redis_wiped_in_mid_run_costs_time_and_no_mail(running: Site, redis: RedisServer) -> None:
    running.subscribe("ada@example.org")
    running.wait_for_mails(ada=1)
    redis.kill()
    running.subscribe("bob@example.org")
    redis.start()
    running.wait_for_mails(ada=1, bob=1)


def test_two_beats_and_two_workers_send_nothing_twice(running: Site) -> None:
    names = ["ada", "bob", "cy", "dee", "eve"]
    for name in names:
        running.subscribe(f"{name}@example.org")
    again = ("--schedule", str(running.folder / "second-beat"))
    second = ("worker", "--concurrency", "1", "--hostname", "second@%h")
    with running.running(*second), running.running("beat", *again):
        running.wait_for_mails(**dict.fromkeys(names, 1))
        time.sleep(4 * TICK)
    assert running.mailed() == {f"{name}@example.org": 1 for name in names}


def test_worker_and_beat_answer_the_health_check_of_the_compose_file(running: Site) -> None:
    running.subscribe("ada@example.org")
    running.wait_for_mails(ada=1)
    host = socket.gethostname()
    for node in (f"celery@{host}", f"celerybeat@{host}"):
        command = running.celery("inspect", "ping", "--destination", node, "--timeout", "10")
        answer = subprocess.run(command, env=running.environment, capture_output=True, text=True, check=False)
        assert answer.returncode == 0, answer.stdout + answer.stderr

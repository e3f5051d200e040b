"""The kill matrix: whatever is killed and whenever, nobody is lost, nobody gets it twice, doubts are counted.

`KILL_ROUNDS` (1) plays each scene so many times, `KILL_SEED` plays the same moments again; both are printed.
"""

import contextlib
import os
import random
import secrets
import subprocess
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from tests.kill.stage import CONCURRENCY, CONNECTIONS, Stage, stage
from tests.postgres_server import PostgresServer, running
from tests.redis_server import RedisServer, running_redis

pytestmark = pytest.mark.kill
ROUNDS = int(os.environ.get("KILL_ROUNDS", "1"))
SEED = os.environ.get("KILL_SEED") or secrets.token_hex(4)
WORKER_CONNECTIONS = CONCURRENCY * CONNECTIONS
rounds = pytest.mark.parametrize("round_", range(ROUNDS))


@pytest.fixture
def chance(request: pytest.FixtureRequest) -> random.Random:
    seed = f"{SEED}/{request.node.name}"
    print(f"KILL_SEED={SEED} (of {request.node.name})")
    return random.Random(seed)


@pytest.fixture(scope="module")
def postgres() -> Iterator[PostgresServer]:
    # What was committed must outlive the server; only the machine never fails here.
    with running(synchronous_commit="on", full_page_writes="on") as server:
        yield server


@pytest.fixture
def redis(tmp_path: Path) -> Iterator[RedisServer]:
    with running_redis(tmp_path) as server:
        yield server


@pytest.fixture
def crowd(
    tmp_path: Path, postgres: PostgresServer, redis: RedisServer, chance: random.Random
) -> Iterator[Stage]:
    """Two workers over Postgres and Redis."""
    name = f"kill_{secrets.token_hex(4)}"
    postgres.execute(f"CREATE DATABASE {name}")
    with stage(tmp_path, postgres.url(name), chance, redis_url=redis.url) as opened:
        opened.sink_clients = 2 * CONCURRENCY
        yield opened


@pytest.fixture
def alone(tmp_path: Path, chance: random.Random) -> Iterator[Stage]:
    """One process on SQLite."""
    with stage(tmp_path, f"sqlite:///{tmp_path / 'digest.db'}", chance) as opened:
        yield opened


def moments(chance: random.Random, count: int) -> list[float]:
    """So many moments of an issue, as shares of its mail that is out by then, in order."""
    return sorted(chance.uniform(0.02, 0.9) for _ in range(count))


# ---------------------------------------------------------------- Postgres, Redis and workers


@rounds
def test_workers_are_killed(crowd: Stage, round_: int) -> None:
    crowd.beat("beat")
    workers = [crowd.worker("one"), crowd.worker("two")]
    for moment in moments(crowd.chance, 4):
        crowd.until_sent(moment)
        which = crowd.chance.randrange(2)
        # The whole group as by a power cut, or the parent alone, whose children end what they have.
        whole = crowd.chance.random() < 0.7
        crowd.kill(workers[which], connections=WORKER_CONNECTIONS, whole=whole)
        workers[which] = crowd.worker(("one", "two")[which])
    crowd.until_out()
    crowd.check()


@rounds
def test_two_schedulers_are_killed(crowd: Stage, round_: int) -> None:
    beats = [crowd.beat("beat"), crowd.beat("second-beat")]
    crowd.worker("one")
    crowd.worker("two")
    for moment in moments(crowd.chance, 3):
        crowd.until_sent(moment)
        which = crowd.chance.randrange(2)
        crowd.kill(beats[which], connections=0)
        beats[which] = crowd.beat(f"beat-{moment}")
    crowd.until_out()
    crowd.check()


@rounds
def test_redis_is_killed_and_wiped(crowd: Stage, redis: RedisServer, round_: int) -> None:
    crowd.beat("beat")
    crowd.worker("one")
    crowd.worker("two")
    for moment in moments(crowd.chance, 2):
        crowd.until_sent(moment)
        redis.kill()
        redis.start()
    crowd.until_out()
    crowd.check()


@rounds
def test_the_database_is_killed(crowd: Stage, postgres: PostgresServer, round_: int) -> None:
    crowd.beat("beat")
    crowd.worker("one")
    crowd.worker("two")
    for moment in moments(crowd.chance, 2):
        crowd.until_sent(moment)
        postgres.kill()
        crowd.doubts += 2 * WORKER_CONNECTIONS
        postgres.start()
    crowd.until_out()
    crowd.check()


@rounds
def test_the_mail_server_is_killed_and_drops_lines_at_every_phase(crowd: Stage, round_: int) -> None:
    crowd.sink.fates(
        mail=0.002, rcpt=0.002, data=0.002, body=0.002, dot=0.002, after=0.002,
        die_body=0.0005, die_dot=0.0005, die_after=0.0005, die_said=0.0005,
    )  # fmt: skip
    crowd.beat("beat")
    crowd.worker("one")
    crowd.worker("two")
    for moment in moments(crowd.chance, 2):
        crowd.until_sent(moment)
        crowd.sink.kill()
    crowd.until_out()
    crowd.check()


@rounds
def test_clocks_that_are_wrong_take_part(crowd: Stage, round_: int) -> None:
    crowd.beat("beat")
    crowd.worker("one")
    crowd.worker("two")
    for moment, hours in zip(moments(crowd.chance, 2), (1, -1), strict=True):
        crowd.until_sent(moment)
        crowd.run_once(ahead=timedelta(hours=hours))
        crowd.doubts += 2 * WORKER_CONNECTIONS + CONNECTIONS
    crowd.until_out()
    crowd.check()


# ---------------------------------------------------------------- one process on SQLite


class _Rounds:
    """`digest run` again and again, as cron or `serve` does; two at once where two schedulers are."""

    def __init__(self, stage: Stage, at_once: int = 1) -> None:
        self._stage = stage
        self._running = [stage.run_once() for _ in range(at_once)]

    def __call__(self) -> None:
        self._running = [p if p.poll() is None else self._stage.run_once() for p in self._running]

    def kill(self) -> None:
        self._stage.kill(self._stage.chance.choice(self._running), connections=CONNECTIONS)


@rounds
def test_one_process_on_sqlite_is_killed(alone: Stage, round_: int) -> None:
    keep_running = _Rounds(alone)
    for moment in moments(alone.chance, 4):
        alone.until_sent(moment, keep_running)
        keep_running.kill()
    alone.until_out(keep_running)
    alone.check()


@rounds
def test_two_schedulers_on_sqlite_and_a_mail_server_that_drops_lines(alone: Stage, round_: int) -> None:
    alone.sink_clients = 2
    alone.sink.fates(rcpt=0.003, body=0.002, dot=0.002, after=0.002, die_said=0.001)
    keep_running = _Rounds(alone, at_once=2)
    for moment in moments(alone.chance, 2):
        alone.until_sent(moment, keep_running)
        keep_running.kill()
    alone.until_out(keep_running)
    alone.check()


@rounds
def test_a_disk_that_is_full_costs_time(small_disk: Stage, round_: int) -> None:
    keep_running = _Rounds(small_disk)
    ballast = small_disk.folder / "disk" / "ballast"
    for moment in moments(small_disk.chance, 3):
        small_disk.until_sent(moment, keep_running)
        _fill_up(ballast)
        small_disk.doubts += CONNECTIONS
        time.sleep(small_disk.chance.uniform(1, 4))
        ballast.unlink()
    small_disk.until_out(keep_running)
    small_disk.check()


def _fill_up(path: Path) -> None:
    """Take what is left of a disk."""
    with path.open("wb", buffering=0) as file:
        for size in (2**20, 2**12, 1):
            with contextlib.suppress(OSError):
                while file.write(b"\0" * size) == size:
                    pass


@pytest.fixture
def small_disk(tmp_path: Path, chance: random.Random) -> Iterator[Stage]:
    """One process on SQLite, on a disk of 64 MB of its own. Only root can mount one."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=64m", "none", str(disk)]
    if os.geteuid() != 0 or subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("a disk of a test's own needs root, and a system that lets it mount: sudo make test-kill")
    try:
        with stage(tmp_path, f"sqlite:///{disk / 'digest.db'}", chance) as opened:
            yield opened
    finally:
        subprocess.run(["umount", "-l", str(disk)], check=True)

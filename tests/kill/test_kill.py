"""The kill matrix: whatever is killed and whenever, nobody is lost, nobody gets it twice, doubts are counted.

Here on Postgres and Redis, with two workers of two processes each; test_kill_sqlite.py has one process on
SQLite.
"""

import time
from pathlib import Path

import pytest

from tests.kill.machine_clock import MachineClock
from tests.kill.stage import CONCURRENCY, CONNECTIONS, LEASE, Stage, moments
from tests.postgres_server import PostgresServer
from tests.redis_server import RedisServer

pytestmark = pytest.mark.kill
WORKER_CONNECTIONS = CONCURRENCY * CONNECTIONS
NAMES = ("one", "two")
DATABASE_PATIENCE = LEASE / 3  # seconds that a chunk waits for a database that is away


def test_workers_are_killed(crowd: Stage) -> None:
    crowd.beat("beat")
    workers = [crowd.worker(name) for name in NAMES]
    for moment in moments(crowd.chance, 4):
        crowd.until_sent(moment)
        which = crowd.chance.randrange(2)
        # The whole group as by a power cut, or the parent alone, whose children the system kills then.
        whole = crowd.chance.random() < 0.7
        crowd.kill(workers[which], connections=WORKER_CONNECTIONS, whole=whole)
        workers[which] = crowd.worker(NAMES[which])
    crowd.until_out()
    crowd.check()


def test_workers_are_told_to_stop_and_leave_no_doubt(crowd: Stage) -> None:
    crowd.beat("beat")
    workers = [crowd.worker(name) for name in NAMES]
    for number, moment in enumerate(moments(crowd.chance, 2)):
        crowd.until_sent(moment)
        crowd.until_ready(NAMES[number])
        crowd.stop(workers[number])
        workers[number] = crowd.worker(NAMES[number])
    crowd.until_out()
    crowd.check()


def test_two_schedulers_are_killed(crowd: Stage) -> None:
    beats = [crowd.beat("beat"), crowd.beat("second-beat")]
    for name in NAMES:
        crowd.worker(name)
    for moment in moments(crowd.chance, 3):
        crowd.until_sent(moment)
        which = crowd.chance.randrange(2)
        crowd.kill(beats[which], connections=0)
        beats[which] = crowd.beat(f"beat-{moment}")
    crowd.until_out()
    crowd.check()


def test_redis_is_killed_and_wiped(crowd: Stage, redis: RedisServer) -> None:
    _start_all(crowd)
    for moment in moments(crowd.chance, 2):
        crowd.until_sent(moment)
        redis.kill()
        redis.start()
    crowd.until_out()
    crowd.check()


def test_the_database_is_killed(crowd: Stage, postgres: PostgresServer) -> None:
    _start_all(crowd)
    for moment in moments(crowd.chance, 2):
        crowd.until_sent(moment)
        away = time.monotonic()
        postgres.kill()
        postgres.start()
        away = time.monotonic() - away
        print(f"the database was away for {away:.1f} s")
        if away > DATABASE_PATIENCE / 2:  # who waits less has nothing in doubt
            crowd.doubts += 2 * WORKER_CONNECTIONS
    crowd.until_out()
    crowd.check()


def test_the_mail_server_is_killed_and_drops_lines_at_every_phase(crowd: Stage) -> None:
    crowd.sink.fates(
        mail=0.002, rcpt=0.002, data=0.002, body=0.002, dot=0.002, after=0.002,
        die_body=0.0005, die_dot=0.0005, die_after=0.0005, die_said=0.0005,
    )  # fmt: skip
    _start_all(crowd)
    for moment in moments(crowd.chance, 2):
        crowd.until_sent(moment)
        crowd.sink.kill()
    crowd.until_out()
    crowd.check()


def test_machines_whose_clocks_are_wrong_take_part_and_leave_no_doubt(crowd: Stage, tmp_path: Path) -> None:
    _start_all(crowd)
    for moment, hours in zip(moments(crowd.chance, 2), (1, -1), strict=True):
        clock = MachineClock(tmp_path / f"machine{hours}")
        clock.jump(hours=hours)
        crowd.until_sent(moment)
        crowd.run_once(clock.environment)
    crowd.until_out()
    crowd.check()


def test_the_clock_of_the_workers_jumps_and_leaves_no_doubt(crowd: Stage, tmp_path: Path) -> None:
    clock = MachineClock(tmp_path / "machine")
    crowd.environment |= clock.environment
    _start_all(crowd)
    for moment, hours in zip(moments(crowd.chance, 2), (1, -1), strict=True):
        crowd.until_sent(moment)
        clock.jump(hours=hours)
    crowd.until_out()
    crowd.check()


def _start_all(crowd: Stage) -> None:
    crowd.beat("beat")
    for name in NAMES:
        crowd.worker(name)

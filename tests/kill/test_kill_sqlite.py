"""The kill matrix on SQLite: `digest serve`, or `digest run` again and again, as cron does."""

import contextlib
import os
import resource
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from digest.cli.terminal.exits import INTERRUPTED
from tests.kill.audience import AUDIENCE
from tests.kill.machine_clock import MachineClock
from tests.kill.stage import CONNECTIONS, Stage, moments

pytestmark = pytest.mark.kill


class _Rounds:
    """`digest run` again and again; two at once where two schedulers are."""

    def __init__(self, stage: Stage, at_once: int = 1) -> None:
        self._stage = stage
        self._running = [stage.run_once() for _ in range(at_once)]

    def __call__(self) -> None:
        self._running = [p if p.poll() is None else self._stage.run_once() for p in self._running]

    def kill(self) -> None:
        self._stage.kill(self._stage.chance.choice(self._running), connections=CONNECTIONS)


def test_rounds_are_killed(alone: Stage) -> None:
    keep_running = _Rounds(alone)
    for moment in moments(alone.chance, 4):
        alone.until_sent(moment, keep_running)
        keep_running.kill()
    alone.until_out(keep_running)
    alone.check()


def test_two_schedulers_are_killed_and_the_mail_server_drops_lines(alone: Stage) -> None:
    alone.sink.fates(rcpt=0.003, body=0.002, dot=0.002, after=0.002, die_said=0.001)
    keep_running = _Rounds(alone, at_once=2)
    for moment in moments(alone.chance, 2):
        alone.until_sent(moment, keep_running)
        keep_running.kill()
    alone.until_out(keep_running)
    alone.check()


def test_a_server_is_killed(alone: Stage) -> None:
    server = alone.serve()
    for moment in moments(alone.chance, 4):
        alone.until_sent(moment)
        alone.kill(server, connections=CONNECTIONS)
        server = alone.serve()
    alone.until_out()
    alone.check()


def test_a_server_that_is_told_to_stop_leaves_no_doubt(alone: Stage) -> None:
    server = alone.serve()
    for moment in moments(alone.chance, 3):
        alone.until_sent(moment)
        alone.until_served()
        alone.stop(server)
        assert alone.held() == 0
        server = alone.serve()
    alone.until_out()
    alone.check()


def test_rounds_that_are_told_to_stop_leave_no_doubt(alone: Stage) -> None:
    for _ in range(3):
        already = alone.taken() / AUDIENCE
        running = alone.run_once()
        alone.until_sent(already + alone.chance.uniform(0.01, 0.1))  # one that sends nothing yet may just die
        alone.stop(running, INTERRUPTED)
        assert alone.held() == 0
    alone.until_out(_Rounds(alone))
    alone.check()


def test_the_clock_of_a_server_jumps_and_leaves_no_doubt(alone: Stage, tmp_path: Path) -> None:
    clock = MachineClock(tmp_path / "machine")
    alone.environment |= clock.environment
    alone.serve()
    for moment, hours in zip(moments(alone.chance, 2), (1, -1), strict=True):
        alone.until_sent(moment)
        clock.jump(hours=hours)
    alone.until_out()
    alone.check()


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux changes the limits of a running process")
def test_a_disk_that_takes_nothing_costs_time(alone: Stage) -> None:
    """Every write to a file fails, as with a quota that is used up: SQLite says "disk I/O error"."""
    server = alone.serve()
    _, most = resource.prlimit(server.pid, resource.RLIMIT_FSIZE)
    for moment in moments(alone.chance, 3):
        alone.until_sent(moment)
        resource.prlimit(server.pid, resource.RLIMIT_FSIZE, (0, most))
        alone.doubts += CONNECTIONS
        time.sleep(alone.chance.uniform(0.5, 3))
        resource.prlimit(server.pid, resource.RLIMIT_FSIZE, (most, most))
    alone.until_out()
    assert server.poll() is None
    alone.check()


def test_a_disk_that_is_full_costs_time(small_disk: Path, alone: Stage) -> None:
    """A file system without room: SQLite says "database or disk is full", and new processes begin on it."""
    keep_running = _Rounds(alone)
    for moment in moments(alone.chance, 3):
        alone.until_sent(moment, keep_running)
        _fill_up(small_disk / "ballast")
        alone.doubts += CONNECTIONS
        time.sleep(alone.chance.uniform(1, 4))
        (small_disk / "ballast").unlink()
    alone.until_out(keep_running)
    alone.check()


def _fill_up(path: Path) -> None:
    """Take what is left of a disk."""
    with path.open("wb", buffering=0) as file:
        for size in (2**20, 2**12, 1):
            with contextlib.suppress(OSError):
                while file.write(b"\0" * size) == size:
                    pass


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 64 MB of its own, which only root can mount."""
    mount = ["mount", "-t", "tmpfs", "-o", "size=64m", "none", str(tmp_path / "disk")]
    (tmp_path / "disk").mkdir()
    if os.geteuid() != 0 or subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("a disk of a test's own needs root, and a system that lets it mount: sudo make test-kill")
    try:
        yield tmp_path / "disk"
    finally:
        subprocess.run(["umount", "-l", str(tmp_path / "disk")], check=True)


@pytest.fixture
def disk(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """Where the database lies: a scene that asks for `small_disk` has it there."""
    return request.getfixturevalue("small_disk") if "small_disk" in request.fixturenames else tmp_path

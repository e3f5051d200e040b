"""Values that pages remember: made once, renewed beside the answers, and not always waited for."""

import threading
from datetime import UTC, datetime, timedelta

from digest.pipeline.catalog.snapshots import Snapshot

NOW = datetime(2026, 3, 17, 8, 0, tzinfo=UTC)


class Made:
    """Makes numbers, one for each call; the first waits until it is told to go on."""

    def __init__(self, *, waits: bool) -> None:
        self.calls = 0
        self.go = threading.Event()
        if not waits:
            self.go.set()

    def __call__(self, _now: datetime) -> int:
        self.calls += 1
        assert self.go.wait(10)
        return self.calls


def test_a_value_that_takes_long_is_not_waited_for_and_is_there_later() -> None:
    make = Made(waits=True)
    snapshot = Snapshot(make, timedelta(minutes=3))
    assert snapshot.peek(NOW) is None
    assert snapshot.peek(NOW) is None
    make.go.set()
    assert snapshot.get(NOW) == 1
    assert snapshot.peek(NOW) == 1
    assert make.calls == 1


def test_a_value_that_takes_a_moment_is_waited_for() -> None:
    assert Snapshot(Made(waits=False), timedelta(minutes=3)).peek(NOW) == 1


def test_a_value_that_is_too_old_is_not_shown() -> None:
    make = Made(waits=False)
    snapshot = Snapshot(make, timedelta(minutes=3))
    snapshot.peek(NOW)
    assert snapshot.peek(NOW + timedelta(hours=2)) == 2

"""Work beside the pages: when it is done, what happens when it fails; and what pages remember of today."""

import threading
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine

from digest.errors import DeliveryError
from digest.pipeline.catalog.snapshots import TOO_OLD
from digest.pipeline.catalog.today import Today
from digest.web.ticker import Ticker
from tests.builders import NOW, entry
from tests.installations import installation, store_entries
from tests.web_server import Clock

PATIENCE = 10.0


@pytest.fixture
def database_kind() -> str:
    """Nothing here knows a database."""
    return "sqlite"


class Work:
    """Work that counts itself, and fails as often as it is told."""

    def __init__(self, *failures: Exception) -> None:
        self.failures = list(failures)
        self.done = threading.Semaphore(0)

    def __call__(self, _now: datetime) -> None:
        if self.failures:
            raise self.failures.pop(0)
        self.done.release()


@pytest.fixture
def tickers() -> Iterator[list[Ticker]]:
    started: list[Ticker] = []
    yield started
    for ticker in started:
        ticker.stop()


def start(tickers: list[Ticker], work: Work, seconds: float, clock: Clock) -> Ticker:
    tickers.append(Ticker("work", work, seconds=seconds, clock=clock))
    tickers[-1].start()
    return tickers[-1]


def test_work_is_done_at_once_and_whenever_somebody_rings(tickers: list[Ticker]) -> None:
    work = Work()
    ticker = start(tickers, work, 3600, Clock())
    assert work.done.acquire(timeout=PATIENCE)
    ticker.notify()
    assert work.done.acquire(timeout=PATIENCE)
    assert not work.done.acquire(timeout=0.05)


def test_work_that_fails_is_told_and_tried_again(
    tickers: list[Ticker], caplog: pytest.LogCaptureFixture
) -> None:
    work = Work(DeliveryError("the mail server is away"), ValueError("a bug"))
    start(tickers, work, 0.01, Clock())
    assert work.done.acquire(timeout=PATIENCE)
    assert "the mail server is away" in caplog.text
    assert "work failed and will be tried again" in caplog.text


def test_a_ticker_without_a_sign_of_life_is_late(tickers: list[Ticker]) -> None:
    clock, work = Clock(), Work()
    ticker = Ticker("work", work, seconds=60, clock=clock)
    assert ticker.is_late(clock.now)
    tickers.append(ticker)
    ticker.start()
    assert work.done.acquire(timeout=PATIENCE)
    ticker.stop()
    assert not ticker.is_late(clock.now + timedelta(minutes=9))
    assert ticker.is_late(clock.now + timedelta(minutes=11))


def test_a_ticker_that_never_began_can_be_stopped() -> None:
    Ticker("work", Work(), seconds=1, clock=Clock()).stop()


def test_pages_remember_today_for_minutes_and_never_for_hours(engine: Engine, tmp_path: Path) -> None:
    site = installation(engine, tmp_path)
    store_entries(engine, [entry("2603.00001")])
    today = Today(site)
    assert len(today.candidates(NOW).ranked) == 1
    store_entries(engine, [entry("2603.00002")], seen_at=NOW + timedelta(minutes=1))
    assert len(today.candidates(NOW + timedelta(minutes=2)).ranked) == 1
    renewed = threading.Event()
    for _ in range(200):  # older than some minutes: it is renewed beside the answer
        if len(today.candidates(NOW + timedelta(minutes=10)).ranked) == 2:
            break
        renewed.wait(0.05)
    assert len(today.candidates(NOW + timedelta(minutes=10)).ranked) == 2
    store_entries(engine, [entry("2603.00003")], seen_at=NOW + timedelta(minutes=30))
    assert len(today.candidates(NOW + timedelta(minutes=10) + TOO_OLD).ranked) == 3

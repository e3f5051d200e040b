"""The Celery app, its tasks and its beat table: what they promise without a broker."""

import inspect
import io
import json
import logging
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from celery.beat import Service

from digest import logs
from digest.config import load
from digest.errors import ConfigError
from digest.pipeline.delivery.worker import COLLECT_AFTER
from tests.redis_server import running_redis
from workers import app, schedule, tasks
from workers.scheduler import InMemoryScheduler

REDIS = "redis://127.0.0.1:1/0"
USES = {
    *{"alarms", "bounces", "fetch", "notices", "open_issues", "deliver"},
    *{"index", "mailbox", "proposals", "signals", "summaries", "sweep", "thumbnails", "upkeep"},
}


@pytest.fixture
def celery(tmp_path: Path) -> Any:
    made = app.create(load(redis_url=REDIS, data_dir=tmp_path / "data", tick_seconds=5))
    made.loader.import_default_modules()
    made.finalize()
    return made


def test_the_tasks_have_the_names_that_people_script_against(celery: Any) -> None:
    assert {name for name in celery.tasks if not name.startswith("celery.")} == {
        f"digest.{use}" for use in USES
    }


def test_beat_rings_tasks_that_exist_once_a_tick(celery: Any) -> None:
    assert {entry["task"] for entry in celery.conf.beat_schedule.values()} <= set(celery.tasks)
    assert {entry["schedule"] for entry in celery.conf.beat_schedule.values()} == {5}


def test_what_beat_does_not_ring_is_rung_by_a_task() -> None:
    assert USES - set(schedule.BEAT_TASKS) == {"deliver"}
    assert "deliver.delay()" in inspect.getsource(tasks)


@pytest.mark.parametrize("use", sorted(USES))
def test_a_task_carries_nothing_and_a_ring_does_not_last(celery: Any, use: str) -> None:
    task = celery.tasks[f"digest.{use}"]
    assert not inspect.signature(task.run).parameters
    assert task.expires == schedule.TASK_EXPIRES


def test_time_is_a_column_and_never_an_option_of_a_task() -> None:
    assert not {"eta", "countdown", "retry"} & set(inspect.getsource(tasks).replace("(", " ").split())


def test_a_delivery_keeps_no_fetch_waiting(celery: Any) -> None:
    queues = {use: celery.amqp.router.route({}, f"digest.{use}")["queue"].name for use in USES}
    assert queues == dict.fromkeys(USES, "digest") | dict.fromkeys(
        ("alarms", "deliver", "notices"), "digest.deliver"
    )
    assert set(celery.amqp.queues.consume_from) == {"digest", "digest.deliver"}


# What a worker process does for its first delivery, and the setting of its collector afterwards.
FIRST_DELIVERY = """
import gc
from digest.config import load
from digest.pipeline.operations import database
from workers import tasks
database.upgrade(load())
assert tasks.deliver.run() == 0
print(gc.get_threshold()[0])
"""


def test_a_worker_process_collects_as_the_benchmark_measures(tmp_path: Path) -> None:
    settings = {"DIGEST_DATA_DIR": str(tmp_path), "DIGEST_REDIS_URL": REDIS, "DIGEST_SECRET_KEY": "k" * 32}
    settings |= {"DIGEST_MAIL_FROM": "papers@example.org", "DIGEST_POSTAL_ADDRESS": "1 Test Street"}
    ended = subprocess.run(
        [sys.executable, "-c", FIRST_DELIVERY],
        cwd=tmp_path,
        env={"PATH": os.environ["PATH"], "PYTHONPATH": str(Path(__file__).parents[2]), **settings},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert (ended.returncode, ended.stdout) == (0, f"{COLLECT_AFTER}\n"), ended.stderr


def test_work_is_acknowledged_when_it_is_done(celery: Any) -> None:
    assert celery.conf.task_acks_late
    assert celery.conf.task_reject_on_worker_lost
    assert celery.conf.worker_prefetch_multiplier == 1
    assert celery.tasks["digest.deliver"].acks_late


def test_the_visibility_timeout_is_the_same_in_all_three_places(celery: Any) -> None:
    places = (celery.conf.broker_transport_options, celery.conf.result_backend_transport_options, celery.conf)
    assert [place["visibility_timeout"] for place in places] == [600, 600, 600]


def test_nothing_but_json_is_taken_and_no_result_is_kept(celery: Any) -> None:
    assert list(celery.conf.accept_content) == ["json"]
    assert celery.conf.task_serializer == "json"
    assert celery.conf.task_ignore_result
    assert celery.conf.result_backend is None


def test_a_task_ends_before_the_lease_of_its_rows() -> None:
    assert (
        timedelta(seconds=app.SOFT_TIME_LIMIT)
        < timedelta(seconds=app.TIME_LIMIT)
        < timedelta(seconds=load().lease_seconds)
    )


def test_what_is_left_of_a_lost_connection_fails_as_one(celery: Any, tmp_path: Path) -> None:
    with running_redis(tmp_path) as server, celery.connection_for_read(server.url) as connection:
        channel = connection.channel()
        connection.close()
        channel.close()
        with pytest.raises(connection.connection_errors, match="is gone"):
            channel.basic_ack("a ring of before")


def test_redis_may_be_away_for_any_time(celery: Any) -> None:
    assert celery.conf.broker_connection_retry_on_startup
    assert celery.conf.broker_connection_max_retries is None


def beat(celery: Any) -> Service:
    """Beat as its command makes it."""
    return Service(celery, scheduler_cls=celery.conf.beat_scheduler)


def test_beat_writes_no_file(celery: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert set(beat(celery).scheduler.schedule) == set(schedule.BEAT_TASKS)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("hours", [-1, 1])
def test_beat_rings_evenly_though_the_clock_is_set(
    celery: Any, hours: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    entries = beat(celery).scheduler.schedule.values()
    monkeypatch.setattr(celery, "now", lambda: datetime.now(UTC) + timedelta(hours=hours))
    waits = [entry.is_due() for entry in entries]
    assert [due for due, _ in waits] == [False] * len(waits)
    assert all(0 < wait <= 5 for _, wait in waits)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_beat_stops_though_a_client_library_swallows_its_exit(celery: Any, number: int) -> None:
    rings: list[str] = []

    class Deaf(InMemoryScheduler):
        def tick(self, *_: Any, **__: Any) -> float:
            assert not rings, "rang again after it was told to stop"
            with suppress(SystemExit):
                rings.append("ring")
                signal.raise_signal(number)
            return 0

    kept = {name: signal.getsignal(name) for name in (signal.SIGTERM, signal.SIGINT)}
    try:
        Service(celery, scheduler_cls=Deaf, remote_control=False).start()
    finally:
        for name, handler in kept.items():
            signal.signal(name, handler)
    assert rings == ["ring"]


@pytest.mark.parametrize("url", ["", "amqp://127.0.0.1", "127.0.0.1:6379"])
def test_workers_need_redis_and_say_what_works_without(url: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="DIGEST_REDIS_URL") as raised:
        app.create(load(redis_url=url, data_dir=tmp_path))
    assert "digest run" in raised.value.fix


def test_workers_refuse_a_clock_that_was_set(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="DIGEST_NOW"):
        app.create(load(redis_url=REDIS, data_dir=tmp_path, now="2026-03-17T08:00:00Z"))


def test_the_command_line_ends_with_one_clear_error(tmp_path: Path) -> None:
    ended = subprocess.run(
        [sys.executable, "-m", "celery", "-A", "workers", "worker"],
        cwd=tmp_path,
        env={"PATH": os.environ["PATH"], "PYTHONPATH": str(Path(__file__).parents[2])},
        capture_output=True,
        text=True,
        check=False,
        timeout=30,
    )
    assert ended.returncode == 4
    assert ended.stderr.startswith("error: workers need Redis")
    assert "fix: DIGEST_REDIS_URL=" in ended.stderr
    assert "Traceback" not in ended.stderr


@pytest.fixture
def log() -> Iterator[tuple[logging.Logger, io.StringIO]]:
    """A logger whose records are written as those of a worker are."""
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(logs.formatter(as_json=True))
    logger = logging.getLogger("test_workers")
    logger.propagate = False
    logger.addHandler(handler)
    yield logger, stream
    logger.removeHandler(handler)


def test_a_log_record_is_a_json_object_on_one_line(log: tuple[logging.Logger, io.StringIO]) -> None:
    logger, stream = log
    logger.warning("%s is ready\nnow", "celery@host")
    (line,) = stream.getvalue().splitlines()
    record = json.loads(line)
    assert record["event"] == "celery@host is ready\nnow"
    assert record["level"] == "warning"
    assert record["logger"] == "test_workers"
    assert record["timestamp"].endswith("Z")


def test_no_address_gets_into_the_log_not_even_by_a_traceback(
    log: tuple[logging.Logger, io.StringIO],
) -> None:
    logger, stream = log
    try:
        raise ValueError("RCPT TO:<ada.lovelace+papers@example.org> refused")
    except ValueError:
        logger.exception("cannot write to ada@localhost, smtp://papers:s3cret@mail.example.org")
    assert "ValueError" in stream.getvalue()
    for private in ("lovelace", "ada", "s3cret", "example.org"):
        assert private not in stream.getvalue()

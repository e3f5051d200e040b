"""Claim, build, send, record: the whole of delivery against a bare loop that sends one fixed message.

    make bench-send [ARGS='--mails 4000 --connections 8 --save']

Side by side in one run, on loopback, into a sink in another process: `aiosmtplib.SMTP.sendmail` over the same
number of connections in the same kind of event loop, then delivery on SQLite and on Postgres, by one worker
process and by two, to readers who all have words of their own; and to readers who share nine wishes, as those
do who tick topics. The ways take turns; the best of each counts. `--save` keeps the figures in
`benchmarks/results/send.json`.
"""

import argparse
import asyncio
import json
import os
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit

import aiosmtplib
import uvloop
from sqlalchemy import text

from benchmarks.discard import sink
from benchmarks.mailing import fill, installation
from benchmarks.worker import workers
from digest.deliver import Envelope
from digest.domain import DeliveryState
from digest.pipeline.delivery.contents import DigestBuilder
from digest.pipeline.delivery.worker import DeliveryWorker
from digest.pipeline.installation import Installation
from digest.pipeline.issues.open import open_due
from digest.pipeline.mail.build import envelope, write
from digest.store import deliveries, session
from digest.store.subscriptions import subscribers
from tests.postgres_server import running

ROUNDS = 2
BARE, SHARED = "bare loop", ", shared wishes"
RESULTS = Path(__file__).with_name("results") / "send.json"
NOW = datetime.now(UTC)


class Round(NamedTuple):
    """Seconds of each way, on the clock and of this process's processor, and a worker's peak in MiB."""

    wall: Mapping[str, float]
    cpu: Mapping[str, float]
    peak: int


def bare(url: str, message: Envelope, count: int, connections: int) -> float:
    """Seconds for so many times the same message."""

    async def slot(numbers: Iterator[int]) -> None:
        parts = urlsplit(url)
        async with aiosmtplib.SMTP(
            hostname=parts.hostname, port=parts.port, use_tls=False, start_tls=False
        ) as smtp:
            for _ in numbers:
                await smtp.sendmail(message.sender, [message.recipient], message.content)

    async def all_lanes() -> None:
        numbers = iter(range(count))
        await asyncio.gather(*(slot(numbers) for _ in range(connections)))

    started = time.perf_counter()
    uvloop.run(all_lanes())
    return time.perf_counter() - started


def deliver(database_url: str, url: str, connections: int) -> tuple[float, int]:
    """Seconds from the first claim to the last outcome, and how many mails."""
    here = installation(database_url, url, connections)
    count = 0
    with DeliveryWorker(here) as delivery_worker:
        started = time.perf_counter()
        while claimed := delivery_worker.deliver_due(datetime.now(UTC)):
            count += claimed
        seconds = time.perf_counter() - started
    here.engine.dispose()
    return seconds, count


def queue_again(database_url: str, url: str) -> None:
    """All of the issue once more."""
    here = installation(database_url, url, 1)
    with session.transaction(here.engine) as db:
        db.execute(
            text(
                "UPDATE deliveries SET state = 'queued', settled_at = NULL, attempts = 0 WHERE state = 'sent'"
            )
        )
        if here.engine.dialect.name == "postgresql":
            db.execute(text("ANALYZE deliveries"))
    here.engine.dispose()


def prepare(database_url: str, url: str, mails: int, *, shared: bool) -> Envelope:
    """Readers, papers and the open issue; returns a message of it of middle size."""
    here = installation(database_url, url, 1)
    fill(here, mails, NOW, shared=shared)
    (report,) = open_due(here, NOW + timedelta(seconds=1))
    assert report.counts[DeliveryState.QUEUED] == mails, report
    sample = _sample(here)
    here.engine.dispose()
    return sample


def _sample(here: Installation) -> Envelope:
    """The message of middle size among a hundred."""
    with session.reading(here.engine) as db:
        rows = [row for row, _ in deliveries.listing(db, limit=100)]
        people = subscribers.by_ids(db, [row.subscriber_id for row in rows])
    digests = DigestBuilder(here).digests(rows, people)
    found = [
        envelope(here, digest, write(here, digest), message_id=row.message_id, now=NOW)
        for row in rows
        if (digest := digests[row.id])
    ]
    return sorted(found, key=lambda each: len(each.content))[len(found) // 2]


@contextmanager
def databases(mails: int, url: str) -> Iterator[tuple[dict[str, str], Envelope]]:
    """SQLite files on disk and databases of a Postgres that syncs as one in production does, all filled."""
    with (
        tempfile.TemporaryDirectory(dir=".") as folder,
        running(synchronous_commit="on", fsync="on") as server,
    ):
        found: dict[str, str] = {}
        for chosen in ("", SHARED):
            name = "shared" if chosen else "own"
            server.execute(f"CREATE DATABASE {name}")
            addresses = {
                f"SQLite{chosen}": f"sqlite:///{Path(folder).resolve() / name}.db",
                f"Postgres{chosen}": server.url(name),
            }
            for address in addresses.values():
                message = prepare(address, url, mails, shared=bool(chosen))
            found |= addresses
        yield found, message


def measured(url: str, found: Mapping[str, str], message: Envelope, mails: int, slots: int) -> Round:
    """One round: each way once."""
    before = time.process_time()
    wall = {BARE: bare(url, message, mails, slots)}
    cpu = {BARE: time.process_time() - before}
    peak = 0
    for name, address in found.items():
        queue_again(address, url)
        before = time.process_time()
        wall[name], count = deliver(address, url, slots)
        cpu[name] = time.process_time() - before
        assert count == mails
        for processes in () if name.endswith(SHARED) else (1, 2):
            queue_again(address, url)
            done = workers(processes, address, url, slots)
            assert done.mails == mails
            wall[f"{name}, {processes} workers"], peak = done.seconds, max(peak, done.mib)
    return Round(wall, cpu, peak)


def figures(rounds: Sequence[Round], mails: int) -> dict[str, object]:
    """Ratios and rates from the best of all rounds."""
    best = {name: min(each.wall[name] for each in rounds) for name in rounds[0].wall}
    least = {name: min(each.cpu[name] for each in rounds) for name in rounds[0].cpu}
    return {
        "mails": mails,
        "cores": os.cpu_count(),
        "mails_per_second": {name: round(mails / took) for name, took in best.items()},
        "times_bare": {name: round(took / best[BARE], 2) for name, took in best.items()},
        "processor_ms_per_mail": {name: round(1000 * took / mails, 3) for name, took in least.items()},
        "processor_times_bare": {name: round(took / least[BARE], 2) for name, took in least.items()},
        "two_workers_against_one": {
            name: round(best[f"{name}, 1 workers"] / best[f"{name}, 2 workers"], 2)
            for name in ("SQLite", "Postgres")
        },
        "peak_mib_worker": max(each.peak for each in rounds),
    }


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--mails", type=int, default=4000)
    parser.add_argument("--connections", type=int, default=8)
    parser.add_argument("--save", action="store_true")
    asked = parser.parse_args()
    mails, slots = asked.mails, asked.connections
    with sink() as url, databases(mails, url) as (found, message):
        print(f"{mails} mails, {slots} connections per process, {len(message.content)} bytes per mail")
        rounds = [measured(url, found, message, mails, slots) for _ in range(ROUNDS)]
    result = figures(rounds, mails)
    for name, value in result.items():
        print(name)
        for way, figure in value.items() if isinstance(value, dict) else [("", value)]:
            print(f"    {way:28} {figure}")
    if asked.save:
        RESULTS.write_text(json.dumps(result, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()

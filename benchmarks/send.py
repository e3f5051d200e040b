"""Claim, build, send, record: the whole of delivery against a bare loop that sends one fixed message.

    make bench-send [MAILS=4000] [CONNECTIONS=8]

Side by side in one run, on loopback, into a sink in another process: `aiosmtplib.SMTP.sendmail` over the same
number of connections in the same kind of event loop, then delivery on SQLite and on Postgres, by one worker
process and by two. Each is measured three times in turns; the best of each counts.
"""

import argparse
import asyncio
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit

import aiosmtplib
import uvloop
from sqlalchemy import text

from benchmarks.discard import sink
from benchmarks.mailing import fill, installation
from digest.deliver import Envelope
from digest.domain import DeliveryState
from digest.pipeline.delivery import Courier
from digest.pipeline.installation import Installation
from digest.pipeline.issues import open_due
from digest.pipeline.message import envelope
from digest.pipeline.promises import Promises
from digest.store import deliveries, session, subscribers
from tests.postgres_server import running

ROUNDS = 2
NOW = datetime.now(UTC)


def bare(url: str, message: Envelope, count: int, connections: int) -> float:
    """Seconds for so many times the same message."""

    async def lane(numbers: Iterator[int]) -> None:
        parts = urlsplit(url)
        async with aiosmtplib.SMTP(
            hostname=parts.hostname, port=parts.port, use_tls=False, start_tls=False
        ) as smtp:
            for _ in numbers:
                await smtp.sendmail(message.sender, [message.recipient], message.content)

    async def all_lanes() -> None:
        numbers = iter(range(count))
        await asyncio.gather(*(lane(numbers) for _ in range(connections)))

    started = time.perf_counter()
    uvloop.run(all_lanes())
    return time.perf_counter() - started


def deliver(database_url: str, url: str, connections: int) -> tuple[float, int]:
    """Seconds from the first claim to the last outcome, and how many mails."""
    here = installation(database_url, url, connections)
    count = 0
    with Courier(here) as courier:
        started = time.perf_counter()
        while claimed := courier.deliver_due(datetime.now(UTC)):
            count += claimed
        seconds = time.perf_counter() - started
    here.engine.dispose()
    return seconds, count


def worker(database_url: str, url: str, connections: int) -> None:
    """One worker process: waits for a line, delivers, prints what it did."""
    here = installation(database_url, url, connections)
    print("ready", flush=True)
    sys.stdin.readline()
    count = 0
    with Courier(here) as courier:
        while claimed := courier.deliver_due(datetime.now(UTC)):
            count += claimed
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps({"mails": count, "mib": round(peak)}), flush=True)


def workers(processes: int, database_url: str, url: str, connections: int) -> tuple[float, int, int]:
    """Seconds, mails, and the peak memory of one process in MiB."""
    command = [sys.executable, "-m", "benchmarks.send", "--worker", database_url, url, str(connections)]
    started = [
        subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        for _ in range(processes)
    ]
    for each in started:
        assert each.stdout
        each.stdout.readline()
    begin = time.perf_counter()
    for each in started:
        assert each.stdin
        each.stdin.write("go\n")
        each.stdin.flush()
    done = [json.loads(each.communicate()[0]) for each in started]
    return time.perf_counter() - begin, sum(d["mails"] for d in done), max(d["mib"] for d in done)


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


def prepare(database_url: str, url: str, mails: int) -> Envelope:
    """Readers, papers and the open issue; returns a message of it of middle size."""
    here = installation(database_url, url, 1)
    fill(here, mails, NOW)
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
    digests = Promises(here).digests(rows, people)
    found = [
        envelope(here, digest, message_id=row.message_id, now=NOW)
        for row in rows
        if (digest := digests[row.id])
    ]
    return sorted(found, key=lambda each: len(each.content))[len(found) // 2]


@contextmanager
def databases(mails: int, url: str) -> Iterator[tuple[dict[str, str], Envelope]]:
    """A filled SQLite file on disk and a filled Postgres that syncs as one in production does."""
    with (
        tempfile.TemporaryDirectory(dir=".") as folder,
        running(synchronous_commit="on", fsync="on") as server,
    ):
        server.execute("CREATE DATABASE bench")
        found = {
            "SQLite": f"sqlite:///{Path(folder).resolve() / 'bench.db'}",
            "Postgres": server.url("bench"),
        }
        for address in found.values():
            message = prepare(address, url, mails)
        yield found, message


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--mails", type=int, default=4000)
    parser.add_argument("--connections", type=int, default=8)
    parser.add_argument("--worker", nargs=3)
    asked = parser.parse_args()
    if asked.worker:
        worker(asked.worker[0], asked.worker[1], int(asked.worker[2]))
        return
    mails, connections = asked.mails, asked.connections
    with sink() as url, databases(mails, url) as (found, message):
        print(f"{mails} mails, {connections} connections per process, {os.cpu_count()} cores,"
              f" {len(message.content)} bytes per mail, best of {ROUNDS}")  # fmt: skip
        best: dict[str, float] = {}
        least: dict[str, float] = {}  # processor time, which other work on the machine hardly changes
        peak = 0
        for _ in range(ROUNDS):
            before = time.process_time()
            seconds = {"bare loop": bare(url, message, mails, connections)}
            cpu = {"bare loop": time.process_time() - before}
            for name, address in found.items():
                queue_again(address, url)
                before = time.process_time()
                seconds[name], count = deliver(address, url, connections)
                cpu[name] = time.process_time() - before
                assert count == mails
                for processes in (1, 2):
                    queue_again(address, url)
                    took, count, mib = workers(processes, address, url, connections)
                    assert count == mails
                    seconds[f"{name}, {processes} workers"], peak = took, max(peak, mib)
            print({name: round(took, 2) for name, took in seconds.items()}, file=sys.stderr, flush=True)
            best = {name: min(took, best.get(name, took)) for name, took in seconds.items()}
            least = {name: min(took, least.get(name, took)) for name, took in cpu.items()}
        for name, took in best.items():
            ratio = took / best["bare loop"]
            print(f"{name:22} {took:7.2f} s {mails / took:7.0f} mails/s {ratio:5.2f} × bare loop")
        for name, took in least.items():
            print(f"{name:22} {1000 * took / mails:7.3f} ms of processor time per mail")
        for name in found:
            gain = best[f"{name}, 1 workers"] / best[f"{name}, 2 workers"]
            print(f"{name}: two worker processes against one: {gain:.2f} ×")
        print(f"peak memory of a worker: {peak} MiB")


if __name__ == "__main__":
    main()

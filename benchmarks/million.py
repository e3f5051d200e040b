"""One issue end to end: subscribers who are due → an open issue → every mail handed to a discarding sink.

    make bench-million [ARGS='--readers 50000 --database postgres --workers 2']

Prints the seconds and the share of each stage, mails per second, and the peak memory of this process and of a
worker; writes the same as JSON to `benchmarks/results/`. Filling the database isn't part of what is measured.
"""

import argparse
import json
import os
import resource
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

from benchmarks.discard import sink
from benchmarks.mailing import fill, installation
from benchmarks.worker import workers
from digest.domain import DeliveryState
from digest.pipeline.issues.open import open_due, reports
from tests.postgres_server import running

RESULTS = Path(__file__).with_name("results")


def run_issue(
    database_url: str, url: str, readers: int, processes: int, connections: int
) -> dict[str, object]:
    """Fill, open, deliver; what each stage took."""
    now = datetime.now(UTC)
    here = installation(database_url, url, connections)
    started = time.perf_counter()
    fill(here, readers, now)
    filled = time.perf_counter()
    (issue,) = open_due(here, now + timedelta(seconds=1))
    opened = time.perf_counter()
    done = workers(processes, database_url, url, connections)
    (report,) = reports(here, [issue.id])
    assert report.counts[DeliveryState.SENT] == done.mails == readers, report
    here.engine.dispose()
    whole = opened - filled + done.seconds
    return {
        "readers": readers,
        "database": database_url.partition(":")[0],
        "workers": processes,
        "cores": os.cpu_count(),
        "filling_seconds_not_counted": round(filled - started, 1),
        "open_seconds": round(opened - filled, 1),
        "deliver_seconds": round(done.seconds, 1),
        "minutes": round(whole / 60, 1),
        "open_share": round((opened - filled) / whole, 3),
        "deliver_share": round(done.seconds / whole, 3),
        "share_of_deliver": {
            stage: round(seconds / processes / done.seconds, 3) for stage, seconds in done.stages.items()
        },
        "mails_per_second": round(done.mails / done.seconds),
        "peak_mib_opening": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024),
        "peak_mib_worker": done.mib,
    }


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--readers", type=int, default=1_000_000)
    parser.add_argument("--database", choices=("sqlite", "postgres"), default="postgres")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--connections", type=int, default=8)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=".") as folder, sink() as url:
        how = url, asked.readers, asked.workers, asked.connections
        if asked.database == "sqlite":
            result = run_issue(f"sqlite:///{Path(folder).resolve() / 'million.db'}", *how)
        else:
            with running(synchronous_commit="on", autovacuum="on") as server:
                server.execute("CREATE DATABASE million")
                result = run_issue(server.url("million"), *how)
    for name, value in result.items():
        print(f"{name:30} {value}")
    path = RESULTS / f"issue-{asked.readers}-{asked.database}.json"
    path.write_text(json.dumps(result, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()

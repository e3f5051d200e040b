"""Worker processes that deliver what is due, as many as a benchmark wants; each says what it did.

    python -m benchmarks.worker DATABASE_URL SMTP_URL CONNECTIONS

A process of a module of its own: its peak memory is that of the pipeline, without what the benchmarks import.
"""

import json
import resource
import subprocess
import sys
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

from benchmarks.mailing import installation
from benchmarks.stages import Stopwatch
from digest.pipeline.delivery.worker import DeliveryWorker


class Worked(NamedTuple):
    """What some worker processes did together."""

    seconds: float
    mails: int
    mib: int  # the peak memory of one process
    stages: Mapping[str, float]  # seconds of all processes


def workers(processes: int, database_url: str, url: str, connections: int) -> Worked:
    """Let so many worker processes deliver what is due."""
    command = [sys.executable, "-m", "benchmarks.worker", database_url, url, str(connections)]
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
    names = {name for each in done for name in each["stages"]}  # a worker that came too late has fewer
    stages = {name: sum(each["stages"].get(name, 0.0) for each in done) for name in sorted(names)}
    seconds = time.perf_counter() - begin
    return Worked(seconds, sum(d["mails"] for d in done), max(d["mib"] for d in done), stages)


def main() -> None:
    """Wait for a line, deliver, print what was done."""
    database_url, url, connections = sys.argv[1:]
    here = installation(database_url, url, int(connections))
    print("ready", flush=True)
    sys.stdin.readline()
    count, watch = 0, Stopwatch()
    watch.put_on()
    with DeliveryWorker(here) as delivery_worker:
        while claimed := delivery_worker.deliver_due(datetime.now(UTC)):
            count += claimed
    print(json.dumps({"mails": count, "mib": _peak_mib(), "stages": watch.seconds}), flush=True)


def _peak_mib() -> int:
    """The most memory that this process had. Linux counts what started it in `ru_maxrss`, too, and that has
    filled a database before; other systems are asked for want of better."""
    status = Path("/proc/self/status")
    if status.exists():
        (line,) = (each for each in status.read_text().splitlines() if each.startswith("VmHWM:"))
        return round(int(line.split()[1]) / 1024)
    return round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)


if __name__ == "__main__":
    main()

"""How long readers wait for pages of a running `serve` that holds 75,000 papers, beside a bare page.

20 readers ask in turn without a pause, each on its own connection: lists of random days, papers by a Zipf
law (few are looked at by many), feeds, and feeds that they have already. In the same run they ask a bare
Starlette application for a page of the size of `/papers`: what is more than that is ours.
"""

import argparse
import http.client
import json
import multiprocessing
import random
import socket
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse
from starlette.routing import Route

from benchmarks import day
from benchmarks.attack import serving
from digest.config import load
from digest.domain import Entry, Paper, SignalKind, SourceKind
from digest.pipeline.installation import open_installation
from digest.store import papers, session, sources

READERS = 20
DAYS = 150  # over which the papers are spread
GOALS = {"/": 50, "day": 50, "paper": 30, "feed": 30, "feed, 304": 5}  # milliseconds, p95
RESULT = Path(__file__).parent / "results" / "web.json"


@dataclass(frozen=True, slots=True)
class Ask:
    """A request: a path, and the tag that the reader has."""

    path: str
    tag: str = ""


def fill(folder: Path, number: int, data: Path) -> None:
    """Put papers into the database of a folder, spread over the last days; one in twelve has upvotes."""
    installation = open_installation(load(data_dir=folder))
    real, _ = day.papers(12_000, data)
    now = datetime.now(UTC)
    for at in range(DAYS):
        entries = [
            _entry(n, real[n % len(real)].title, replace(real[n % len(real)], pk=n))
            for n in range(at * number // DAYS, (at + 1) * number // DAYS)
        ]
        with session.transaction(installation.engine) as db:
            source = sources.ensure(db, name="arxiv", kind=SourceKind.ARXIV)
            papers.store_entries(db, source, entries, seen_at=now - timedelta(days=at, hours=1))
    installation.engine.dispose()


def _entry(number: int, title: str, like: Paper) -> Entry:
    name = f"{20 + number // 99_999:02}01.{number % 99_999:05}"
    upvotes = {SignalKind.UPVOTES: number * 7919 % 300} if number % 12 == 0 else {}
    return Entry(
        key=name, arxiv_id=name, title=title, abstract=like.abstract, authors=like.authors,
        categories=like.categories, url=f"https://arxiv.org/abs/{name}", signals=upvotes,
    )  # fmt: skip


def measure(base: str, asks: Callable[[random.Random], Ask], seconds: float) -> tuple[list[float], int]:
    """Let 20 readers ask for some seconds: milliseconds of each answer, and how many weren't 200 or 304."""
    times: list[float] = []
    wrong = 0
    lock = threading.Lock()
    end = time.monotonic() + seconds

    def read(number: int) -> None:
        nonlocal wrong
        chance = random.Random(number)
        where = urlsplit(base)
        line = http.client.HTTPConnection(where.hostname or "", where.port, timeout=60)
        mine: list[float] = []
        bad = 0
        while time.monotonic() < end:
            ask = asks(chance)
            headers = {"Accept-Encoding": "gzip", "X-Forwarded-For": f"10.1.{number}.{chance.randrange(250)}"}
            if ask.tag:
                headers["If-None-Match"] = ask.tag
            begun = time.perf_counter()
            line.request("GET", ask.path, headers=headers)
            answer = line.getresponse()
            answer.read()
            mine.append((time.perf_counter() - begun) * 1000)
            bad += answer.status not in {200, 304}
        line.close()
        with lock:
            times.extend(mine)
            wrong += bad

    readers = [threading.Thread(target=read, args=(number,)) for number in range(READERS)]
    for reader in readers:
        reader.start()
    for reader in readers:
        reader.join()
    return sorted(times), wrong


def kinds(base: str, number: int) -> Mapping[str, Callable[[random.Random], Ask]]:
    """What readers ask for, by kind."""
    today = datetime.now(UTC).date()
    tag = fetch(base, "/papers.atom")[1]

    def paper(chance: random.Random) -> Ask:
        rank = min(int(chance.paretovariate(0.9)), number) - 1
        return Ask(f"/p/{20 + rank // 99_999:02}01.{rank % 99_999:05}")

    def a_day(chance: random.Random) -> Ask:
        order = chance.choice(("", "?order=newest"))
        return Ask(f"/papers/{today - timedelta(days=min(int(chance.expovariate(0.15)), DAYS - 1))}{order}")

    return {
        "/": lambda _: Ask("/"),
        "day": a_day,
        "paper": paper,
        "feed": lambda chance: Ask(f"/papers.{chance.choice(('rss', 'atom', 'json'))}"),
        "feed, 304": lambda _: Ask("/papers.atom", tag),
    }


def fetch(base: str, path: str) -> tuple[float, str, int]:
    """One request: milliseconds, the tag of the answer, the bytes of its body as sent."""
    where = urlsplit(base)
    line = http.client.HTTPConnection(where.hostname or "", where.port, timeout=120)
    begun = time.perf_counter()
    line.request("GET", path, headers={"Accept-Encoding": "gzip"})
    answer = line.getresponse()
    body = answer.read()
    line.close()
    return (time.perf_counter() - begun) * 1000, answer.headers.get("ETag", ""), len(body)


def bare(listening: socket.socket, size: int) -> None:
    """Serve one page of this size with nothing but Starlette."""

    async def page(_request: Request) -> HTMLResponse:
        return HTMLResponse("x" * size)

    app = Starlette(routes=[Route("/", page)])
    uvicorn.Server(uvicorn.Config(app, log_config=None, access_log=False)).run(sockets=[listening])


def memory(process: int) -> int:
    """The most memory that a process has had, in MB."""
    text = Path(f"/proc/{process}/status").read_text(encoding="ascii")
    return int(text.partition("VmHWM:")[2].split()[0]) // 1024


def p95(times: list[float]) -> float:
    """The time within which 95 of 100 answers came."""
    return times[int(len(times) * 0.95)]


def main() -> int:
    """Measure, print a table, keep the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--papers", type=int, default=75_000)
    parser.add_argument("--seconds", type=float, default=8.0)
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    parser.add_argument("--keep", action="store_true", help="keep the figures in benchmarks/results")
    asked = parser.parse_args()
    kept: dict[str, object] = {"papers": asked.papers, "readers": READERS}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        begun = time.monotonic()
        fill(folder, asked.papers, asked.data)
        print(f"{asked.papers:,} papers landed in {time.monotonic() - begun:.0f} s")
        with serving(folder) as (base, process):
            first = fetch(base, "/")[0]
            print(f"first request after the start: {first:.0f} ms (aim: 1,000)")
            size = fetch(base, "/papers")[2]
            listening = socket.create_server(("127.0.0.1", 0))
            other = multiprocessing.get_context("fork").Process(target=bare, args=(listening, size))
            other.start()
            port = listening.getsockname()[1]
            time.sleep(1)
            times, _ = measure(f"http://127.0.0.1:{port}", lambda _: Ask("/"), asked.seconds / 2)
            other.terminate()
            other.join()
            print(f"{'':14}{'median':>8}{'p95':>8}{'p99':>8}{'a second':>10}  aim of p95, ms")
            row("bare page", times, asked.seconds / 2, "")
            figures = {"bare page": round(p95(times), 1)}
            for kind, asks in kinds(base, asked.papers).items():
                times, wrong = measure(base, asks, asked.seconds)
                row(kind, times, asked.seconds, f"{GOALS[kind]}" + (f"  {wrong} wrong!" if wrong else ""))
                figures[kind] = round(p95(times), 1)
            most = memory(process)
            print(f"memory of serve: {most} MB at most (aim: 250)")
            kept |= {"first_ms": round(first), "p95_ms": figures, "memory_mb": most}
    if asked.keep:
        RESULT.write_text(json.dumps(kept, indent=2) + "\n", encoding="utf-8")
    return 0


def row(kind: str, times: list[float], seconds: float, aim: str) -> None:
    """Print one line of the table."""
    middle, last = times[len(times) // 2], times[int(len(times) * 0.99)]
    print(f"{kind:14}{middle:8.1f}{p95(times):8.1f}{last:8.1f}{len(times) / seconds:10.0f}  {aim}")


if __name__ == "__main__":
    sys.exit(main())

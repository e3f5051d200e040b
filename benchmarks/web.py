"""How long readers wait for pages of a running `serve` that holds 75,000 papers, beside a bare page.

First one reader asks for pages that nobody asked for since the start. Then 20 readers ask in turn, each on
its own connection and from networks of their own, as behind a trusted proxy: lists of days, weeks and months,
new ones more often than old ones; papers by a Zipf law, in the order in which the lists of the last days have
them (few are looked at by many); feeds, and feeds that they have already; searches that nobody asked before
(words of papers, some misspelt, questions, some with filters), and five that are asked again and again. They
ask once with a tenth of a second between an answer and the next question, which is quicker than people read
(searches once more with a second, which is quicker than people type), and once without any pause, as fast as
answers come. A request that is refused or fails makes the run fail. In
the same run they ask a bare Starlette application for a page of the size of `/papers`: what is more than that
is ours. Papers are indexed for search, with vectors, as those of an installation are; first on SQLite, then
on Postgres. `--save` keeps the figures in benchmarks/results and brings README up to date.
"""

import argparse
import http.client
import json
import multiprocessing
import random
import re
import socket
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from itertools import cycle
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit
from urllib.request import urlopen

import uvicorn
from sqlalchemy import text
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse
from starlette.routing import Route

from benchmarks import day, table
from benchmarks.attack import seconds_of, serving
from benchmarks.queries import query_sets, read_papers
from digest.config import load
from digest.domain import Entry, Paper, SignalKind, SourceKind
from digest.errors import FilterError
from digest.filters import parse
from digest.pipeline.catalog import search_index, similar
from digest.pipeline.installation import open_installation
from digest.store import papers, session, sources
from tests.postgres_server import running

READERS = 20
PAUSE = 0.1  # seconds between an answer and the next question, on average
SLOWLY = "search, slowly"  # with a second between: still quicker than a search is typed
DAYS = 150  # over which the papers are spread
LISTED_DAYS = 10  # whose papers are looked at first
OLD = 32  # days: from here on no list is made ahead
GOALS = {
    "/": 50,
    "day": 50,
    "week": 50,
    "month": 50,
    "paper": 30,
    "feed": 30,
    "feed, 304": 5,
    "search": 100,
    SLOWLY: 100,
    "search, again": 50,
}  # milliseconds, p95
PARTS = ("/static/style.css", "/static/htmx.min.js", "/static/form.js", "/static/icon.svg")  # of every page
AGAIN = ("diffusion video", "cat:cs.CL retrieval", '"language model" -survey', "sparse attention", "ti:robot")
FILTERS = ("cat:cs.CL", "cat:cs.CV -survey", "year:2026-", "has:code OR upvotes>=5", "-ti:benchmark")
RESULT = Path(__file__).parent / "results" / "web.json"


@dataclass(frozen=True, slots=True)
class Ask:
    """A request: a path, and the tag that the reader has."""

    path: str
    tag: str = ""


def fill(folder: Path, number: int, data: Path, **settings: str) -> None:
    """Put papers into a database, spread over the last days, and index them, with vectors."""
    store(folder, number, data, **settings)
    installation = open_installation(load(data_dir=folder, **settings))
    similar.keep_up(installation)
    if installation.engine.dialect.name == "postgresql":
        with installation.engine.begin() as db:
            db.execute(text("ANALYZE"))  # as autovacuum does: the server of tests has none
    installation.engine.dispose()


def store(folder: Path, number: int, data: Path, **settings: str) -> None:
    """Put papers into a database and index them by words; one in twelve has upvotes."""
    installation = open_installation(load(data_dir=folder, **settings))
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
    search_index.catch_up(installation)
    installation.engine.dispose()


def _entry(number: int, title: str, like: Paper) -> Entry:
    name = f"{20 + number // 99_999:02}01.{number % 99_999:05}"
    upvotes = {SignalKind.UPVOTES: number * 7919 % 300} if number % 12 == 0 else {}
    return Entry(
        key=name, arxiv_id=name, title=title, abstract=like.abstract, authors=like.authors,
        categories=like.categories, url=f"https://arxiv.org/abs/{name}", signals=upvotes,
    )  # fmt: skip


def measure(
    base: str, asks: Callable[[random.Random], Ask], seconds: float, pause: float = 0.0
) -> tuple[list[float], int]:
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
            if pause:
                time.sleep(chance.uniform(0, 2 * pause))
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


def new_searches(data: Path) -> Iterator[str]:
    """Searches in no order, each once before the first comes again; every sixth has a filter, too."""
    sets = query_sets(read_papers(data))
    texts = sorted({text for of_set in sets.values() for _, text in of_set if _is_readable(text)})
    random.Random(1).shuffle(texts)
    filters = cycle(FILTERS)
    return cycle([f"{text} ({next(filters)})" if n % 6 == 0 else text for n, text in enumerate(texts)])


def _is_readable(text: str) -> bool:
    """Whether it can be searched for as it stands: the language refuses a comma between keywords."""
    try:
        parse(text)
    except FilterError:
        return False
    return True


def kinds(base: str, number: int, data: Path) -> Mapping[str, Callable[[random.Random], Ask]]:
    """What readers ask for, by kind."""
    today = datetime.now(UTC).date()
    tag = fetch(base, "/papers.atom")[1]

    searches = new_searches(data)

    listed = list_papers(base)

    def paper(chance: random.Random) -> Ask:
        rank = min(int(chance.paretovariate(0.9)), number) - 1
        return Ask(listed[rank] if rank < len(listed) else paper_path(rank))

    def days_ago(number: float) -> date:
        return today - timedelta(days=int(number))

    def of_period(chance: random.Random, name: str) -> Ask:
        return Ask(f"/papers/{name}{chance.choice(('', '?order=newest'))}")

    return {
        "/": lambda _: Ask("/"),
        "day": lambda chance: of_period(chance, f"{days_ago(min(chance.expovariate(0.15), DAYS - 1))}"),
        "week": lambda chance: of_period(
            chance, f"{days_ago(min(chance.expovariate(0.05), DAYS - 1)):%G-W%V}"
        ),
        "month": lambda chance: of_period(
            chance, f"{days_ago(min(chance.expovariate(0.02), DAYS - 1)):%Y-%m}"
        ),
        "paper": paper,
        "feed": lambda chance: Ask(f"/papers.{chance.choice(('rss', 'atom', 'json'))}"),
        "feed, 304": lambda _: Ask("/papers.atom", tag),
        "search": lambda _: Ask(f"/search?{urlencode({'q': next(searches)})}"),
        SLOWLY: lambda _: Ask(f"/search?{urlencode({'q': next(searches)})}"),
        "search, again": lambda chance: Ask(f"/search?{urlencode({'q': chance.choice(AGAIN)})}"),
    }


def paper_path(number: int) -> str:
    """Return the page of the paper that was landed as this one."""
    return f"/p/{20 + number // 99_999:02}01.{number % 99_999:05}"


def list_papers(base: str) -> list[str]:
    """Return the pages of the papers that the lists of the last days begin with, in their order."""
    today = datetime.now(UTC).date()
    found: list[str] = []
    for ago in range(LISTED_DAYS):
        with urlopen(f"{base}/papers/{today - timedelta(days=ago)}", timeout=60) as answer:
            found += re.findall(r'<h3 dir="auto"><a href="(/p/[^"]+)"', answer.read().decode())
    return found


def first_visits(base: str, number: int) -> dict[str, float]:
    """Ask for pages that nobody asked for yet, one after the other: p95 in milliseconds by kind."""
    today, chance = datetime.now(UTC).date(), random.Random(0)
    old = [today - timedelta(days=ago) for ago in range(OLD, DAYS)]
    paths = {
        "day": [f"/papers/{day}" for day in chance.sample(old, 60)],
        "week": [f"/papers/{name}" for name in dict.fromkeys(f"{day:%G-W%V}" for day in old)][1:-1],
        "month": [f"/papers/{name}" for name in dict.fromkeys(f"{day:%Y-%m}" for day in old)][1:-1],
        "paper": [paper_path(each) for each in chance.sample(range(number), 100)],
    }
    return {kind: round(p95(sorted(fetch(base, path)[0] for path in paths[kind])), 1) for kind in paths}


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


@contextmanager
def watching_memory(process: int) -> Iterator[dict[str, int]]:
    """Look at the memory of a process ten times a second: the most that it had, in MB.

    `own`: what it alone has. `mapped`: pages of files (libraries, the segments of the search index) that it
    looked at; the system takes them back when it needs room, and other processes share them. `most`: both.
    """
    found = dict.fromkeys(("own", "mapped", "most"), 0)
    over = threading.Event()

    def watch() -> None:
        while not over.wait(0.1):
            text = Path(f"/proc/{process}/status").read_text(encoding="ascii")
            for name, field in (("own", "RssAnon"), ("mapped", "RssFile"), ("most", "VmHWM")):
                found[name] = max(found[name], int(text.partition(f"{field}:")[2].split()[0]) // 1024)

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        yield found
    finally:
        over.set()
        watcher.join()


def p95(times: list[float]) -> float:
    """The time within which 95 of 100 answers came."""
    return times[int(len(times) * 0.95)]


def settle(process: int) -> None:
    """Wait until a server that has just begun is idle: it reads ahead what pages show."""
    spent = -1.0
    for _ in range(60):
        before, spent = spent, seconds_of(process)
        if spent - before < 0.05:
            return
        time.sleep(1)


def of_server(name: str, folder: Path, asked: argparse.Namespace, **settings: str) -> dict[str, object]:
    """Print the table of one database, and return its figures."""
    begun = time.monotonic()
    fill(folder, asked.papers, asked.data, **settings)
    print(
        f"\n{name}: {asked.papers:,} papers landed and indexed in {time.monotonic() - begun:.0f} s",
        flush=True,
    )
    environment = {f"DIGEST_{key.upper()}": each for key, each in settings.items()}
    with serving(folder, **environment) as (base, process), watching_memory(process) as found:
        first = fetch(base, "/")[0]
        settle(process)
        unseen = {} if asked.only else first_visits(base, asked.papers)
        of_home = sum(fetch(base, path)[2] for path in ("/", *PARTS))
        figures: dict[str, dict[str, float]] = {}
        print(f"{'':14}{'p95 with pauses':>16}{'p95 without':>12}{'a second':>10}{'CPU ms':>8}  aim, ms")
        with beside(fetch(base, "/papers")[2]) as (bare_base, bare_process):
            asks = {"bare page": lambda _: Ask("/"), **kinds(base, asked.papers, asked.data)}
            for kind, ask in asks.items():
                if not kind.startswith(asked.only):
                    continue
                where, who = (bare_base, bare_process) if kind == "bare page" else (base, process)
                figures[kind] = of_kind(kind, where, who, ask, asked.seconds)
    print(
        f"first request after the start: {first:,.0f} ms (aim: 1,000);"
        f" home in all: {of_home / 1000:.1f} kB (aim: 60)"
    )
    if unseen:
        said = ", ".join(f"{kind} {times:.0f} ms" for kind, times in unseen.items())
        print(f"pages that nobody asked for yet, p95 of one reader: {said}")
    print(
        f"memory at most: {found['own']} MB of its own (aim: 250), {found['mapped']} MB of mapped files,"
        f" {found['most']} MB together"
    )
    return {
        "first_ms": round(first),
        "home_kb": round(of_home / 1000, 1),
        "memory_mb": found,
        "first_visits": unseen,
        "kinds": figures,
    }


def of_kind(
    kind: str, base: str, process: int, ask: Callable[[random.Random], Ask], seconds: float
) -> dict[str, float]:
    """Print the line of one kind of request, and return its figures."""
    paused, wrong = (
        measure(base, ask, seconds * 2, 1.0) if kind == SLOWLY else measure(base, ask, seconds, PAUSE)
    )
    spent = seconds_of(process)
    hurried, also_wrong = measure(base, ask, seconds)
    each = (seconds_of(process) - spent) * 1000 / len(hurried)
    note = f"  {wrong + also_wrong} refused or failed!" if wrong + also_wrong else ""
    print(
        f"{kind:14}{p95(paused):16.1f}{p95(hurried):12.1f}{len(hurried) / seconds:10.0f}"
        f"{each:8.2f}  {GOALS.get(kind, '')}{note}",
        flush=True,
    )
    return {
        "p95_with_pauses": round(p95(paused), 1),
        "p95": round(p95(hurried), 1),
        "a_second": round(len(hurried) / seconds),
        "cpu_ms": round(each, 2),
        "refused": wrong + also_wrong,
    }


def refused(figures: Any) -> int:
    """How many requests of one database were refused or failed."""
    return sum(of_kind["refused"] for of_kind in figures["kinds"].values())


@contextmanager
def beside(size: int) -> Iterator[tuple[str, int]]:
    """Serve a bare page of this size in a process of its own: its address, and the process."""
    listening = socket.create_server(("127.0.0.1", 0))
    other = multiprocessing.get_context("spawn").Process(target=bare, args=(listening, size))
    other.start()
    try:
        base = f"http://127.0.0.1:{listening.getsockname()[1]}"
        fetch(base, "/")  # it answers
        yield base, other.pid or 0
    finally:
        other.terminate()
        other.join()
        listening.close()


def main() -> int:
    """Measure, print a table for each database, keep the figures where that is wanted."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--papers", type=int, default=75_000)
    parser.add_argument("--seconds", type=float, default=3.5)
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    parser.add_argument("--databases", nargs="*", default=["sqlite", "postgres"])
    parser.add_argument("--only", default="", help="only kinds that begin so, such as search")
    parser.add_argument("--save", action="store_true", help="keep the figures, and bring README up to date")
    asked = parser.parse_args()
    if asked.only and asked.save:
        parser.error("--save keeps the figures of all kinds: leave --only out")
    kept: dict[str, object] = {"papers": asked.papers, "readers": READERS}
    if "sqlite" in asked.databases:
        with tempfile.TemporaryDirectory() as name:
            kept["sqlite"] = of_server("SQLite", Path(name), asked)
    if "postgres" in asked.databases:
        with tempfile.TemporaryDirectory() as name, running() as server:
            server.execute("CREATE DATABASE bench_web")
            kept["postgres"] = of_server("Postgres", Path(name), asked, database_url=server.url("bench_web"))
    if any(refused(kept[name]) for name in asked.databases):
        print("some requests were refused or failed: the figures aren't kept")
        return 1
    if asked.save:
        RESULT.write_text(json.dumps(kept, indent=2) + "\n", encoding="utf-8")
        table.main()
    return 0


if __name__ == "__main__":
    sys.exit(main())

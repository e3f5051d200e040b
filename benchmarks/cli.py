"""What the command line costs: help, every reading command on a large store, a list of a million readers.

    make bench-cli [ARGS='--rows 100000 --papers 75000 --readers 50000 --databases sqlite --save']

Each command runs in a process of its own, with the bytecode that an installation has. Shown are the
processor seconds of that process (the least of three, for an import or export of the one run, wall-clock time
beside them), and the most memory that it held. A plain loop of `csv` over the same file, which checks
nothing and writes each row into a table with one index, is run beside the import. That an export which is
imported again is the same, byte by byte, is looked at with fewer rows. `--save` keeps what README quotes.
A quiet machine takes seven minutes.

Beside each command runs the least that any command with a database could cost: a program that imports Click,
Pydantic and SQLAlchemy's ORM, maps one table and reads one row of the same file. The ratio to it says what is
the command's own, on a quiet machine as on a busy one.
"""

import argparse
import csv
import json
import multiprocessing
import os
import random
import resource
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from benchmarks import table
from benchmarks.web import store
from tests.postgres_server import running

RESULT = Path(__file__).parent / "results" / "cli.json"
RUNS = 3
ROUND_TRIP = 20_000  # rows that are exported, imported and exported again
HEADER = (
    "email", "topics", "filters", "exclude", "frequency", "at", "timezone", "max", "status", "consent",
    "consent_at", "joined_at",
)  # fmt: skip
TOPICS = ("llm", "rag", "agents", "alignment", "robotics", "vision", "reasoning", "code", "safety")
WORDS = (
    "mamba", "transformer", "quantization", "attention", "graph", "retrieval", "policy", "speech", "protein",
    "climate", "robot", "planning", "theorem", "kernel", "causal", "survey", "distillation", "pruning",
    "watermark", "privacy", "federated", "radiology", "tracking", "segmentation", "depth", "swarm",
)  # fmt: skip
ZONES = ("UTC", "Europe/Paris", "America/New_York", "Asia/Tokyo", "Europe/Zurich")
# Commands that read, as they are typed; {paper} and {reader} are some of the store's.
READING = (
    "papers list", "papers show {paper}", "papers explain {paper}", "papers search mamba", "topics list",
    "topics show llm", "subscribers list --limit 100", "subscribers list --where topic=llm --limit 100",
    "subscribers show {reader}", "subscribers show {reader} --why 2026-03-17", "deliveries list --limit 100",
    "deliveries domains", "issues list", "suppressions list", "sources list", "failures list", "audit list",
    "stats", "preview {reader}", "topics test mamba", "config show", "config check", "db current", "doctor",
)  # fmt: skip

LEAST = """
import sys
import click, pydantic
from sqlalchemy import create_engine, select
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column

class Base(DeclarativeBase):
    pass

class Topic(Base):
    __tablename__ = "topics"
    id: Mapped[int] = mapped_column(primary_key=True)
    slug: Mapped[str]

with Session(create_engine(f"sqlite:///{sys.argv[1]}/digest.db")) as session:
    print(session.scalars(select(Topic).limit(1)).one().slug)
"""


@dataclass(frozen=True, slots=True)
class Cost:
    """What a process took: processor seconds, seconds by the clock, and the most memory in MB."""

    processor: float
    wall: float
    memory: float


def run(arguments: Sequence[str], environment: Mapping[str, str], *, out: Path | None = None) -> Cost:
    """Run `digest` with these arguments in a process of its own. Raises RuntimeError where it fails."""
    return _run(["-m", "digest", *arguments], environment, out)


def _run(arguments: Sequence[str], environment: Mapping[str, str], out: Path | None = None) -> Cost:
    with tempfile.TemporaryFile() as said, (out or Path(os.devnull)).open("wb") as file:
        began = time.perf_counter()
        process = subprocess.Popen(
            [sys.executable, *arguments], env=dict(environment), stdout=file, stderr=said
        )
        _, status, usage = os.wait4(process.pid, 0)
        wall = time.perf_counter() - began
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode not in {0, 4, 5}:  # `doctor` says by 4 and 5 that something isn't well
            said.seek(0)
            raise RuntimeError(f"{' '.join(arguments)}: {said.read().decode()[-2000:]}")
    return Cost(usage.ru_utime + usage.ru_stime, wall, usage.ru_maxrss / 1024)


def often(arguments: Sequence[str], environment: Mapping[str, str], folder: Path) -> tuple[float, float]:
    """Return the processor seconds of a command, and of the least that any could cost, run in turn: of each
    the least of some runs, because others disturb, and none helps.
    """
    runs = [
        (run(arguments, environment).processor, _run(["-c", LEAST, str(folder)], environment).processor)
        for _ in range(RUNS)
    ]
    return min(cost for cost, _ in runs), min(least for _, least in runs)


def rows(number: int) -> Iterator[Sequence[str]]:
    """Make readers as an export has them: one in ten has left or bounced, most have filters."""
    chance = random.Random(5)
    for place in range(number):
        fields = chance.choices((0, 1, 2, 3), (40, 30, 20, 10))[0]
        filters = ";".join(_filter(chance) for _ in range(fields))
        joined = datetime(2020, 1, 1, tzinfo=UTC) + timedelta(minutes=chance.randrange(3 * 10**6))
        moment = joined.isoformat().replace("+00:00", "Z")
        yield (
            f"reader{place}@d{chance.randrange(5000)}.example",
            ";".join(sorted(set(chance.choices(TOPICS, k=chance.choice((1, 1, 2, 3)))))),
            filters,
            chance.choice(("", "", "survey")),
            chance.choice(("daily", "daily", "weekdays", "weekly")),
            f"{chance.choice((6, 7, 8, 9)):02}:{chance.choice((0, 15, 30)):02}",
            chance.choice(ZONES),
            chance.choice(("20", "20", "10")),
            chance.choices(("active", "unsubscribed", "suppressed"), (90, 8, 2))[0],
            "agreed on our old list",
            moment,
            moment,
        )


def _filter(chance: random.Random) -> str:
    first, second = chance.sample(WORDS, 2)
    forms = (first, f'"{first} {second}"', f"{first} AND {second}", f'au:"{first.title()} {second.title()}"')
    return chance.choices(forms, (40, 30, 20, 10))[0]


def write_list(path: Path, number: int) -> None:
    """Write a list of readers as CSV."""
    with path.open("w", newline="", encoding="utf-8") as file:
        table = csv.writer(file)
        table.writerow(HEADER)
        table.writerows(rows(number))


def plain(path: Path, folder: Path) -> Cost:
    """Read the same list with `csv` alone, row by row into a table whose addresses are unique."""
    began, start = time.process_time(), time.perf_counter()
    with path.open(newline="", encoding="utf-8") as file, sqlite3.connect(folder / "plain.db") as database:
        database.execute(f"CREATE TABLE readers ({HEADER[0]} TEXT UNIQUE, {', '.join(HEADER[1:])})")
        reader = csv.reader(file)
        next(reader)
        database.executemany(f"INSERT INTO readers VALUES ({', '.join('?' * len(HEADER))})", reader)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return Cost(time.process_time() - began, time.perf_counter() - start, peak)


def lists(path: Path, folder: Path, environment: Mapping[str, str], name: str) -> dict[str, dict[str, float]]:
    """Import a list into an empty store and export it; prints a line as each is done."""
    run(["db", "upgrade"], environment)
    taken = run(["subscribers", "import", str(path), "--yes"], environment)
    found = {"import": _shown(f"{name}: import", taken)}
    out = folder / "exported.csv"
    found["export"] = _shown(
        f"{name}: export", run(["subscribers", "export", "--out", str(out)], environment)
    )
    out.unlink()
    return found


def go_round(path: Path, folder: Path) -> None:
    """Import a list, export it, import that into another store: its export must be the same bytes.

    Raises RuntimeError where it isn't.
    """
    made: list[bytes] = []
    for name in ("one", "other"):
        environment = _environment(folder / name)
        run(["subscribers", "import", str(path), "--yes"], environment)
        path = folder / f"{name}.csv"
        run(["subscribers", "export", "--out", str(path)], environment)
        made.append(path.read_bytes())
    if made[0] != made[1]:
        raise RuntimeError("an export that was imported again isn't the same")


def reading(folder: Path, papers: int, readers: int) -> dict[str, tuple[float, float]]:
    """Measure the help and every reading command on a store of so many papers and readers: by command, what
    `often` returns."""
    environment = _environment(folder)
    # In a process of its own: the most memory of a child counts from what its parent holds.
    filling = multiprocessing.get_context("spawn").Process(
        target=store, args=(folder, papers, Path("../shared/data"))
    )
    filling.start()
    filling.join()
    print(f"{papers:,} papers are stored and indexed", flush=True)
    people = folder / "people.csv"
    write_list(people, readers)
    run(["subscribers", "import", str(people), "--yes"], environment)
    names = {"paper": "2001.00001", "reader": f"reader0@{_domain(people)}"}
    costs: dict[str, tuple[float, float]] = {}
    for command in ("--help", *READING):
        cost, least = often([part.format(**names) for part in command.split()], environment, folder)
        costs[command] = cost, least
        print(
            f"{cost * 1000:6,.0f} ms, {cost / least:4.2f} times the least of {least * 1000:,.0f} ms"
            f"  digest {command}",
            flush=True,
        )
    return costs


def _domain(people: Path) -> str:
    with people.open(newline="", encoding="utf-8") as file:
        return next(csv.DictReader(file))["email"].rpartition("@")[2]


def _environment(folder: Path, url: str = "") -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("DIGEST_")}
    kept.pop("PYTHONDONTWRITEBYTECODE", None)  # an installation has bytecode, which `pip` wrote
    kept |= {"PYTHONPYCACHEPREFIX": str(folder.parent / "bytecode")}
    kept |= {"DIGEST_DATA_DIR": str(folder), "DIGEST_SECRET_KEY": "k" * 40}
    return kept | ({"DIGEST_DATABASE_URL": url} if url else {})


def main() -> None:
    """Measure, print, and keep the figures where that is wanted."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--papers", type=int, default=75_000)
    parser.add_argument("--readers", type=int, default=50_000)
    parser.add_argument("--databases", nargs="*", default=["sqlite", "postgres"])
    parser.add_argument("--save", action="store_true")
    chosen = parser.parse_args()
    kept: dict[str, object] = {"rows": chosen.rows, "papers": chosen.papers, "readers": chosen.readers}
    with tempfile.TemporaryDirectory() as name, ExitStack() as stack:
        folder = Path(name)
        if chosen.papers:
            found = reading(folder / "reading", chosen.papers, chosen.readers)
            costs = {command: cost for command, (cost, _) in found.items()}
            ratios = {command: round(cost / least, 2) for command, (cost, least) in found.items()}
            slow = max(costs, key=lambda command: costs[command])
            kept |= {"help": costs["--help"], "slowest": slow, "reading": costs}
            kept |= {"least": min(least for _, least in found.values()), "ratios": ratios}
            print(f"help {costs['--help'] * 1000:.0f} ms; slowest: {slow}, {costs[slow] * 1000:.0f} ms")
        path = folder / "list.csv"
        if chosen.databases:
            write_list(path, chosen.rows)
            kept["plain"] = _shown("csv alone", plain(path, folder))
        for database in chosen.databases:
            there = folder / database
            there.mkdir()
            url = ""
            if database == "postgres":
                server = stack.enter_context(running())
                server.execute("CREATE DATABASE bench_cli")
                url = server.url("bench_cli")
            kept[database] = lists(path, there, _environment(there, url), database)
        if chosen.databases:
            few = folder / "few.csv"
            write_list(few, min(chosen.rows, ROUND_TRIP))
            go_round(few, folder)
            print(
                f"an export of {min(chosen.rows, ROUND_TRIP):,} that is imported again is the same",
                flush=True,
            )
    if chosen.save:
        RESULT.write_text(json.dumps(kept, indent=2) + "\n", encoding="utf-8")
        table.main()


def _shown(what: str, cost: Cost) -> dict[str, float]:
    print(
        f"{what}: {cost.processor:.1f} s of a processor, {cost.wall:.1f} s, {cost.memory:.0f} MB", flush=True
    )
    return {"processor": round(cost.processor, 2), "wall": round(cost.wall, 2), "memory": round(cost.memory)}


if __name__ == "__main__":
    main()

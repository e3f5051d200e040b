"""Loading what a million subscribers ask for, from SQLite and Postgres, beside the match stage.

    python -m benchmarks.load [--data ../shared/data] [--people 1000000] [--save]

Prints the seconds from a database to arrays, page by page as an issue reads them (`deliveries.due_page`,
`unpack`), with the texts of all distinct filters, for both databases; and the match stage of the same run.
Seconds are those of one processor, the database server's own included, medians of three. `--save` keeps the
figures in `benchmarks/results/load.json`, which README quotes.
"""

import argparse
import gc
import json
import statistics
import tempfile
import time
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from hashlib import sha256
from pathlib import Path

import psycopg
from sqlalchemy import Engine

from benchmarks import day, peers, stage
from benchmarks.people import People, people
from digest.domain import Interests
from digest.match import FIT_WEIGHT, unpack
from digest.pipeline.issues.open import PAGE
from digest.store import deliveries, schema, session
from digest.store.columns import pack
from digest.store.subscriptions import interests
from tests.postgres_server import running

RUNS = 3
DUE, TODAY = datetime(2026, 3, 17, 8, tzinfo=UTC), date(2026, 3, 17)
ZONES = ("UTC", "Europe/London", "Africa/Accra", "Atlantic/Reykjavik")  # where 08:00 is one moment then
COLUMNS = (
    "id, email, email_key, status, interests, packed, frequency, weekday, at, timezone, next_due_at,"
    " next_due_on, created_at"
)
RESULTS = Path(__file__).parent / "results" / "load.json"


def rows(asked: People, *, sqlite: bool) -> Iterator[tuple[object, ...]]:
    """A row for each subscriber, as the driver takes it."""
    due: object = "2026-03-17 08:00:00.000000" if sqlite else DUE
    today: object = TODAY.isoformat() if sqlite else TODAY
    for index in range(len(asked.cohort)):
        one = asked.cohort.part(slice(index, index + 1))
        wanted, excluded = one.wanted.items.tolist(), one.excluded.items.tolist()
        chosen = Interests(
            filters=tuple(asked.texts[number] for number in wanted),
            exclude=tuple(asked.texts[number] for number in excluded),
        )
        packed = pack([0, 0, chosen.max_papers, *wanted, *(-number for number in excluded)])
        email = f"reader{index}@example.org"
        kept = json.dumps(interests.as_json(chosen))
        zone = ZONES[index % len(ZONES)]
        yield (
            *(index + 1, email, email, "active", kept, packed, "daily", 0),
            *("08:00:00.000000" if sqlite else "08:00", zone, due, today, due),
        )


@contextmanager
def sqlite(asked: People) -> Iterator[Engine]:
    """A database file with these subscribers."""
    with tempfile.TemporaryDirectory() as folder:
        engine = session.connect(f"sqlite:///{folder}/digest.db")
        schema.upgrade(engine)
        with engine.begin() as connection:
            cursor = connection.connection.cursor()
            cursor.executemany(
                "INSERT INTO filters (id, text, text_hash) VALUES (?, ?, ?)",
                [(number, text, sha256(text.encode()).digest()) for number, text in asked.texts.items()],
            )
            marks = ", ".join("?" * len(COLUMNS.split(",")))
            filled = f"INSERT INTO subscribers ({COLUMNS}) VALUES ({marks})"
            for chunk in session.chunks(rows(asked, sqlite=True), PAGE):
                cursor.executemany(filled, chunk)
        yield engine
        engine.dispose()


@contextmanager
def postgres(asked: People) -> Iterator[Engine]:
    """A server with these subscribers."""
    with running() as server:
        server.execute("CREATE DATABASE bench_load")
        engine = session.connect(server.url("bench_load"))
        schema.upgrade(engine)
        with psycopg.connect(server.url("bench_load")) as connection, connection.cursor() as cursor:
            with cursor.copy("COPY filters (id, text, text_hash) FROM STDIN") as copy:
                for number, text in asked.texts.items():
                    copy.write_row((number, text, sha256(text.encode()).digest()))
            with cursor.copy(f"COPY subscribers ({COLUMNS}) FROM STDIN") as copy:
                for row in rows(asked, sqlite=False):
                    copy.write_row(row)
        with psycopg.connect(server.url("bench_load"), autocommit=True) as connection:
            connection.execute("VACUUM ANALYZE")
        yield engine
        engine.dispose()


def load(engine: Engine, distinct: Collection[int]) -> tuple[int, float]:
    """Everything that the match stage needs of these subscribers: how many there were, and the seconds."""
    after = count = 0
    with session.reading(engine) as db:
        start = _seconds(db)
        while page := deliveries.due_page(db, DUE, TODAY, after_id=after, limit=PAGE):
            count += len(unpack(page.packed))
            after = page.ids[-1]
        interests.filter_texts(db, distinct)
        return count, _seconds(db) - start


def _seconds(db: session.Session) -> float:
    """The processor's time that this process, and the server's for this connection, have had."""
    driver = db.connection().connection.driver_connection
    server = peers.seconds_of(driver) if isinstance(driver, psycopg.Connection) else 0.0
    return time.process_time() + server


def main() -> None:
    """Run everything and print the table."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    options.add_argument("--data", type=Path, default=Path("../shared/data"))
    options.add_argument("--people", type=int, default=1_000_000)
    options.add_argument("--save", action="store_true")
    chosen = options.parse_args()
    known, origin = day.papers(12_000, chosen.data)
    asked = people(chosen.people, known)
    gc.collect()
    gc.freeze()  # what this script holds is no garbage of anybody's
    stages = [stage.run(day.ranked(known[:1000]), asked, fit_weight=FIT_WEIGHT) for _ in range(RUNS)]
    matched = statistics.median(each.seconds for each in stages)
    print(f"match stage  {chosen.people:>10,} subscribers  {matched:6.2f} s  ({origin}, with personal fit)")
    figures: dict[str, object] = {"papers": origin, "subscribers": chosen.people, "match": matched}
    for name, filled in (("sqlite", sqlite), ("postgres", postgres)):
        with filled(asked) as engine:
            loads = [load(engine, asked.texts) for _ in range(RUNS)]
        assert {count for count, _ in loads} == {chosen.people}
        seconds = statistics.median(each for _, each in loads)
        figures[name] = seconds
        print(
            f"{name:12} {chosen.people:>10,} subscribers  {seconds:6.2f} s  {seconds / matched:5.2f} × match"
        )
    if chosen.save:
        RESULTS.write_text(json.dumps(figures, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()

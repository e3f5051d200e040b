"""A cell of SQLite that its column's type can't read (text that isn't UTF-8, words in a column of times)
leaves out its row, stops no other, and its note goes once the row is repaired."""

from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine, text

from digest.pipeline import failures
from digest.pipeline.installation import Installation
from digest.pipeline.runner import run_round
from digest.store import readable, session
from digest.store.columns import Unreadable
from digest.store.metadata import whole
from digest.store.monitoring import statistics
from digest.store.papers import listing, reading
from digest.store.subscriptions import subscribers
from tests.builders import NOW, entry
from tests.installations import installation, join, outbox, store_entries

HOUR = timedelta(hours=1)
ADA, BOB = "ada@example.org", "bob@example.org"
pytestmark = pytest.mark.parametrize("database_kind", ["sqlite"], indirect=True)


@pytest.fixture
def site(engine: Engine, tmp_path: Path) -> Installation:
    papers = [entry("2603.00001", title="Agents that plan"), entry("2603.00002", title="Agents that walk")]
    store_entries(engine, papers, seen_at=NOW - 3 * HOUR)
    site = installation(engine, tmp_path)
    for email in (ADA, BOB):
        join(site, email)
    return site


def write(site: Installation, statement: str) -> None:
    with site.engine.begin() as connection:
        assert connection.execute(text(statement)).rowcount == 1


@pytest.mark.parametrize("column", ["first_seen_at", "published_at", "withdrawn_at", "authors", "keywords"])
@pytest.mark.parametrize("cell", ["'no such day'", "CAST(x'fffe' AS TEXT)"])
def test_a_cell_that_its_type_cannot_read_stops_no_digest(
    site: Installation, tmp_path: Path, column: str, cell: str
) -> None:
    write(site, f"UPDATE papers SET {column} = {cell} WHERE canonical_id LIKE '%00001'")
    done = run_round(site, NOW, fetch=False)
    assert not done.failed
    assert {each.part for each in failures.listing(site)} <= {"row"}
    assert [mail["To"] for mail in outbox(tmp_path)] == [ADA, BOB]
    assert all("plan" not in mail.as_string() for mail in outbox(tmp_path))


def test_text_that_is_not_utf8_is_shown_with_a_replacement(site: Installation) -> None:
    write(site, "UPDATE papers SET title = CAST(x'41ff42' AS TEXT) WHERE canonical_id LIKE '%00001'")
    with session.reading(site.engine) as db:
        assert reading.find(db, "2603.00001").title == "A\N{REPLACEMENT CHARACTER}B"


def test_a_subscriber_whose_times_cannot_be_read_stops_no_other(site: Installation, tmp_path: Path) -> None:
    write(site, f"UPDATE subscribers SET at = 'noonish', created_at = 'once' WHERE email = '{BOB}'")
    assert not run_round(site, NOW, fetch=False).failed
    assert [mail["To"] for mail in outbox(tmp_path)] == [ADA]
    with session.reading(site.engine) as db:
        assert [each.email for each in subscribers.listing(db)] == [ADA]
    assert "subscriber 2" in readable.take_left_out()


@pytest.mark.parametrize("column", ["next_due_at", "next_due_on"])
def test_a_due_time_that_cannot_be_read_stops_no_other(
    site: Installation, tmp_path: Path, column: str
) -> None:
    write(site, f"UPDATE subscribers SET {column} = '1 May', interests = 'x' WHERE email = '{BOB}'")
    assert not run_round(site, NOW, fetch=False).failed
    assert [mail["To"] for mail in outbox(tmp_path)] == [ADA]
    assert [each.part for each in failures.listing(site)] == ["row"]
    with session.reading(site.engine) as db:
        assert statistics.topic_readers(db) == {}


def test_a_signal_whose_time_cannot_be_read_stops_no_list(site: Installation) -> None:
    with session.reading(site.engine) as db:
        number = reading.find(db, "2603.00001").pk
    write(site, f"INSERT INTO signals VALUES ({number}, 'arxiv', 'upvotes', '0 May', 7)")
    with session.reading(site.engine) as db:
        assert reading.find(db, "2603.00001").signals == ()
        listed = listing.noticed(db, listing.listed(db, since=NOW - 9 * HOUR, until=NOW))
    assert listed == []


def test_no_type_of_a_column_ends_the_reading_of_other_rows(site: Installation) -> None:
    dialect = site.engine.dialect
    found = {
        f"{column}": column.type.dialect_impl(dialect).result_processor(dialect, None)
        for table in whole().sorted_tables
        for column in table.columns
    }
    readers = {name: read for name, read in found.items() if read is not None}
    assert {"papers.first_seen_at", "papers.authors", "picks.day", "subscribers.at"} <= set(readers)
    for read in readers.values():
        for cell in ("no such day", "\N{REPLACEMENT CHARACTER}", b"\xff", 7):
            read(cell)
    assert isinstance(readers["picks.day"]("no such day"), Unreadable)


def test_the_note_of_a_row_goes_an_hour_after_it_was_repaired(site: Installation) -> None:
    write(site, "UPDATE papers SET authors = 'x' WHERE canonical_id LIKE '%00001'")
    run_round(site, NOW, fetch=False)
    assert [each.item for each in failures.listing(site)] == ["paper arxiv:2603.00001"]
    write(site, "UPDATE papers SET authors = '[\"Ada\"]' WHERE canonical_id LIKE '%00001'")
    for now, noted in ((NOW + HOUR / 2, 1), (NOW + 2 * HOUR, 0)):
        failures.expect_left_out(site)  # as the round of another process begins
        with session.reading(site.engine) as db:
            reading.find(db, "2603.00001")
        failures.note_left_out(site, now)
        assert len(failures.listing(site)) == noted
    assert readable.take_repaired() == set()

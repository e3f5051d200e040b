"""When digests go out over days and weeks, through the whole pipeline; on both databases."""

import threading
from collections import Counter
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine

from digest.domain import DeliveryState, Interests, Schedule
from digest.pipeline.delivery.worker import deliver_due
from digest.pipeline.installation import Installation
from digest.pipeline.issues.open import open_due
from digest.pipeline.subscriptions import preferences
from digest.pipeline.subscriptions.validate import read_schedule, subscribe
from digest.store import deliveries, session
from tests.builders import NOW, entry
from tests.installations import CONSENT, installation, join, store_entries

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)


def subscribed(here: Installation, email: str, now: datetime, **schedule: str) -> int:
    with session.transaction(here.engine) as db:
        added = subscribe(
            here,
            db,
            email=email,
            interests=Interests(),
            schedule=read_schedule(**schedule),  # type: ignore[arg-type] # fields by name
            now=now,
            consent=CONSENT,
        )
    return added.id


def opened(here: Installation, start: datetime, end: datetime, step: timedelta = HOUR) -> None:
    """Let the scheduler look every `step` from start to end."""
    now = start
    while now <= end:
        open_due(here, now)
        now += step


def dates(engine: Engine) -> list[tuple[date, datetime]]:
    """The dates of all rows, each with its due time in UTC, oldest first."""
    with session.reading(engine) as db:
        found = [row for row, _ in deliveries.listing(db, limit=1000)]
        issues = {i.id: i.due_at for i in deliveries.issues_by_id(db, {row.issue_id for row in found})}
    return sorted((row.issue_date, issues[row.issue_id]) for row in found)


@pytest.mark.parametrize(
    ("first", "hours"),
    [
        (datetime(2026, 3, 27, 8, tzinfo=UTC), [7, 6, 6, 6]),  # clocks go forward on the 29th
        (datetime(2026, 10, 23, 8, tzinfo=UTC), [6, 7, 7, 7]),  # and back on the 25th
    ],
)
def test_daily_stays_at_its_hour_over_both_changes_of_clocks(
    engine: Engine, tmp_path: Path, first: datetime, hours: list[int]
) -> None:
    here = installation(engine, tmp_path)
    subscribed(here, "ada@example.org", first, at="08:00", timezone="Europe/Paris")
    opened(here, first, first + 4 * DAY)
    found = dates(engine)
    assert [day for day, _ in found] == [(first + n * DAY).date() for n in range(1, 5)]
    assert [due.hour for _, due in found] == hours


@pytest.mark.parametrize("day", [date(2026, 3, 29), date(2026, 10, 25)])
def test_an_hour_that_is_missing_or_comes_twice_gives_one_digest(
    engine: Engine, tmp_path: Path, day: date
) -> None:
    here = installation(engine, tmp_path)
    start = datetime(day.year, day.month, day.day, 12, tzinfo=UTC) - DAY
    subscribed(here, "ada@example.org", start, at="02:30", timezone="Europe/Paris")
    opened(here, start, start + DAY, HOUR / 4)
    assert [found for found, _ in dates(engine)] == [day]


def test_weekdays_and_weekly_keep_their_days(engine: Engine, tmp_path: Path) -> None:
    here = installation(engine, tmp_path)
    monday = datetime(2026, 3, 16, 0, tzinfo=UTC)
    subscribed(here, "work@example.org", monday, frequency="weekdays", timezone="Asia/Tokyo")
    subscribed(
        here, "week@example.org", monday, frequency="weekly", weekday="thu", timezone="America/New_York"
    )
    opened(here, monday, monday + 14 * DAY)
    with session.reading(engine) as db:
        found = [(email, row.issue_date.weekday()) for row, email in deliveries.listing(db, limit=1000)]
    assert Counter(found) == {("work@example.org", n): 2 for n in range(5)} | {("week@example.org", 3): 2}


def test_after_a_long_sleep_there_is_one_digest_and_the_old_is_given_up(
    engine: Engine, tmp_path: Path
) -> None:
    here = installation(engine, tmp_path)
    store_entries(engine, [entry()], seen_at=NOW - 3 * HOUR)
    join(here, "ada@example.org")
    open_due(here, NOW)  # and the machine sleeps before it delivers
    later = NOW + 3 * DAY + 2 * HOUR
    open_due(here, later)
    deliver_due(here, later)
    with session.reading(engine) as db:
        states = Counter(row.state for row, _ in deliveries.listing(db))
    assert states[DeliveryState.EXPIRED] == 1
    assert sum(states.values()) == 2  # the one of then, and one for all the days since


def test_two_schedulers_at_once_give_one_row_each(engine: Engine, tmp_path: Path) -> None:
    here = installation(engine, tmp_path)
    store_entries(engine, [entry()], seen_at=NOW - 3 * HOUR)
    for number in range(40):
        join(here, f"r{number}@example.org")
    failures: list[Exception] = []

    def schedule() -> None:
        try:
            open_due(here, NOW)
        except Exception as error:
            failures.append(error)

    threads = [threading.Thread(target=schedule) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    with session.reading(engine) as db:
        rows = [row.subscriber_id for row, _ in deliveries.listing(db, limit=1000)]
    assert len(rows) == len(set(rows)) == 40


MOVES = [
    ("Asia/Tokyo", "America/Los_Angeles"),
    ("America/Los_Angeles", "Asia/Tokyo"),
    ("Pacific/Kiritimati", "Pacific/Pago_Pago"),
    ("Europe/Paris", "Europe/London"),
]


@pytest.mark.parametrize(("old", "new"), MOVES)
@pytest.mark.parametrize("after", [1, 9, 17])
def test_who_moves_to_another_zone_never_gets_two_digests_for_one_date(
    engine: Engine, tmp_path: Path, old: str, new: str, after: int
) -> None:
    here = installation(engine, tmp_path)
    start = datetime(2026, 3, 16, 12, tzinfo=UTC)
    number = subscribed(here, "ada@example.org", start, timezone=old)
    with session.reading(engine) as db:
        first = _due(db, number)
    opened(here, start, first)
    moved = first + after * HOUR
    preferences.save(here, number, Interests(), Schedule(timezone=new), moved)
    opened(here, moved, moved + 3 * DAY)
    found = [day for day, _ in dates(engine)]
    assert len(found) == len(set(found))
    assert len(found) >= 3


def _due(db: session.Session, number: int) -> datetime:
    from digest.store.subscriptions import subscribers

    due = subscribers.by_ids(db, [number])[number].next_due_at
    assert due
    return due

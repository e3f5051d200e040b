"""Every frequency's digest covers its period: nothing that was announced since the last one is lost."""

from collections.abc import Mapping
from datetime import date, datetime, time, timedelta
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Engine

from digest.domain import DeliveryState, Frequency, Subscriber
from digest.pipeline.delivery.worker import DeliveryWorker
from digest.pipeline.installation import Installation
from digest.pipeline.issues.explain import of_digest
from digest.pipeline.issues.open import open_due
from digest.pipeline.issues.preview import preview
from digest.pipeline.issues.window import LONGEST, PERIOD, window
from digest.pipeline.subscriptions import preferences
from digest.pipeline.subscriptions.validate import read_schedule
from digest.store import deliveries, papers, session
from digest.store.subscriptions import subscribers
from tests.builders import NOW, entry
from tests.installations import installation, join, store_entries

DAY, HOUR = timedelta(days=1), timedelta(hours=1)
MONDAY = datetime.combine(NOW.date() - timedelta(days=NOW.weekday()), time(8), tzinfo=NOW.tzinfo)


def reader(here: Installation, email: str, frequency: str, since: datetime = MONDAY - HOUR) -> Subscriber:
    """Somebody with this frequency who joined at `since`, due at 08:00 UTC, weekly on Mondays."""
    joined = join(here, email, now=since)
    schedule = read_schedule(frequency=frequency, weekday="mon", timezone="UTC")
    preferences.save(here, joined.id, joined.interests, schedule, since)
    with session.reading(here.engine) as db:
        return subscribers.get(db, email)


def a_paper_a_day(engine: Engine, first: datetime, days: int) -> dict[date, str]:
    """A paper first seen at noon of each day; by day its canonical id."""
    ids = {}
    for number in range(days):
        seen = first + number * DAY
        store_entries(engine, [entry(f"2603.{number + 1:05}")], seen_at=seen)
        ids[seen.date()] = f"arxiv:2603.{number + 1:05}"
    return ids


def got(here: Installation, subscriber: Subscriber) -> Mapping[date, set[str]]:
    """The papers of each digest that was sent to a subscriber, by date."""
    with session.reading(here.engine) as db:
        rows = [row for row in deliveries.of_subscriber(db, subscriber.id) if row.state is DeliveryState.SENT]
        names = papers.canonical_ids(db, {pk for row in rows for pk in row.papers})
    return {row.issue_date: {names[pk] for pk in row.papers} for row in rows}


def send(here: Installation, at: datetime) -> None:
    """Open what is due and deliver it."""
    open_due(here, at)
    with DeliveryWorker(here) as worker:
        while worker.deliver_due(at):
            pass


def test_a_weekly_digest_holds_the_papers_of_all_seven_days(engine: Engine, tmp_path: Path) -> None:
    here = installation(engine, tmp_path)
    ada = reader(here, "ada@example.org", "weekly")
    daily = reader(here, "bob@example.org", "daily")
    noon = MONDAY - 7 * DAY + 4 * HOUR
    expected = a_paper_a_day(engine, noon, 7)
    shown = preview(here, ada, MONDAY).digest
    assert shown is not None
    assert {each.paper.id for each in shown.papers} == set(expected.values())
    assert of_digest(here, ada, expected[noon.date()], MONDAY).reasons == ()
    send(here, MONDAY)
    assert got(here, ada) == {MONDAY.date(): set(expected.values())}
    assert len(got(here, daily)[MONDAY.date()]) == 3  # a daily digest looks three days back


def test_a_weekly_reader_gets_each_paper_once_over_the_weeks(engine: Engine, tmp_path: Path) -> None:
    here = installation(engine, tmp_path)
    ada = reader(here, "ada@example.org", "weekly")
    expected = a_paper_a_day(engine, MONDAY - 7 * DAY + 4 * HOUR, 21)
    for week in range(3):
        send(here, MONDAY + week * 7 * DAY)
    sent = list(got(here, ada).values())
    assert [len(each) for each in sent] == [7, 7, 7]
    assert set().union(*sent) == set(expected.values())


def test_a_weekly_reader_who_missed_a_week_gets_both(engine: Engine, tmp_path: Path) -> None:
    here = installation(engine, tmp_path)
    ada = reader(here, "ada@example.org", "weekly")
    expected = a_paper_a_day(engine, MONDAY - 7 * DAY + 4 * HOUR, 21)
    send(here, MONDAY)
    send(here, MONDAY + 14 * DAY - HOUR)  # six days late: that issue is stale, and expires
    send(here, MONDAY + 14 * DAY)
    assert set().union(*got(here, ada).values()) == set(expected.values())


def test_mondays_digest_of_a_weekday_reader_covers_the_weekend(engine: Engine, tmp_path: Path) -> None:
    here = installation(engine, tmp_path, window=DAY)
    ada = reader(here, "ada@example.org", "weekdays", MONDAY - 3 * DAY - HOUR)
    friday = MONDAY - 3 * DAY
    expected = a_paper_a_day(engine, friday - DAY + 4 * HOUR, 4)
    send(here, friday)
    send(here, MONDAY)
    assert {day: len(ids) for day, ids in got(here, ada).items()} == {friday.date(): 1, MONDAY.date(): 3}
    assert set().union(*got(here, ada).values()) == set(expected.values())


def test_readers_of_all_frequencies_share_an_issue(engine: Engine, tmp_path: Path) -> None:
    here = installation(engine, tmp_path)
    people = {kind: reader(here, f"{kind}@example.org", kind) for kind in ("daily", "weekdays", "weekly")}
    a_paper_a_day(engine, MONDAY - 7 * DAY + 4 * HOUR, 7)
    send(here, MONDAY)
    sent = {kind: len(got(here, person)[MONDAY.date()]) for kind, person in people.items()}
    assert sent == {"daily": 3, "weekdays": 5, "weekly": 7}


@given(
    st.sampled_from(list(Frequency)),
    st.timedeltas(DAY, 14 * DAY),
    st.none() | st.timedeltas(timedelta(0), 90 * DAY),
)
def test_a_window_covers_the_period_and_is_bounded(
    frequency: Frequency, daily: timedelta, since_last: timedelta | None
) -> None:
    found = window(frequency, daily, since_last)
    assert PERIOD[frequency] <= found <= daily + LONGEST
    if frequency is Frequency.WEEKLY and since_last is not None:
        assert found >= min(since_last, LONGEST)

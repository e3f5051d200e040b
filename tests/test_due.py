"""When the next digest is due."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from digest.domain import Frequency, Schedule
from digest.due import next_due

PARIS = "Europe/Paris"


def due_after(schedule: Schedule, after: datetime) -> tuple[datetime, date]:
    due = next_due(schedule, after)
    assert due is not None
    return due


def test_somebody_who_never_wants_a_digest_is_never_due() -> None:
    assert next_due(Schedule(Frequency.NEVER), datetime(2026, 3, 28, tzinfo=UTC)) is None


def test_e22_eight_stays_eight_over_the_spring_change() -> None:
    due, day = due_after(Schedule(timezone=PARIS), datetime(2026, 3, 28, 12, tzinfo=UTC))
    assert (due, day) == (datetime(2026, 3, 29, 6, tzinfo=UTC), date(2026, 3, 29))


def test_e22_eight_stays_eight_over_the_autumn_change() -> None:
    due, day = due_after(Schedule(timezone=PARIS), datetime(2026, 10, 24, 12, tzinfo=UTC))
    assert (due, day) == (datetime(2026, 10, 25, 7, tzinfo=UTC), date(2026, 10, 25))


def test_an_hour_that_the_clocks_skip_is_served_after_the_gap() -> None:
    due, day = due_after(Schedule(at=time(2, 30), timezone=PARIS), datetime(2026, 3, 28, 12, tzinfo=UTC))
    assert due.astimezone(ZoneInfo(PARIS)).time() == time(3, 30)
    assert day == date(2026, 3, 29)


def test_an_hour_that_comes_twice_is_served_once() -> None:
    schedule = Schedule(at=time(2, 30), timezone=PARIS)
    first, day = due_after(schedule, datetime(2026, 10, 24, 12, tzinfo=UTC))
    second, next_day = due_after(schedule, first)
    assert first == datetime(2026, 10, 25, 0, 30, tzinfo=UTC)
    assert (day, next_day) == (date(2026, 10, 25), date(2026, 10, 26))
    assert second - first == timedelta(hours=25)


def test_weekdays_leave_out_saturday_and_sunday() -> None:
    schedule = Schedule(frequency=Frequency.WEEKDAYS)
    assert due_after(schedule, datetime(2026, 3, 20, 8, tzinfo=UTC))[1] == date(2026, 3, 23)


def test_weekly_comes_on_the_chosen_weekday() -> None:
    schedule = Schedule(frequency=Frequency.WEEKLY, weekday=2)
    assert due_after(schedule, datetime(2026, 3, 17, 8, tzinfo=UTC))[1] == date(2026, 3, 18)
    assert due_after(schedule, datetime(2026, 3, 18, 8, tzinfo=UTC))[1] == date(2026, 3, 25)


@given(
    hours=st.floats(0, 6 * 365 * 24),
    zone=st.sampled_from(
        [PARIS, "America/New_York", "Australia/Lord_Howe", "Pacific/Apia", "Asia/Kathmandu"]
    ),
    at=st.times().map(lambda t: t.replace(tzinfo=None, fold=0, second=0, microsecond=0)),
    frequency=st.sampled_from(sorted(set(Frequency) - {Frequency.NEVER})),
)
def test_each_due_time_is_later_and_for_a_later_date(
    hours: float, zone: str, at: time, frequency: Frequency
) -> None:
    after = datetime(2024, 1, 1, tzinfo=UTC) + timedelta(hours=hours)
    schedule = Schedule(frequency, at, zone)
    due, day = due_after(schedule, after)
    later, later_day = due_after(schedule, due)
    assert after < due < later
    assert day < later_day
    assert due - after <= timedelta(days=8, hours=2)

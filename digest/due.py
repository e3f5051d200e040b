"""Computes when the next digest of a schedule is due, and the local date that it is for. Pure.

Wall-clock time in the subscriber's zone: 08:00 stays 08:00 over both changes of clocks. An hour that the
spring change leaves out (02:30) is served at the same distance after the gap (03:30); an hour that the
autumn change has twice is served the first time (PEP 495, fold=0).
"""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from digest.domain import Frequency, Schedule

SATURDAY = 5


def next_due(schedule: Schedule, after: datetime) -> tuple[datetime, date] | None:
    """Return the first due time strictly after `after` (UTC), and the local date of that digest.

    None for a schedule that has no digest on any day.
    """
    if schedule.frequency is Frequency.NEVER:
        return None
    zone = ZoneInfo(schedule.timezone)
    # A day back, because the wall-clock time of yesterday's date can lie after `after` where clocks were set.
    day = after.astimezone(zone).date() - timedelta(days=1)
    while True:
        if is_wanted(schedule, day):
            due = datetime.combine(day, schedule.at, tzinfo=zone).astimezone(UTC)
            if due > after:
                return due, day
        day += timedelta(days=1)


def is_wanted(schedule: Schedule, day: date) -> bool:
    """Return whether a schedule has a digest on a day."""
    if schedule.frequency is Frequency.WEEKLY:
        return day.weekday() == schedule.weekday
    weekdays = schedule.frequency is Frequency.WEEKDAYS and day.weekday() < SATURDAY
    return weekdays or schedule.frequency is Frequency.DAILY

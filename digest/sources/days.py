"""Finds the days on which a source announces papers, on its own clock: times come in, days go out. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from functools import cache
from importlib.resources import files

SATURDAY = 5
STALLED_AFTER = timedelta(hours=6)  # that an announcement is overdue
_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Calendar:
    """Weekdays on a clock, but for holidays; `holidays`: the table of `calendar.toml` that lists them."""

    zone: tzinfo = UTC
    holidays: str = ""

    def day_of(self, now: datetime) -> date:
        """Return the date of the announcement that is in force at `now`."""
        return now.astimezone(self.zone).date()

    def start_of(self, day: date) -> datetime:
        """Return when a date begins, in UTC."""
        return datetime.combine(day, time(), tzinfo=self.zone).astimezone(UTC)

    def is_open(self, day: date) -> bool:
        """Return whether papers are announced on a date."""
        return day.weekday() < SATURDAY and day not in self._listed().get(day.year, frozenset())

    def is_listed(self, year: int) -> bool:
        """Return whether the holidays of a year are known; else only its weekends are."""
        return not self.holidays or year in self._listed()

    def expects(self, now: datetime) -> datetime | None:
        """Return when the announcement of the day of `now` is due; None where that day has none."""
        day = self.day_of(now)
        return self.start_of(day) if self.is_open(day) else None

    def next_expected(self, now: datetime) -> datetime:
        """Return when the first announcement after `now` is due."""
        day = self.day_of(now) + _DAY
        while not self.is_open(day):
            day += _DAY
        return self.start_of(day)

    def open_days(self, first: date, last: date) -> list[date]:
        """Return the days with an announcement from `first` to `last`, both included."""
        days = (first + _DAY * n for n in range((last - first).days + 1))
        return [day for day in days if self.is_open(day)]

    def missed(self, known: Iterable[date], now: datetime) -> list[date]:
        """Return the days from the first of `known` to yesterday that had an announcement, without those
        known.
        """
        there = set(known)
        if not there:
            return []
        return [day for day in self.open_days(min(there), self.day_of(now) - _DAY) if day not in there]

    def _listed(self) -> Mapping[int, frozenset[date]]:
        return _holidays().get(self.holidays, {})


@cache
def _holidays() -> dict[str, dict[int, frozenset[date]]]:
    import tomllib  # noqa: PLC0415 - few ask for holidays

    listed = tomllib.loads(files("digest.sources").joinpath("calendar.toml").read_text("utf-8"))
    return {
        table: {int(year): frozenset(days) for year, days in years.items()} for table, years in listed.items()
    }

"""Reads names of days, weeks and months as addresses write them. Pure.

`2026-03-17` is a day, `2026-W12` a week (ISO 8601: Monday to Sunday), `2026-03` a month; nothing else is.
Days are counted in UTC. Never: a store or a clock.
"""

import re
from calendar import monthrange
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum

EARLIEST = date(1900, 1, 1)
LATEST = date(2999, 12, 31)
AHEAD = timedelta(hours=14)  # a reader far east opens the email of a date that hasn't begun in UTC
_DAY = timedelta(days=1)
_NAME = re.compile(r"([0-9]{4})-(?:([0-9]{2})(?:-([0-9]{2}))?|W([0-9]{2}))")


class Span(StrEnum):
    """How long a period is."""

    DAY = "day"
    WEEK = "week"
    MONTH = "month"


@dataclass(frozen=True, slots=True)
class Period:
    """A day, a week or a month: its dates from `first` to `last`, both included."""

    span: Span
    first: date
    last: date

    @property
    def name(self) -> str:
        """The name in addresses; `parse_period` reads it back."""
        if self.span is Span.WEEK:
            year, week, _ = self.first.isocalendar()
            return f"{year:04d}-W{week:02d}"
        return self.first.isoformat() if self.span is Span.DAY else f"{self.first:%Y-%m}"

    @property
    def start(self) -> datetime:
        """The moment at which it begins."""
        return datetime.combine(self.first, time.min, tzinfo=UTC)

    @property
    def end(self) -> datetime:
        """The moment at which it is over."""
        return datetime.combine(self.last + _DAY, time.min, tzinfo=UTC)

    def has_begun(self, now: datetime) -> bool:
        """Tell whether it has begun somewhere on earth."""
        return self.start <= now + AHEAD


def parse_period(name: str) -> Period | None:
    """Read the name of a day, a week or a month; None for any other text and for dates that don't exist."""
    read = _NAME.fullmatch(name)
    if read is None:
        return None
    year, month, day, week = (int(part) if part else 0 for part in read.groups())
    try:
        if week:
            found = period_of(date.fromisocalendar(year, week, 1), Span.WEEK)
        else:
            found = period_of(date(year, month, day or 1), Span.DAY if read[3] else Span.MONTH)
        # The text is compared because 2026-00-… and W00 read as "no such part" above.
        return found if found.name == name and found.first >= EARLIEST and found.last <= LATEST else None
    except (ValueError, OverflowError):
        return None


def period_of(day: date, span: Span) -> Period:
    """Return the period of this length that holds a date."""
    if span is Span.DAY:
        return Period(span, day, day)
    if span is Span.WEEK:
        monday = day - _DAY * day.weekday()
        return Period(span, monday, monday + _DAY * 6)
    return Period(span, day.replace(day=1), day.replace(day=monthrange(day.year, day.month)[1]))

"""When a source is expected to announce papers: a kind and a time come in, a time or None goes out. Pure.

What is particular to a kind stands in its record (`SourceType.calendar`). Nothing is expected of kinds
without a calendar on any given day. Never: a decision about a state.
"""

from collections.abc import Iterable
from datetime import date, datetime

from digest.domain import SourceKind
from digest.sources.days import SATURDAY, Calendar
from digest.sources.registry import TYPES, type_of

__all__ = [
    "SATURDAY", "closing", "day_of", "expects", "is_listed", "is_open", "keeps_days", "missed",
    "next_expected", "open_days", "start_of",
]  # fmt: skip

_ANY = Calendar()


def _calendar(kind: SourceKind) -> Calendar:
    return type_of(kind).calendar or _ANY


def keeps_days(kind: SourceKind) -> bool:
    """Return whether this kind announces on days that are known in advance."""
    return type_of(kind).calendar is not None


def day_of(kind: SourceKind, now: datetime) -> date:
    """Return the date of the announcement that is in force at `now`, on the source's own clock (else UTC)."""
    return _calendar(kind).day_of(now)


def start_of(kind: SourceKind, day: date) -> datetime:
    """Return when a date begins on the source's own clock (else in UTC)."""
    return _calendar(kind).start_of(day)


def expects(kind: SourceKind, now: datetime) -> datetime | None:
    """Return when the announcement of the day of `now` is due; None where that day has none."""
    return _calendar(kind).expects(now) if keeps_days(kind) else None


def next_expected(kind: SourceKind, now: datetime) -> datetime | None:
    """Return when the first announcement after `now` is due; None for kinds of which nothing is expected."""
    return _calendar(kind).next_expected(now) if keeps_days(kind) else None


def is_open(kind: SourceKind, day: date) -> bool:
    """Return whether this kind announces papers on a date of its own clock."""
    return _calendar(kind).is_open(day)


def open_days(kind: SourceKind, first: date, last: date) -> list[date]:
    """Return the days with an announcement from `first` to `last`, both included."""
    return _calendar(kind).open_days(first, last)


def missed(kind: SourceKind, known: Iterable[date], now: datetime) -> list[date]:
    """Return the days from the first of `known` to yesterday whose announcement is unknown to us."""
    return _calendar(kind).missed(known, now) if keeps_days(kind) else []


def is_listed(year: int) -> bool:
    """Return whether the holidays of a year are known for every kind that has some."""
    return all(each.calendar.is_listed(year) for each in TYPES.values() if each.calendar)


def closing(kinds: Iterable[SourceKind]) -> SourceKind | None:
    """Return the first of these kinds that closes on holidays, whose calendar explains a day
    without papers.
    """
    return next((kind for kind in kinds if _calendar(kind).holidays), None)

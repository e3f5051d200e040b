"""When a source is expected to announce papers: a kind and a time come in, a time or None goes out. Pure.

arXiv: its feed turns at midnight Eastern, and stays empty on weekends and on the days in `calendar.toml`
(https://info.arxiv.org/help/rss.html). Hugging Face: its day begins at midnight UTC and fills from then on;
weekends are empty. Nothing is expected of other kinds on any given day. Never: a decision about a state.
"""

import tomllib
from collections.abc import Iterable
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from importlib.resources import files
from zoneinfo import ZoneInfo

from digest.domain import SourceKind

SATURDAY = 5
_ZONES = {SourceKind.ARXIV: ZoneInfo("America/New_York"), SourceKind.HUGGINGFACE: UTC}
_DAY = timedelta(days=1)


def keeps_days(kind: SourceKind) -> bool:
    """Whether this kind announces on days that are known in advance."""
    return kind in _ZONES


def day_of(kind: SourceKind, now: datetime) -> date:
    """The date of the announcement that is in force at `now`, on the source's own clock (else UTC)."""
    return now.astimezone(_ZONES.get(kind, UTC)).date()


def expects(kind: SourceKind, now: datetime) -> datetime | None:
    """When the announcement of the day of `now` is due; None where that day has none."""
    if not keeps_days(kind):
        return None
    day = day_of(kind, now)
    return start_of(kind, day) if is_open(kind, day) else None


def next_expected(kind: SourceKind, now: datetime) -> datetime | None:
    """When the first announcement after `now` is due; None for kinds of which nothing is expected."""
    if not keeps_days(kind):
        return None
    day = day_of(kind, now) + _DAY
    while not is_open(kind, day):
        day += _DAY
    return start_of(kind, day)


def is_open(kind: SourceKind, day: date) -> bool:
    """Whether this kind announces papers on a date of its own clock."""
    if day.weekday() >= SATURDAY:
        return False
    return kind is not SourceKind.ARXIV or day not in _holidays().get(day.year, frozenset())


def open_days(kind: SourceKind, first: date, last: date) -> list[date]:
    """The days with an announcement from `first` to `last`, both included."""
    days = (first + _DAY * n for n in range((last - first).days + 1))
    return [day for day in days if is_open(kind, day)]


def missed(kind: SourceKind, known: Iterable[date], now: datetime) -> list[date]:
    """Days between the first of `known` and yesterday that had an announcement, of which we know nothing."""
    there = set(known)
    if not there or not keeps_days(kind):
        return []
    return [day for day in open_days(kind, min(there), day_of(kind, now) - _DAY) if day not in there]


def is_listed(year: int) -> bool:
    """Whether arXiv's holidays of a year are known; else only its weekends are."""
    return year in _holidays()


def start_of(kind: SourceKind, day: date) -> datetime:
    """When a date begins on the source's own clock (else in UTC)."""
    return datetime.combine(day, time(), tzinfo=_ZONES.get(kind, UTC)).astimezone(UTC)


@cache
def _holidays() -> dict[int, frozenset[date]]:
    listed = tomllib.loads(files("digest.sources").joinpath("calendar.toml").read_text("utf-8"))
    return {int(year): frozenset(days) for year, days in listed["arxiv"].items()}

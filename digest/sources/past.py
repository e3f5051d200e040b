"""Past days of a source: which are missing, how to ask for one, page by page, and what its answer is worth.

A source and a day, or an answer, come in; URLs and entries go out. Pure. What is particular to a kind stands
in its record (`SourceType.past`). Never decides how many days are asked for at a time.
"""

from collections.abc import Collection, Sequence
from datetime import date, datetime, timedelta

from digest.domain import Entry, Source, SourceKind
from digest.errors import InputError, ParseError
from digest.sources.calendar import day_of, keeps_days, missed, open_days, start_of
from digest.sources.registry import type_of
from digest.sources.source_type import Past, Way

__all__ = [
    "MOST_DAYS",
    "Way",
    "carried",
    "check",
    "days",
    "first_page",
    "instead",
    "is_settled",
    "kind_of_page",
    "missing",
    "next_page",
    "seen_at",
]  # fmt: skip

MOST_DAYS = 31  # that are looked back by itself; older gaps are for `digest sources backfill`


def missing(source: Source, known: Collection[date], now: datetime) -> list[date]:
    """Return the days that this source should have brought papers on, and didn't: oldest first, of the last
    31.

    `known`: the days on which it brought something. Of kinds without days of their own: those between the
    last success and what every poll asks for anyway.
    """
    oldest = day_of(source.kind, now) - timedelta(days=MOST_DAYS)
    polled = _past(source).polled_days
    if polled is not None and source.last_success_at:
        first = max(source.last_success_at.date(), oldest)
        last = now.date() - timedelta(days=polled + 1)
        return [first + timedelta(days=n) for n in range((last - first).days + 1)]
    return [day for day in missed(source.kind, known, now) if day >= oldest]


def days(source: Source, first: date, last: date) -> list[date]:
    """Return the days from `first` to `last` on which the source can have had papers.

    Raises InputError for a source without past days, and for days that are none.
    """
    check(source)
    if first > last:
        raise InputError(f"{first} is after {last}", fix=f"--from {last} --to {first}")
    if keeps_days(source.kind):
        return open_days(source.kind, first, last)
    return [first + timedelta(days=n) for n in range((last - first).days + 1)]


def check(source: Source) -> None:
    """Raise InputError for a source that can't be asked for a past day."""
    _past(source).first_page(source, date(2026, 1, 1), Way.API)


def first_page(source: Source, day: date, way: Way) -> str:
    """Return the URL of the first page of a day. Raises InputError where the source can't be asked for it."""
    return _past(source).first_page(source, day, way)


def next_page(source: Source, url: str, body: bytes, items: int) -> str | None:
    """Return the URL of the page after an answer with so many items, None after the last; raises
    ParseError.
    """
    return _past(source).next_page(url, body, items)


def instead(source: Source, url: str, error: ParseError) -> str | None:
    """Return what to ask for where an answer can't be read: a smaller page, the day from its start (""), or
    None.
    """
    return _past(source).instead(url, error)


def kind_of_page(source: Source, url: str) -> SourceKind:
    """Return the kind that reads a page's answer: a past day can come in another format."""
    return _past(source).format_of(url) or source.kind


def carried(source: Source, entries: Sequence[Entry]) -> list[Entry]:
    """Return the entries of a page that the source would have brought itself, as it would have named them."""
    return _past(source).carried(source.url, entries)


def seen_at(source: Source, day: date, now: datetime) -> datetime:
    """Return when the papers of a past day count as seen: that day, so that old ones are no news."""
    return min(now, start_of(source.kind, day))


def is_settled(source: Source, day: date, now: datetime, entries: int) -> bool:
    """Return whether so many entries of a day are its last word; else it is asked for again."""
    settled = _past(source).is_settled
    return settled(day, now, entries) if settled else day < day_of(source.kind, now)


def _past(source: Source) -> Past:
    past = type_of(source.kind).past
    if past is None or not source.url:
        msg = f"{source.name}: a source of kind {source.kind} can't be asked for past days"
        raise InputError(msg, fix="digest papers import FILE --kind KIND, where you have what was missed")
    return past

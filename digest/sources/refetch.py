"""What is asked for again, and what isn't: a source or URL and a time come in, requests and limits go out."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from digest.domain import Source
from digest.sources.registry import type_of

REFETCH_FOR = timedelta(days=7)  # a day's list fills up, and its upvotes and stars grow, for so long
_SOON, _SOON_EVERY, _LATER_EVERY = timedelta(days=2), timedelta(hours=6), timedelta(hours=24)
_EASTERN = ZoneInfo("America/New_York")
_ONCE_A_DAY = ("/api/", "/oai")


@dataclass(frozen=True, slots=True)
class RefetchDay:
    """A past day of a source: its list's URL, and how often it is worth asking for."""

    day: date
    url: str
    every: timedelta


def days_to_refetch(source: Source, now: datetime, known: Collection[date]) -> tuple[RefetchDay, ...]:
    """Return the past days to ask for again, of kinds whose lists change: of the last seven those that are
    known.

    Days that were never there (weekends) aren't asked for, nor days of a source whose URL names them itself.
    """
    day_url = type_of(source.kind).refetch
    if day_url is None:
        return ()
    today = now.astimezone(UTC).date()
    again = []
    for day in sorted(known, reverse=True):
        age = today - day
        url = day_url(source, day)
        if url and timedelta(0) < age <= REFETCH_FOR:
            again.append(RefetchDay(day, url, _SOON_EVERY if age <= _SOON else _LATER_EVERY))
    return tuple(again)


def not_since(url: str, now: datetime) -> datetime | None:
    """Return the time since which this very URL must not have been asked for; None where it may be at any
    time.

    Terms of use of arXiv's API and OAI-PMH: the same query at most once a day, whose answers change only at
    midnight Eastern. Its feeds may be polled, on condition.
    """
    parts = urlsplit(url)
    host = parts.hostname or ""
    if not (host == "arxiv.org" or host.endswith(".arxiv.org")) or not parts.path.startswith(_ONCE_A_DAY):
        return None
    return datetime.combine(now.astimezone(_EASTERN).date(), time(), tzinfo=_EASTERN).astimezone(UTC)

"""Past days of a source: which are missing, how to ask for one, page by page, and what its answer is worth.

A source and a day, or an answer, come in; URLs and entries go out. Pure. Never decides how many days are
asked for at a time.
"""

from collections.abc import Collection, Sequence
from datetime import date, datetime, timedelta
from enum import StrEnum
from urllib.parse import urlsplit

from digest.domain import Entry, Source, SourceKind
from digest.errors import InputError, ParseError
from digest.sources.calendar import day_of, missed, open_days, start_of
from digest.sources.kinds import arxiv_past, biorxiv, oaipmh
from digest.sources.refetch import day_url

MOST_DAYS = 31  # that are looked back by itself; older gaps are for `digest sources backfill`


class Way(StrEnum):
    """How arXiv is asked for a past day."""

    API = "api"
    OAI = "oai"


def missing(source: Source, known: Collection[date], now: datetime) -> list[date]:
    """The days that this source should have brought papers on, and didn't: oldest first, of the last 31.

    `known`: the days on which it brought something. Of kinds without days of their own: those between the
    last success and what every poll asks for anyway.
    """
    oldest = day_of(source.kind, now) - timedelta(days=MOST_DAYS)
    if source.kind is SourceKind.BIORXIV and source.last_success_at:
        first = max(source.last_success_at.date(), oldest)
        last = now.date() - timedelta(days=biorxiv.DAYS + 1)
        return [first + timedelta(days=n) for n in range((last - first).days + 1)]
    return [day for day in missed(source.kind, known, now) if day >= oldest]


def days(source: Source, first: date, last: date) -> list[date]:
    """The days from `first` to `last` on which the source can have had papers.

    Raises InputError for a source without past days, and for days that are none.
    """
    check(source)
    if first > last:
        raise InputError(f"{first} is after {last}", fix=f"--from {last} --to {first}")
    if source.kind in {SourceKind.ARXIV, SourceKind.HUGGINGFACE}:
        return open_days(source.kind, first, last)
    return [first + timedelta(days=n) for n in range((last - first).days + 1)]


def check(source: Source) -> None:
    """Raise InputError for a source that can't be asked for a past day."""
    asked = _FIRST_PAGES.get(source.kind)
    if asked is None or not source.url:
        msg = f"{source.name}: a source of kind {source.kind} can't be asked for past days"
        raise InputError(msg, fix="digest papers import FILE --kind KIND, where you have what was missed")
    asked(source, date(2026, 1, 1), Way.API)


def first_page(source: Source, day: date, way: Way) -> str:
    """The URL of the first page of a day. Raises InputError where the source can't be asked for it."""
    check(source)
    return _FIRST_PAGES[source.kind](source, day, way)


def next_page(source: Source, url: str, body: bytes, items: int) -> str | None:
    """The URL of the page after an answer with so many items, None after the last; raises ParseError."""
    match kind_of_page(source, url):
        case SourceKind.ARXIV:
            return arxiv_past.next_api_page(url, body, items)
        case SourceKind.OAIPMH:
            return oaipmh.next_page(url, body)
        case SourceKind.BIORXIV:
            return biorxiv.next_page(url, body)
        case _:
            return None


def instead(source: Source, url: str, error: ParseError) -> str | None:
    """What to ask for where an answer can't be read: a smaller page, the day from its start (""), or None."""
    if kind_of_page(source, url) is SourceKind.ARXIV:
        return arxiv_past.smaller_page(url)
    return "" if "badResumptionToken" in error.message else None


def kind_of_page(source: Source, url: str) -> SourceKind:
    """The format of a page's answer: arXiv's past can come by OAI-PMH."""
    by_oai = source.kind is SourceKind.ARXIV and urlsplit(url).path.rstrip("/").endswith("/oai")
    return SourceKind.OAIPMH if by_oai else source.kind


def taken(source: Source, entries: Sequence[Entry]) -> list[Entry]:
    """The entries of a page that the source would have brought itself, as it would have named them."""
    if source.kind is not SourceKind.ARXIV:
        return list(entries)
    named = (arxiv_past.as_in_feed(source.url, entry) for entry in entries)
    return [entry for entry in named if entry]


def seen_at(source: Source, day: date, now: datetime) -> datetime:
    """When the papers of a past day count as seen: that day, so that old ones are no news."""
    return min(now, start_of(source.kind, day))


def is_settled(source: Source, day: date, now: datetime, entries: int) -> bool:
    """Whether so many entries of a day are its last word; else it is asked for again."""
    if source.kind is SourceKind.ARXIV:
        return arxiv_past.is_settled(day, now, entries)
    return day < day_of(source.kind, now)


def _arxiv(source: Source, day: date, way: Way) -> str:
    if not urlsplit(source.url).path.startswith(("/rss/", "/atom/")):
        msg = f"{source.name}: its URL isn't that of a feed of categories"
        raise InputError(msg, fix="such as https://rss.arxiv.org/rss/cs.AI+cs.CL")
    asked = arxiv_past.api_page if way is Way.API else arxiv_past.oai_page
    return asked(source.url, day)


def _huggingface(source: Source, day: date, _: Way) -> str:
    return _named(source, day_url(source, day))


def _biorxiv(source: Source, day: date, _: Way) -> str:
    return _named(source, biorxiv.day_page(source.url, day))


def _oaipmh(source: Source, day: date, _: Way) -> str:
    return oaipmh.day_page(source.url, day, day)


def _named(source: Source, url: str | None) -> str:
    if url is None:
        raise InputError(f"{source.name}: its URL names its days itself", fix="give it its bare URL")
    return url


_FIRST_PAGES = {
    SourceKind.ARXIV: _arxiv,
    SourceKind.HUGGINGFACE: _huggingface,
    SourceKind.BIORXIV: _biorxiv,
    SourceKind.OAIPMH: _oaipmh,
}

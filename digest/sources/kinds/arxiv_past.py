"""A past announcement of arXiv: a feed's URL and a day come in, the queries that repair it go out. Pure.

By its API: what was submitted in the time that the announcement covers. By OAI-PMH: what changed on its day.
https://info.arxiv.org/help/availability.html: submissions until 14:00 Eastern are announced at 20:00 (Sunday
to Thursday), and the feed turns at the midnight after.
"""

import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from urllib.parse import parse_qs, urlencode, urlsplit, urlunsplit
from zoneinfo import ZoneInfo

from digest.domain import Entry, Source, SourceKind
from digest.errors import InputError, ParseError
from digest.sources.announcements import joined_categories, within
from digest.sources.days import SATURDAY, Calendar
from digest.sources.kinds import oaipmh
from digest.sources.source_type import Past, Way

API = "https://export.arxiv.org/api/query"
OAI = "https://oaipmh.arxiv.org/oai"
PAGE = 1_000  # results; it allows 2,000, and breaks off more often there
SMALLEST_PAGE = 250
LAG = timedelta(hours=36)  # its API can be so much behind the announcements
NO_LAG = timedelta(days=4)  # nothing that has to do with a lag any more

_DAY = timedelta(days=1)
_EASTERN = ZoneInfo("America/New_York")
_CUTOFF = time(14)
# Its feed turns at midnight Eastern, and stays empty on weekends and holidays (info.arxiv.org/help/rss.html).
CALENDAR = Calendar(_EASTERN, holidays="arxiv")
_TOTAL = re.compile(rb"totalResults[^<>]*>\s*(\d{1,9})\s*<")
_SETS = frozenset({"cs", "econ", "eess", "math", "q-bio", "q-fin", "stat"})  # archives that are sets by name


def window(day: date) -> tuple[datetime, datetime]:
    """Return when what the feed shows on this day was submitted: after the first time, until the second
    (UTC).
    """
    before = day - _DAY
    while not CALENDAR.is_open(before):
        before -= _DAY
    return _cutoff(before), _cutoff(day)


def api_page(feed_url: str, day: date, size: int = PAGE) -> str:
    """Return the first query for the papers of a feed's categories that were announced on a day."""
    first, last = (f"{moment:%Y%m%d%H%M}" for moment in window(day))
    wanted = " OR ".join(
        f"cat:{name}" if "." in name else f"cat:{name}*" for name in joined_categories(feed_url)
    )
    query = {
        "search_query": f"({wanted}) AND submittedDate:[{first} TO {last}]",
        "sortBy": "submittedDate",
        "sortOrder": "ascending",
        "start": "0",
        "max_results": f"{size}",
    }
    return f"{API}?{urlencode(query)}"


def next_api_page(url: str, body: bytes, items: int) -> str | None:
    """Return the query for the page after one with so many items; a short page isn't the last one by itself.

    Raises ParseError for an answer that doesn't say how many results there are.
    """
    total = _TOTAL.search(body)
    if total is None:
        raise ParseError("it doesn't say how many results there are: not an answer of arXiv's API")
    start = int(_query(url)["start"]) + items
    return _with(url, start=f"{start}") if items and start < int(total[1]) else None


def _instead(url: str, error: ParseError) -> str | None:
    """What to ask for where an answer can't be read: half as many results, or by OAI-PMH the day anew."""
    if _format_of(url) is SourceKind.OAIPMH:
        return oaipmh.instead(url, error)
    size = int(_query(url).get("max_results", "0")) // 2
    return _with(url, max_results=f"{size}") if size >= SMALLEST_PAGE else None


def _first_page(source: Source, day: date, way: Way) -> str:
    if not urlsplit(source.url).path.startswith(("/rss/", "/atom/")):
        msg = f"{source.name}: its URL isn't that of a feed of categories"
        raise InputError(msg, fix="such as https://rss.arxiv.org/rss/cs.AI+cs.CL")
    return api_page(source.url, day) if way is Way.API else oai_page(source.url, day)


def _next_page(url: str, body: bytes, items: int) -> str | None:
    by_oai = _format_of(url) is SourceKind.OAIPMH
    return oaipmh.next_page(url, body) if by_oai else next_api_page(url, body, items)


def _format_of(url: str) -> SourceKind:
    """Its past can come by OAI-PMH."""
    return SourceKind.OAIPMH if urlsplit(url).path.rstrip("/").endswith("/oai") else SourceKind.ARXIV


def _carried(feed_url: str, entries: Sequence[Entry]) -> list[Entry]:
    return [named for entry in entries if (named := as_in_feed(feed_url, entry))]


def oai_page(feed_url: str, day: date) -> str:
    """Return the first request by OAI-PMH for what changed on a day, and on the Eastern evening before it."""
    archives = {name.partition(".")[0] for name in joined_categories(feed_url)}
    one_set = {"set": next(iter(archives))} if len(archives) == 1 and archives <= _SETS else {}
    query = {"verb": "ListRecords", "metadataPrefix": "arXiv", **one_set}
    return oaipmh.day_page(f"{OAI}?{urlencode(query)}", day - _DAY, day)


def as_in_feed(feed_url: str, entry: Entry) -> Entry | None:
    """Return an entry under the id that the feed gives it; None where it is of none of the feed's
    categories.
    """
    wanted = joined_categories(feed_url)
    if not any(within(term.casefold(), name.casefold()) for term in entry.categories for name in wanted):
        return None
    return replace(entry, key=f"oai:arXiv.org:{entry.arxiv_id}v{entry.version or 1}")


def is_settled(day: date, now: datetime, entries: int) -> bool:
    """Return whether an answer about a day is its last word, or the API may only be late."""
    age = now - _eastern(day, time())
    return age >= NO_LAG or (age >= LAG and entries > 0)


def _cutoff(day: date) -> datetime:
    """When submissions for the feed of a day ended: at 14:00 on the last weekday before it."""
    before = day - _DAY
    while before.weekday() >= SATURDAY:
        before -= _DAY
    return _eastern(before, _CUTOFF)


def _eastern(day: date, clock: time) -> datetime:
    return datetime.combine(day, clock, tzinfo=_EASTERN).astimezone(UTC)


def _query(url: str) -> dict[str, str]:
    return {name: values[-1] for name, values in parse_qs(urlsplit(url).query).items()}


def _with(url: str, **changed: str) -> str:
    return urlunsplit(urlsplit(url)._replace(query=urlencode(_query(url) | changed)))


PAST = Past(_first_page, _next_page, _format_of, _instead, _carried, is_settled)

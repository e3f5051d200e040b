"""Reads a page of the API of bioRxiv and medRxiv (https://api.biorxiv.org) as `Parsed`.

Each version of a preprint is a row of its own; the highest of the page counts. Their RSS is a `feed`.
"""

import re
from datetime import date, datetime, timedelta
from typing import Any

from digest.domain import Entry, Parsed, Source, SourceKind
from digest.errors import InputError, ParseError
from digest.ids import doi
from digest.sources.formats import jsontree
from digest.sources.source_type import Past, SourceType, Way
from digest.sources.values import fields
from digest.sources.values.items import read_items
from digest.sources.values.names import people
from digest.sources.values.withdrawals import notice

DAYS = 2  # asked for each time: preprints show up late, and yesterday's are merged with what is there

_BARE_URL = re.compile(r"(https?://[^/]+/details/(?:biorxiv|medrxiv))/?")
_PAGE_URL = re.compile(
    r"(https?://[^/]+/details/(?:biorxiv|medrxiv)/[^/?]+(?:/[^/?]+)?)/(\d+)(/json)?(\?.*)?"
)


def first_page(url: str, now: datetime, _since: datetime) -> str:
    """Return the URL of the first page: `…/details/biorxiv` gets the days until now; a URL that names days
    stays.
    """
    bare = _BARE_URL.fullmatch(url)
    if bare is None:
        return url
    today = now.date()
    return f"{bare[1]}/{today - timedelta(days=DAYS)}/{today}/0"


def day_page(url: str, day: date) -> str | None:
    """Return the URL of the first page of one day; None where the source's URL names its days itself."""
    bare = _BARE_URL.fullmatch(url)
    return f"{bare[1]}/{day}/{day}/0" if bare else None


def next_page(url: str, body: bytes) -> str | None:
    """Return the URL of the page after this one, None after the last; raises ParseError.

    The cursor moves by the rows that came, because pages hold 30 or 100; `total` counts too many, so that an
    empty page ends it as well.
    """
    page = _PAGE_URL.fullmatch(url)
    answer = jsontree.read(body)
    rows = jsontree.get(answer, "collection")
    messages = jsontree.get(answer, "messages")
    if (
        page is None
        or not rows
        or not isinstance(rows, list)
        or not messages
        or not isinstance(messages, list)
    ):
        return None
    cursor = int(page[2][:9]) + len(rows)
    return (
        f"{page[1]}/{cursor}{page[3] or ''}{page[4] or ''}"
        if cursor < _integer(messages[0], "total")
        else None
    )


def parse(body: bytes, _address: str = "") -> Parsed:
    """Read a page; raises ParseError, with their own words where they sent an error."""
    answer = jsontree.read(body)
    rows = jsontree.get(answer, "collection")
    if not isinstance(rows, list):
        raise ParseError(f"no list `collection` in it{_status(answer)}")
    if not rows and (status := _status(answer)) and "no posts found" not in status.lower():
        raise ParseError(f"no preprints in it{status}")
    return read_items(_highest_versions(rows), _entry, lambda row: fields.key(jsontree.get(row, "doi")))


def _status(answer: Any) -> str:
    messages = jsontree.get(answer, "messages")
    first = messages[0] if isinstance(messages, list) and messages else None
    status = fields.line(jsontree.get(first, "status"), 300)
    return f": it says “{status}”" if status and status != "ok" else ""


def _highest_versions(rows: list[Any]) -> list[Any]:
    """One row for each DOI, at the place of its first; rows without a DOI stay, to be named as broken."""
    best: dict[object, Any] = {}
    for place, row in enumerate(rows):
        identifier = jsontree.get(row, "doi")
        name = (doi(identifier) if isinstance(identifier, str) else None) or place
        if name not in best or _integer(row, "version") > _integer(best[name], "version"):
            best[name] = row
    return list(best.values())


def _integer(row: Any, name: str) -> int:
    """A number that they write as an integer or as a string."""
    value = jsontree.get(row, name)
    if isinstance(value, str) and value.isascii() and value.isdigit():
        return int(value[:9])
    return fields.count(value) or 0


def _entry(row: Any) -> Entry:
    identifier = doi(row["doi"]) if isinstance(jsontree.get(row, "doi"), str) else None
    if identifier is None:
        raise ParseError("it has no DOI")
    title = fields.line(row.get("title"), fields.MAX_TITLE, html=True)
    if not title:
        raise ParseError("it has no title")
    version = _integer(row, "version") or None
    posted = fields.moment(row.get("date"))
    page = _page(row, identifier, version)
    authors = row.get("authors")
    abstract = fields.abstract(row.get("abstract"), html=True)
    return Entry(
        key=identifier,
        title=title,
        abstract=abstract,
        withdrawn=notice(title, abstract),
        authors=fields.authors(people([authors])),
        categories=fields.categories([row.get("category")]),
        doi=identifier,
        version=version,
        announced_at=posted,
        published_at=posted if version == 1 else None,  # a row tells the date of its own version only
        url=page or f"https://doi.org/{identifier}",
        pdf_url=f"{page}.full.pdf" if page else "",
    )


def _page(row: dict[str, Any], identifier: str, version: int | None) -> str:
    """The preprint's page, where the row says on which of the two servers it is."""
    server = str(row.get("server")).lower()
    if server not in ("biorxiv", "medrxiv"):
        return ""
    return fields.link(f"https://www.{server}.org/content/{identifier}v{version or 1}")


def _past_page(source: Source, day: date, _: Way) -> str:
    url = day_page(source.url, day)
    if url is None:
        raise InputError(f"{source.name}: its URL names its days itself", fix="give it its bare URL")
    return url


BIORXIV = SourceType(
    kind=SourceKind.BIORXIV,
    label="bioRxiv",
    names=("medRxiv",),
    parse=parse,
    first_page=first_page,
    next_page=next_page,
    hosts=("api.biorxiv.org", "api.medrxiv.org"),
    looks_like=lambda head: head.startswith(b"{") and b'"messages"' in head and b'"collection"' in head,
    rank=2,
    may_link=True,
    may_withdraw=True,
    past=Past(_past_page, lambda url, body, _: next_page(url, body), polled_days=DAYS),
)

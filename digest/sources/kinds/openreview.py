"""Reads the notes of a venue by OpenReview's API v2 (https://docs.openreview.net) as `Parsed`.

A submission is a note that replies to none; reviews and comments are left out, and what was rejected at the
desk is. A submission that was withdrawn stays a note, whose venue says so.
Values stand in an object of their own (`{"title": {"value": …}}`); the first API's plain ones are read too.
"""

from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit, urlunsplit

from digest.domain import Entry, Parsed, SourceKind
from digest.errors import ParseError
from digest.sources.formats import jsontree
from digest.sources.source_type import SourceType
from digest.sources.values import fields
from digest.sources.values.items import read_items
from digest.sources.values.names import people

PAGE = 1_000  # the most that it gives
OVERLAP = timedelta(days=2)


def first_page(url: str, _now: datetime, since: datetime) -> str:
    """Return the URL of the notes made since a time, newest first; what the URL says itself stays."""
    made_after = int((since - OVERLAP).timestamp() * 1000)
    return _with(url, {"limit": f"{PAGE}", "sort": "cdate:desc", "mintcdate": f"{made_after}"}, over=False)


def next_page(url: str, body: bytes) -> str | None:
    """Return the URL of the page after this one, None after the last; raises ParseError."""
    answer = jsontree.read(body)
    listed, total = jsontree.get(answer, "notes"), fields.count(jsontree.get(answer, "count"))
    notes = listed if isinstance(listed, list) else []
    query = parse_qs(urlsplit(url).query)
    offset = query.get("offset", ["0"])[-1]
    reached = (int(offset[:9]) if offset.isascii() and offset.isdigit() else 0) + len(notes)
    return _with(url, {"offset": f"{reached}"}, over=True) if notes and total and reached < total else None


def parse(body: bytes, _address: str = "") -> Parsed:
    """Read a page; raises ParseError, with OpenReview's own words where it sent an error."""
    answer = jsontree.read(body)
    notes = jsontree.get(answer, "notes")
    if not isinstance(notes, list):
        problem = fields.line(jsontree.get(answer, "message"), 300)
        raise ParseError(f"OpenReview refused the request: {problem}" if problem else "no list `notes` in it")
    return read_items(
        filter(_is_submission, notes), _entry, lambda note: fields.key(jsontree.get(note, "id"))
    )


def _is_submission(note: Any) -> bool:
    """A broken note is one too: it is named as broken."""
    if jsontree.get(note, "replyto"):
        return False
    return "desk rejected" not in _venue(note).lower()


def _venue(note: Any) -> str:
    return fields.line(_value(note, "venue"), fields.MAX_SUMMARY)


def _entry(note: Any) -> Entry:
    key = fields.key(jsontree.get(note, "forum")) or fields.key(jsontree.get(note, "id"))
    title = fields.line(_value(note, "title"), fields.MAX_TITLE)
    if not key or not title:
        raise ParseError("it has no id" if not key else "it has no title")
    page = fields.link(f"https://openreview.net/forum?{urlencode({'id': key})}")
    return Entry(
        key=key,
        title=title,
        abstract=fields.line(_value(note, "abstract"), fields.MAX_ABSTRACT),
        authors=fields.authors(people(_list(note, "authors"))),
        categories=fields.categories([_value(note, "primary_area"), *_list(note, "keywords")]),
        keywords=fields.keywords(_value(note, "keywords")),
        announced_at=_moment(note, "pdate") or _moment(note, "odate") or _moment(note, "cdate"),
        published_at=_moment(note, "cdate"),
        url=page,
        pdf_url=_pdf(_value(note, "pdf")),
        code_url=fields.link(_value(note, "code")),
        discussion_url=page,
        summary=fields.line(_value(note, "TLDR") or _value(note, "TL;DR"), fields.MAX_SUMMARY),
        comment=_venue(note),
        withdrawn=_venue(note) if "withdrawn" in _venue(note).lower() else "",
    )


def _value(note: Any, name: str) -> Any:
    found = jsontree.get(note, "content", name)
    return found.get("value") if isinstance(found, dict) else found


def _list(note: Any, name: str) -> list[Any]:
    value = _value(note, name)
    return value if isinstance(value, list) else []


def _pdf(value: Any) -> str:
    return fields.link(f"https://openreview.net{value}" if str(value).startswith("/pdf/") else value)


def _moment(note: Any, name: str) -> datetime | None:
    """Milliseconds since 1970, as they write times; nothing for what is no year of four digits after it."""
    value = jsontree.get(note, name)
    if isinstance(value, bool) or not isinstance(value, int) or not 0 < value < 253_402_300_800_000:
        return None
    return fields.in_range(datetime.fromtimestamp(value / 1000, UTC))


def _with(url: str, wanted: dict[str, str], *, over: bool) -> str:
    parts = urlsplit(url)
    query = {name: values[-1] for name, values in parse_qs(parts.query).items()}
    return urlunsplit(parts._replace(query=urlencode(query | wanted if over else wanted | query)))


OPENREVIEW = SourceType(
    kind=SourceKind.OPENREVIEW,
    label="OpenReview",
    parse=parse,
    first_page=first_page,
    next_page=next_page,
    hosts=("api2.openreview.net",),
    looks_like=lambda head: head.startswith(b"{") and b'"notes"' in head,
    may_withdraw=True,
    poll_every=timedelta(hours=2),
)

"""Sources: which request to make now, and a pure reading of its answer; one module for each kind.

A `Source` and the time come in, `Request`s go out; the bytes of an answer come in, `Parsed` goes out. Never
fetches, never stores, knows no clock. What is in an entry is bounded, clean, and has only http(s) links.
"""

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from digest.domain import Parsed, Source, SourceKind
from digest.errors import ParseError
from digest.sources import arxiv, biorxiv, feed, huggingface, jsonl, oaipmh, openreview

log = logging.getLogger(__name__)

MAX_BODY = 16 * 1024 * 1024  # bytes, decompressed

DEFAULT_SOURCES = (
    Source("huggingface", SourceKind.HUGGINGFACE, "https://huggingface.co/api/daily_papers"),
    Source("arxiv", SourceKind.ARXIV, "https://rss.arxiv.org/rss/cs.AI+cs.CL+cs.CV+cs.LG+stat.ML"),
)

_PARSERS: dict[SourceKind, Callable[[bytes, str], Parsed]] = {
    SourceKind.ARXIV: arxiv.parse,
    SourceKind.HUGGINGFACE: huggingface.parse,
    SourceKind.BIORXIV: biorxiv.parse,
    SourceKind.FEED: feed.parse,
    SourceKind.JSONL: jsonl.parse,
    SourceKind.OAIPMH: oaipmh.parse,
    SourceKind.OPENREVIEW: openreview.parse,
}

_NEXT_PAGES: dict[SourceKind, Callable[[str, bytes], str | None]] = {
    SourceKind.BIORXIV: biorxiv.next_page,
    SourceKind.OAIPMH: oaipmh.next_page,
    SourceKind.OPENREVIEW: openreview.next_page,
}


@dataclass(frozen=True, slots=True)
class Request:
    """One GET to make: its URL, and headers beyond those that every request has."""

    url: str
    headers: tuple[tuple[str, str], ...] = ()


def requests(source: Source, now: datetime) -> tuple[Request, ...]:
    """The requests that ask a source for what it has now: the operator's URL, completed where it is bare.

    Hugging Face: `limit=100`, the most it allows, unless the URL names a limit; its bare list is today's.
    bioRxiv: the days until now, unless the URL names days. OAI-PMH and OpenReview: what is newer than
    the last success, unless the URL says since when.
    """
    since = source.last_success_at or now
    match source.kind:
        case SourceKind.HUGGINGFACE:
            return (Request(_with_default(source.url, "limit", "100")),)
        case SourceKind.BIORXIV:
            return (Request(biorxiv.first_page(source.url, now)),)
        case SourceKind.OAIPMH:
            return (Request(oaipmh.first_page(source.url, since)),)
        case SourceKind.OPENREVIEW:
            return (Request(openreview.first_page(source.url, since)),)
        case _:
            return (Request(source.url),)


def next_request(source: Source, made: Request, body: bytes) -> Request | None:
    """The request for the page after an answer, None after the last one; raises ParseError.

    bioRxiv, OAI-PMH and OpenReview have pages.
    """
    paged = _NEXT_PAGES.get(source.kind)
    with _as_its_own_failure(source.kind):
        url = paged(made.url, body) if paged else None
    return Request(url, made.headers) if url else None


def parse(kind: SourceKind, body: bytes, *, name: str = "", status: int = 200, address: str = "") -> Parsed:
    """Read the answer of a source of this kind; any bytes at all give `Parsed` or raise ParseError.

    `name` is the source's or the file's, for the error's text; `status` is the HTTP status that came with the
    body: an error's body is read for its reason, never for entries. `address`: where it came from, to which
    links may be relative.
    """
    try:
        if len(body) > MAX_BODY:
            raise ParseError(f"larger than {MAX_BODY // 1024 // 1024} MiB")
        with _as_its_own_failure(kind):
            parsed = _PARSERS[kind](body, address)
    except ParseError as error:
        reason = error.message if status < 400 else f"HTTP {status}: {error.message}"
        raise ParseError(f"{name}: {reason}" if name else reason, fix=error.fix) from error
    if status >= 400:
        raise ParseError(
            f"{name}: HTTP {status} without a reason" if name else f"HTTP {status} without a reason"
        )
    return parsed


@contextmanager
def _as_its_own_failure(kind: SourceKind) -> Iterator[None]:
    """Whatever reading an answer raises is the failure of its source alone: ParseError."""
    try:
        yield
    except ParseError:
        raise
    except Exception as error:
        log.exception("an answer can't be read as %s", kind)
        raise ParseError(f"it can't be read: {type(error).__name__}") from error


def _with_default(url: str, name: str, value: str) -> str:
    parts = urlsplit(url)
    if any(given == name for given, _ in parse_qsl(parts.query, keep_blank_values=True)):
        return url
    query = "&".join(part for part in (parts.query, urlencode({name: value})) if part)
    return urlunsplit(parts._replace(query=query))

"""Says which request to make now, and reads its answer; one module for each kind.

A `Source` and the time come in, `Request`s go out; the bytes of an answer come in, `Parsed` goes out. Never
fetches, never stores, knows no clock. What is in an entry is bounded, clean, and has only http(s) links.
"""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime

from digest.domain import Parsed, Source, SourceKind
from digest.errors import ParseError

log = logging.getLogger(__name__)

MAX_BODY = 16 * 1024 * 1024  # bytes, decompressed


@dataclass(frozen=True, slots=True)
class Request:
    """One GET to make: its URL, and headers beyond those that every request has."""

    url: str
    headers: tuple[tuple[str, str], ...] = ()


def default_sources() -> tuple[Source, ...]:
    """Return the sources that a new installation begins with."""
    from digest.sources.registry import TYPES  # noqa: PLC0415 - all kinds, and what reads their answers

    return tuple(
        Source(each.kind, each.kind, each.default_url) for each in TYPES.values() if each.default_url
    )


def requests(source: Source, now: datetime) -> tuple[Request, ...]:
    """Return the requests that ask a source for what it has now: the operator's URL, completed where it is
    bare.

    Kinds with days or pages add what is particular to them: a limit, the days until now, what is newer than
    the last success. What the URL says itself stays.
    """
    from digest.sources.registry import type_of  # noqa: PLC0415 - as above

    first_page = type_of(source.kind).first_page
    return (Request(first_page(source.url, now, source.last_success_at or now)),)


def next_request(source: Source, made: Request, body: bytes) -> Request | None:
    """Return the request for the page after an answer, None after the last one; raises ParseError."""
    from digest.sources.registry import type_of  # noqa: PLC0415 - as above

    with _as_its_own_failure(source.kind):
        url = type_of(source.kind).next_page(made.url, body)
    return Request(url, made.headers) if url else None


def parse(kind: SourceKind, body: bytes, *, name: str = "", status: int = 200, address: str = "") -> Parsed:
    """Read the answer of a source of this kind; any bytes at all give `Parsed` or raise ParseError.

    `name` is the source's or the file's, for the error's text; `status` is the HTTP status that came with the
    body: an error's body is read for its reason, never for entries. `address`: where it came from, to which
    links may be relative.
    """
    from digest.sources.registry import type_of  # noqa: PLC0415 - as above

    try:
        if len(body) > MAX_BODY:
            raise ParseError(f"larger than {MAX_BODY // 1024 // 1024} MiB")
        with _as_its_own_failure(kind):
            parsed = type_of(kind).parse(body, address)
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

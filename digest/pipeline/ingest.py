"""Sources and files → papers in the store. A bad source, file or entry stops only itself."""

import zlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from digest.domain import Entry, Parsed, Skipped, Source, SourceKind, SourceState
from digest.errors import FetchError, ParseError
from digest.fetch import Fetcher, Response
from digest.pipeline.installation import Installation
from digest.sources import Request, next_request, parse, requests
from digest.store import papers, session, sources
from digest.store.papers import Landing

POLL = timedelta(minutes=30)  # conditional requests, so an unchanged feed costs the source a 304
BACK_OFF = timedelta(minutes=5)
LONGEST_BACK_OFF = timedelta(hours=6)
MOST_PAGES = 100  # of one answer; bioRxiv has about ten a day
LARGEST_FILE = 64 * 2**20  # bytes, decompressed


@dataclass(frozen=True, slots=True)
class FetchReport:
    """What came of asking one source."""

    name: str
    state: SourceState
    not_modified: bool = False
    entries: int = 0
    new: int = 0
    updated: int = 0
    unchanged: int = 0
    skipped: tuple[Skipped, ...] = ()
    error: str | None = None


@dataclass(frozen=True, slots=True)
class ImportReport:
    """What came of reading one file; `state` is what its source says of itself afterwards."""

    file: str
    state: SourceState | None = None
    entries: int = 0
    new: int = 0
    updated: int = 0
    unchanged: int = 0
    skipped: tuple[Skipped, ...] = ()
    error: str | None = None


def fetch_due(installation: Installation, now: datetime) -> list[FetchReport]:
    """Ask every source whose time has come."""
    with session.transaction(installation.engine) as db:
        due = sources.due(db, now)
    return fetch(installation, due, now)


def fetch(installation: Installation, chosen: Sequence[Source], now: datetime) -> list[FetchReport]:
    """Ask these sources now, one after the other, and land what they answer."""
    if not chosen:
        return []
    with Fetcher(installation.user_agent, installation.allow_hosts) as fetcher:
        return [_fetch_one(installation, fetcher, source, now) for source in chosen]


def _fetch_one(installation: Installation, fetcher: Fetcher, source: Source, now: datetime) -> FetchReport:
    try:
        answers = list(_answers(fetcher, source, now))
        parsed = [
            parse(source.kind, a.body, name=source.name, status=a.status)
            for a in answers
            if not a.not_modified
        ]
    except (FetchError, ParseError) as error:
        return _failed(installation, source, error, now)
    with session.transaction(installation.engine) as db:
        landing = papers.land(db, source, _entries(parsed), seen_at=now)
        state = state_after(source.state, parsed, landing)
        sources.succeeded(
            db,
            source.name,
            now=now,
            state=state,
            etag=answers[-1].etag if len(answers) == 1 else None,
            last_modified=answers[-1].last_modified if len(answers) == 1 else None,
            next_fetch_at=now + POLL,
        )
    return FetchReport(
        source.name,
        state,
        not_modified=not parsed,
        entries=sum(len(p.entries) + len(p.skipped) for p in parsed),
        new=landing.new,
        updated=landing.updated,
        unchanged=landing.unchanged,
        skipped=(*(s for p in parsed for s in p.skipped), *landing.skipped),
    )


def _answers(fetcher: Fetcher, source: Source, now: datetime) -> Iterator[Response]:
    """What the source answers, page by page where it has pages."""
    for first in requests(source, now):
        request: Request | None = first
        for _ in range(MOST_PAGES):
            if request is None:
                break
            answer = fetcher.get(
                request.url,
                etag=source.etag,
                last_modified=source.last_modified,
                headers=request.headers,
            )
            yield answer
            request = None if answer.not_modified else next_request(source, request, answer.body)


def _failed(
    installation: Installation, source: Source, error: FetchError | ParseError, now: datetime
) -> FetchReport:
    wait = min(BACK_OFF * 2**source.failures, LONGEST_BACK_OFF)
    if isinstance(error, FetchError) and error.retry_after:
        wait = max(wait, timedelta(seconds=error.retry_after))
    with session.transaction(installation.engine) as db:
        sources.failed(db, source.name, now=now, error=error.message, next_fetch_at=now + wait)
    return FetchReport(source.name, SourceState.FAILING, error=error.message)


def state_after(before: SourceState, parsed: Sequence[Parsed], landing: Landing) -> SourceState:
    """What an answered source says of itself: new ids decide, not dates.

    An answer without new ids leaves a fresh source fresh (the day's list was polled again) and makes any
    other `waiting`; "not modified" (nothing parsed) also leaves a quiet source quiet.
    """
    if landing.new:
        return SourceState.FRESH
    if parsed and all(p.quiet for p in parsed):
        return SourceState.QUIET
    if before is SourceState.FRESH or (before is SourceState.QUIET and not parsed):
        return before
    return SourceState.WAITING


def import_content(
    installation: Installation,
    file: str,
    content: bytes,
    *,
    kind: SourceKind,
    name: str,
    seen_at: datetime | None,
) -> ImportReport:
    """Land one file as its source serves it (gzip or plain) under the source `name`.

    `seen_at` None: each paper is seen on the day that the source gives. What can't be read changes nothing
    and is said in the report's `error`.
    """
    try:
        parsed = parse(kind, _plain(content), name=name)
    except ParseError as error:
        return ImportReport(file, error=error.message)
    with session.transaction(installation.engine) as db:
        source = sources.ensure(db, name=name, kind=kind)
        landing = papers.land(db, source, parsed.entries, seen_at=seen_at)
        state = state_after(source.state, [parsed], landing)
        sources.set_state(db, name, state)
    return ImportReport(
        file,
        state=state,
        entries=len(parsed.entries) + len(parsed.skipped),
        new=landing.new,
        updated=landing.updated,
        unchanged=landing.unchanged,
        skipped=(*parsed.skipped, *landing.skipped),
    )


def _entries(parsed: Iterable[Parsed]) -> list[Entry]:
    return [entry for p in parsed for entry in p.entries]


def _plain(content: bytes) -> bytes:
    if not content.startswith(b"\x1f\x8b"):
        return content
    try:
        plain = zlib.decompressobj(wbits=31)
        body = plain.decompress(content, LARGEST_FILE)
    except zlib.error as error:
        msg = f"not a readable gzip file: {error}"
        raise ParseError(msg) from error
    if plain.unconsumed_tail:
        msg = f"larger than {LARGEST_FILE // 2**20} MiB decompressed"
        raise ParseError(msg, fix="split the file")
    if not plain.eof:
        msg = "the gzip file is cut off"
        raise ParseError(msg, fix="get the file again")
    return body

"""An address that isn't a source yet → what it would be: kind, entries, problems. Stores nothing."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from digest.domain import Entry, Parsed, Source, SourceKind
from digest.errors import ParseError
from digest.pipeline.ingest.http import ask, getter
from digest.pipeline.installation import Installation
from digest.sources import parse, requests
from digest.sources.announcements import MOST_ITEMS
from digest.sources.guess import ANY_FEED, kind_of, kind_of_host
from digest.store import session, sources

SAMPLE = 3
_MOST_NAMED = 5  # of the entries that can't be read


@dataclass(frozen=True, slots=True)
class SourceCheck:
    """What an address would be as a source; `error`: why it can't be one."""

    url: str
    kind: SourceKind
    entries: int = 0
    sample: tuple[Entry, ...] = ()
    problems: tuple[str, ...] = ()
    error: str | None = None


def check(installation: Installation, url: str, now: datetime) -> SourceCheck:
    """Ask the address once and read its answer. Raises FetchError where there is none."""
    guessed = Source("check", kind_of_host(url) or ANY_FEED, url)
    request = requests(guessed, now)[0]
    with getter(installation) as get:
        answer = ask(installation.engine, get, request, now)
    kind = kind_of(url, answer.body)
    try:
        parsed = parse(kind, answer.body, status=answer.status, address=answer.url or url)
    except ParseError as error:
        return SourceCheck(url, kind, error=error.message)
    with session.reading(installation.engine) as db:
        there = [source.name for source in sources.listing(db) if source.url == url]
    problems = (*(f"it is there already, as {name}" for name in there), *_problems(parsed))
    return SourceCheck(
        url, kind, len(parsed.entries) + len(parsed.skipped), parsed.entries[:SAMPLE], problems
    )


def _problems(parsed: Parsed) -> Iterator[str]:
    entries = parsed.entries
    if not entries and not parsed.skipped:
        yield "it has no entries now"
    yield from parsed.notes
    for skipped in parsed.skipped[:_MOST_NAMED]:
        yield f"{skipped.entry}: {skipped.error}"
    if len(parsed.skipped) > _MOST_NAMED:
        yield f"{len(parsed.skipped)} entries can't be read"
    if len(entries) >= MOST_ITEMS:
        yield f"arXiv cuts its feeds off at {MOST_ITEMS:,} entries, which this has: join fewer categories"
    for what, missing in (
        ("abstract", sum(1 for e in entries if not e.abstract)),
        ("date", sum(1 for e in entries if not (e.announced_at or e.published_at))),
        ("author", sum(1 for e in entries if not e.authors)),
        ("link", sum(1 for e in entries if not e.url)),
    ):
        if missing:
            yield f"{missing} of {len(entries)} entries have no {what}"

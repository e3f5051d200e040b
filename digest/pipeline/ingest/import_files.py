"""Imports files as sources serve them. A bad file or entry stops only itself.

A file of JSON lines may be larger than memory: it is stored a batch at a time. Others are one answer of their
source each, and stored whole or not at all.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import islice

from digest.domain import Parsed, Skipped, Source, SourceKind, SourceState
from digest.errors import ParseError
from digest.pipeline.ingest.open_files import Stream, lines, whole
from digest.pipeline.installation import Installation
from digest.sources import parse
from digest.sources.kinds import jsonl
from digest.sources.registry import type_of
from digest.sources.states import Verdict, decide
from digest.store import papers, session, sources
from digest.store.papers import StoredEntries

BATCH = 1_000  # lines that are stored together
MOST_SKIPPED = 1_000  # of one file that a report names


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
    notes: tuple[str, ...] = ()
    error: str | None = None


def import_file(
    installation: Installation,
    file: str,
    stream: Stream,
    *,
    kind: SourceKind,
    name: str,
    seen_at: datetime | None,
    on_progress: Callable[[ImportReport], None] = lambda _: None,
) -> ImportReport:
    """Land one file (gzip or plain) under the source `name`; `told` hears of each batch as it has landed.

    `seen_at` None: each paper is seen on the day that the file gives. What can't be read changes nothing and
    is said in the report's `error`; batches that landed before it stay, and change nothing the next time.
    """
    report = ImportReport(file)
    try:
        for parsed in _batches(kind, stream, name):
            report = _added(report, _land(installation, file, parsed, kind=kind, name=name, seen_at=seen_at))
            on_progress(report)
    except ParseError as error:
        return replace(report, error=error.message)
    return report


def _batches(kind: SourceKind, stream: Stream, name: str) -> Iterator[Parsed]:
    read_lines = type_of(kind).read_lines
    if read_lines is None:
        yield parse(kind, whole(stream), name=name)
        return
    numbered = lines(stream, jsonl.MAX_LINE)
    while batch := list(islice(numbered, BATCH)):
        yield read_lines(batch)


def _land(
    installation: Installation,
    file: str,
    parsed: Parsed,
    *,
    kind: SourceKind,
    name: str,
    seen_at: datetime | None,
) -> ImportReport:
    with session.transaction(installation.engine) as db:
        source = sources.ensure(db, name=name, kind=kind)
        stored = papers.store_entries(db, source, parsed.entries, seen_at=seen_at)
        verdict = _after(installation, source, parsed, stored, seen_at=seen_at)
        if verdict:
            sources.set_state(db, name, verdict.state, last_new_at=verdict.last_new_at)
    return ImportReport(
        file,
        state=verdict.state if verdict else source.state,
        entries=len(parsed.entries) + len(parsed.skipped),
        new=stored.new,
        updated=stored.updated,
        unchanged=stored.unchanged,
        skipped=(*parsed.skipped, *stored.skipped),
        notes=parsed.notes,
    )


def _added(before: ImportReport, batch: ImportReport) -> ImportReport:
    """The report of a file with one more batch; of a file that is all wrong not every line is named."""
    return replace(
        batch,
        entries=before.entries + batch.entries,
        new=before.new + batch.new,
        updated=before.updated + batch.updated,
        unchanged=before.unchanged + batch.unchanged,
        skipped=(*before.skipped, *batch.skipped)[:MOST_SKIPPED],
        notes=tuple(dict.fromkeys((*before.notes, *batch.notes))),
    )


def _after(
    installation: Installation,
    source: Source,
    parsed: Parsed,
    stored: StoredEntries,
    *,
    seen_at: datetime | None,
) -> Verdict | None:
    """What a file says of its source at the time when it was seen; None where a later answer has spoken."""
    given = max(
        (t for e in parsed.entries if (t := e.announced_at or e.published_at)), default=parsed.announced_at
    )
    moment = given if parsed.quiet else seen_at or given  # an empty file tells of its own day only
    if moment is None or (source.last_new_at and moment < source.last_new_at):
        return None
    return decide(
        source.kind, source.last_new_at, stored.fresh, moment, stalled_after=installation.stalled_after
    )

"""Files as sources serve them → papers in the store. A bad file or entry stops only itself."""

import zlib
from dataclasses import dataclass
from datetime import datetime

from digest.domain import Parsed, Skipped, Source, SourceKind, SourceState
from digest.errors import ParseError
from digest.pipeline.installation import Installation
from digest.sources import parse
from digest.sources.states import Verdict, decide
from digest.store import papers, session, sources
from digest.store.papers import Landing

LARGEST_FILE = 64 * 2**20  # bytes, decompressed


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
        verdict = _after(installation, source, parsed, landing, seen_at=seen_at)
        if verdict:
            sources.set_state(db, name, verdict.state, last_new_at=verdict.last_new_at)
    return ImportReport(
        file,
        state=verdict.state if verdict else source.state,
        entries=len(parsed.entries) + len(parsed.skipped),
        new=landing.new,
        updated=landing.updated,
        unchanged=landing.unchanged,
        skipped=(*parsed.skipped, *landing.skipped),
    )


def _after(
    installation: Installation, source: Source, parsed: Parsed, landing: Landing, *, seen_at: datetime | None
) -> Verdict | None:
    """What a file says of its source at the time when it was seen; None where a later answer has spoken."""
    moment = seen_at or max(
        (t for e in parsed.entries if (t := e.announced_at or e.published_at)), default=None
    )
    if moment is None or (source.last_new_at and moment < source.last_new_at):
        return None
    return decide(
        source.kind, source.last_new_at, landing.fresh, moment, stalled_after=installation.stalled_after
    )


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

"""Lists of feeds ↔ the sources of an installation."""

import re
from dataclasses import dataclass
from datetime import datetime

from digest.domain import SourceKind
from digest.errors import DigestError
from digest.pipeline.ingest.probe import read_source
from digest.pipeline.installation import Installation
from digest.sources.guess import ANY_FEED, kind_of_host
from digest.sources.opml import Outline, read, write
from digest.store import session, sources
from digest.store.community import audit
from digest.store.sources import snapshots

_MOST_LETTERS = 40


@dataclass(frozen=True, slots=True)
class Listed:
    """What became of one feed of a list: added, there (already), or an error in words."""

    name: str
    url: str
    kind: str
    result: str
    error: str | None = None


def import_opml(
    installation: Installation, body: bytes, now: datetime, *, dry_run: bool = False
) -> list[Listed]:
    """Add the feeds of an OPML list that aren't there yet. Raises ParseError, and adds nothing then.

    A feed that can't be added stops only itself; the same list again changes nothing.
    """
    outlines = read(body)
    with session.transaction(installation.engine) as db:
        there = {source.url: source for source in sources.listing(db)}
        names = {source.name for source in there.values()}
        listed = []
        for outline in outlines:
            if known := there.get(outline.url):
                listed.append(Listed(known.name, known.url, known.kind, "there"))
                continue
            kind = _kind(outline)
            name = _free_name(outline, names)
            try:
                if not dry_run:
                    url = read_source(outline.url, installation.allow_hosts)
                    sources.add(db, name=name, kind=kind, url=url)
                    after, where = snapshots.snapshot(db, name), f"source:{name}"
                    audit.record(db, installation.actor, "source.add", where, None, after, now=now)
            except DigestError as error:
                listed.append(Listed(name, outline.url, kind, "error", error.message))
                continue
            names.add(name)
            listed.append(Listed(name, outline.url, kind, "added"))
    return listed


def export_opml(installation: Installation) -> str:
    """Return all sources with an address as OPML; what is imported from it is the same."""
    return write(outlines(installation))


def outlines(installation: Installation) -> tuple[Outline, ...]:
    """Return all sources with an address, as a list of feeds has them."""
    with session.reading(installation.engine) as db:
        return tuple(Outline(s.name, s.url, s.kind) for s in sources.listing(db) if s.url)


def _kind(outline: Outline) -> SourceKind:
    if outline.kind in list(SourceKind):
        return SourceKind(outline.kind)
    return kind_of_host(outline.url) or ANY_FEED


def _free_name(outline: Outline, used: set[str]) -> str:
    """A short name from the title, numbered where it is taken."""
    base = re.sub(r"[^a-z0-9]+", "-", outline.title.casefold())[:_MOST_LETTERS].strip("-") or "feed"
    if base in {"doi", "arxiv"} and outline.kind != base:
        base = f"{base}-feed"
    numbered = (base if n == 1 else f"{base}-{n}" for n in range(1, len(used) + 2))
    return next(name for name in numbered if name not in used)

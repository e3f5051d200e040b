"""Adds, changes and removes the sources of an installation."""

from collections.abc import Sequence

from digest.domain import Source, SourceKind
from digest.pipeline.ingest.source_url import read_source
from digest.pipeline.installation import Installation
from digest.store import session
from digest.store import sources as stored


def get(installation: Installation, name: str) -> Source:
    """Return the source of this name. Raises UnknownError that names the nearest."""
    with session.reading(installation.engine) as db:
        return stored.get(db, name)


def named(installation: Installation, names: Sequence[str]) -> list[Source]:
    """Return the sources of these names, all of them where none is named. Raises UnknownError."""
    with session.reading(installation.engine) as db:
        return [stored.get(db, name) for name in names] or stored.listing(db)


def add(installation: Installation, url: str, *, name: str, kind: SourceKind) -> Source:
    """Add a source. Raises InputError for an address or a name that can't be one."""
    with session.transaction(installation.engine) as db:
        return stored.add(db, name=name, kind=kind, url=read_source(url, installation.allow_hosts))


def edit(installation: Installation, name: str, *, url: str) -> Source:
    """Give a source another address; what it carried stays. Raises UnknownError, InputError."""
    with session.transaction(installation.engine) as db:
        return stored.edit(db, name, url=read_source(url, installation.allow_hosts))


def remove(installation: Installation, name: str) -> None:
    """Remove a source; its papers stay. Raises UnknownError."""
    with session.transaction(installation.engine) as db:
        stored.remove(db, name)

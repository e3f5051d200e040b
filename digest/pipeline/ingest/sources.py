"""Adds, changes, pauses and removes the sources of an installation."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime

from digest.domain import Source, SourceKind, SourceState
from digest.errors import InputError, RefusedError
from digest.pipeline.ingest.probe import read_source
from digest.pipeline.installation import Installation
from digest.store import session
from digest.store import sources as stored
from digest.store.community import audit
from digest.store.session import Session
from digest.store.sources import snapshots


def get(installation: Installation, name: str) -> Source:
    """Return the source of this name. Raises UnknownError that names the nearest."""
    with session.reading(installation.engine) as db:
        return stored.get(db, name)


def named(installation: Installation, names: Sequence[str]) -> list[Source]:
    """Return the sources of these names to ask them; where none is named, all that aren't paused.

    Raises UnknownError, and RefusedError where a named one is paused.
    """
    with session.reading(installation.engine) as db:
        if not names:
            return [source for source in stored.listing(db) if source.state is not SourceState.PAUSED]
        chosen = [stored.get(db, name) for name in names]
    for source in chosen:
        refuse_paused(source)
    return chosen


def refuse_paused(source: Source) -> None:
    """Raise RefusedError where a source is paused: it isn't asked by anybody."""
    if source.state is SourceState.PAUSED:
        msg = f"the source {source.name} is paused and isn't asked"
        raise RefusedError(msg, fix=f"digest sources resume {source.name}")


def pause(installation: Installation, name: str, now: datetime) -> Source:
    """Leave a source alone until it is resumed; its papers stay.

    Raises UnknownError, and InputError for one that is never asked because it has no address.
    """
    with session.transaction(installation.engine) as db, _audited(installation, db, name, "pause", now):
        if not stored.get(db, name).url:
            raise InputError(f"{name} has no address and is never asked", fix="digest sources list")
        return stored.pause(db, name)


def resume(installation: Installation, name: str, now: datetime) -> Source:
    """Ask a paused source again from the next round on; one that isn't paused stays as it is.

    Raises UnknownError.
    """
    with session.transaction(installation.engine) as db, _audited(installation, db, name, "resume", now):
        return stored.resume(db, name, now)


def add(installation: Installation, url: str, *, name: str, kind: SourceKind, now: datetime) -> Source:
    """Add a source. Raises InputError for an address or a name that can't be one."""
    with session.transaction(installation.engine) as db, _audited(installation, db, name, "add", now):
        return stored.add(db, name=name, kind=kind, url=read_source(url, installation.allow_hosts))


def edit(installation: Installation, name: str, *, url: str, now: datetime) -> Source:
    """Give a source another address; what it carried stays. Raises UnknownError, InputError."""
    with session.transaction(installation.engine) as db, _audited(installation, db, name, "edit", now):
        return stored.edit(db, name, url=read_source(url, installation.allow_hosts))


def remove(installation: Installation, name: str, now: datetime) -> None:
    """Remove a source; its papers stay. Raises UnknownError."""
    with session.transaction(installation.engine) as db, _audited(installation, db, name, "remove", now):
        stored.remove(db, name)


@contextmanager
def _audited(installation: Installation, db: Session, name: str, act: str, now: datetime) -> Iterator[None]:
    before = snapshots.snapshot(db, name)
    yield
    after = snapshots.snapshot(db, name)
    audit.record(db, installation.actor, f"source.{act}", f"source:{name}", before, after, now=now)

"""Sources: what to fetch, when next, and how the last time went. Decides no state and no time itself."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, case, func, or_, select, update
from sqlalchemy.orm import Session

from digest.domain import Source, SourceKind, SourceState
from digest.errors import InputError
from digest.store.readable import readable, texts
from digest.store.sources.tables.sources import SourceRow
from digest.words.nearest import unknown


def add(session: Session, *, name: str, kind: SourceKind, url: str) -> Source:
    """Add a source that was never fetched, due at once. Raises InputError where the name can't be used."""
    from digest.store.papers.entries import check_name  # noqa: PLC0415 - brings all that papers need

    check_name(name, kind)
    if _row(session, name) is not None:
        raise InputError(f"there is a source {name!r} already", fix=f"digest sources edit {name}")
    row = SourceRow(name=name, kind=kind, url=url, state=SourceState.NEW, failures=0, notes=[])
    session.add(row)
    session.flush()
    return _source(row)


def ensure(session: Session, *, name: str, kind: SourceKind) -> Source:
    """Return the source of this name; where there is none, one without address, under which files are
    imported.
    """
    row = _row(session, name)
    return add(session, name=name, kind=kind, url="") if row is None else _source(row)


def get(session: Session, name: str) -> Source:
    """Return the source of this name. Raises UnknownError that names the nearest."""
    return _source(_known(session, name))


def listing(session: Session) -> list[Source]:
    """Return all sources by name."""
    return readable(session.scalars(select(SourceRow).order_by(SourceRow.name)), _source, _name)


class Fetches(NamedTuple):
    """How often a source was asked, by what came of it."""

    read: int
    failed: int


def fetches(session: Session) -> dict[int, Fetches]:
    """Return how often each source was asked since it was added, by its id."""
    rows = session.execute(select(SourceRow.id, SourceRow.times_read, SourceRow.times_failed))
    return {number: Fetches(read, failed) for number, read, failed in rows}


def due(session: Session, now: datetime) -> list[Source]:
    """Return the sources to fetch now, the longest due first; those without address or paused never are."""
    time = SourceRow.next_fetch_at
    wanted = select(SourceRow).where(SourceRow.url != "", _awake(), _due(now), _unclaimed(now))
    return readable(session.scalars(wanted.order_by(time.nulls_first(), SourceRow.id)), _source, _name)


def claim(session: Session, name: str, *, now: datetime, until: datetime, only_due: bool) -> Source | None:
    """Claim a source before asking it, so that no other process asks it meanwhile; ends with the outcome.

    None where another process has it (until its claim runs out), where it is paused, or `only_due` and it
    isn't due any more.
    """
    conditions = [SourceRow.name == name, _awake(), _unclaimed(now), *([_due(now)] if only_due else [])]
    claimed = update(SourceRow).where(*conditions).values(claimed_until=until).returning(SourceRow.id)
    if session.scalars(claimed).first() is None:
        return None
    return _source(_known(session, name))


def edit(session: Session, name: str, *, url: str) -> Source:
    """Give a source another address; what was remembered of the old one is forgotten. Raises UnknownError."""
    row = _known(session, name)
    row.url = url
    row.etag = row.last_modified = row.next_fetch_at = None
    row.notes = []
    session.flush()
    return _source(row)


def pause(session: Session, name: str) -> Source:
    """Leave a source alone until `resume`; its errors are forgotten. Raises UnknownError."""
    row = _known(session, name)
    row.state, row.failures = SourceState.PAUSED, 0
    row.failing_since = row.last_error = None
    session.flush()
    return _source(row)


def resume(session: Session, name: str, now: datetime) -> Source:
    """Ask a paused source again, when it would have been asked or else at `now`. Raises UnknownError."""
    row = _known(session, name)
    if row.state == SourceState.PAUSED:
        row.state = SourceState.QUIET if row.last_success_at else SourceState.NEW
        row.next_fetch_at = max(row.next_fetch_at, now) if row.next_fetch_at else None
        session.flush()
    return _source(row)


def remove(session: Session, name: str) -> None:
    """Stop fetching a source; the papers that it carried stay. Raises UnknownError."""
    session.delete(_known(session, name))
    session.flush()


def defaults(session: Session, sources: Sequence[Source]) -> bool:
    """Add these sources where there is none at all; says whether it did."""
    if session.scalar(select(SourceRow.id).limit(1)) is not None:
        return False
    for source in sources:
        add(session, name=source.name, kind=source.kind, url=source.url)
    return True


def succeeded(
    session: Session,
    name: str,
    *,
    now: datetime,
    state: SourceState,
    etag: str | None,
    last_modified: str | None,
    next_fetch_at: datetime,
    last_new_at: datetime | None = None,
    notes: Sequence[str] = (),
) -> None:
    """Note an answer that was taken in (or "not modified"). A source removed meanwhile stays removed."""
    _set(
        session,
        name,
        state=_unless_paused(state),
        last_new_at=last_new_at,
        notes=list(notes),
        claimed_until=None,
        etag=etag,
        last_modified=last_modified,
        last_success_at=now,
        times_read=SourceRow.times_read + 1,
        next_fetch_at=next_fetch_at,
        failures=0,
        failing_since=None,
        last_error=None,
    )


def set_state(
    session: Session, name: str, state: SourceState, *, last_new_at: datetime | None = None
) -> None:
    """Note what a source says of itself where it wasn't asked over the network: a file was imported."""
    newest = {} if last_new_at is None else {"last_new_at": last_new_at}
    _set(session, name, state=_unless_paused(state), **newest)


def postponed(session: Session, name: str, *, next_fetch_at: datetime) -> None:
    """Note that a source wasn't asked, because its site wants to be left alone: that is no failure."""
    _set(session, name, next_fetch_at=next_fetch_at, claimed_until=None)


def failed(session: Session, name: str, *, now: datetime, error: str, next_fetch_at: datetime) -> None:
    """Note that a source couldn't be read, in words. What it gave before stays, as does its ETag."""
    _set(
        session,
        name,
        state=_unless_paused(SourceState.FAILING),
        failures=SourceRow.failures + 1,
        times_failed=SourceRow.times_failed + 1,
        failing_since=func.coalesce(SourceRow.failing_since, now),
        last_error=error,
        next_fetch_at=next_fetch_at,
        claimed_until=None,
    )


def _due(now: datetime) -> ColumnElement[bool]:
    return or_(SourceRow.next_fetch_at.is_(None), SourceRow.next_fetch_at <= now)


def _awake() -> ColumnElement[bool]:
    return SourceRow.state != SourceState.PAUSED


def _unless_paused(state: SourceState) -> ColumnElement[str]:
    """The state after an answer: a source that was paused while it was asked stays paused."""
    return case((SourceRow.state == SourceState.PAUSED, SourceState.PAUSED.value), else_=state.value)


def _unclaimed(now: datetime) -> ColumnElement[bool]:
    return or_(SourceRow.claimed_until.is_(None), SourceRow.claimed_until <= now)


def _set(session: Session, name: str, **values: Any) -> None:
    session.execute(update(SourceRow).where(SourceRow.name == name).values(**values))


def _row(session: Session, name: str) -> SourceRow | None:
    return session.scalars(select(SourceRow).where(SourceRow.name == name)).first()


def _known(session: Session, name: str) -> SourceRow:
    row = _row(session, name)
    if row is None:
        raise unknown("source", name, session.scalars(select(SourceRow.name)), command="digest sources list")
    return row


def _name(row: SourceRow) -> str:
    return f"source {row.name}"


def _source(row: SourceRow) -> Source:
    return Source(
        name=row.name,
        kind=SourceKind(row.kind),
        url=row.url,
        state=SourceState(row.state),
        etag=row.etag,
        last_modified=row.last_modified,
        last_success_at=row.last_success_at,
        next_fetch_at=row.next_fetch_at,
        failures=row.failures,
        last_error=row.last_error,
        id=row.id,
        failing_since=row.failing_since,
        last_new_at=row.last_new_at,
        notes=texts(row.notes),
    )

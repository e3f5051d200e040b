"""Counts what is capped, by keyed hashes and times: no address and no network can be read from it."""

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime

from sqlalchemy import delete, func, insert, select
from sqlalchemy.orm import Session

from digest.store.session import is_among, write
from digest.store.subscriptions.tables.attempts import AttemptRow


def note(session: Session, owner: str, use: str, now: datetime) -> None:
    """Count one attempt for a hash."""
    note_all(session, [owner], use, now)


def note_all(session: Session, owners: Iterable[str], use: str, now: datetime) -> None:
    """Count one attempt for each of these hashes."""
    write(session, insert(AttemptRow), [{"hash": owner, "use": use, "at": now} for owner in owners])


def count(session: Session, hashes: Sequence[str], use: str, *, since: datetime) -> int:
    """Return how many attempts of this use there were after `since`, under any of these hashes."""
    wanted = select(func.count()).where(
        AttemptRow.hash.in_(hashes), AttemptRow.use == use, AttemptRow.at > since
    )
    return session.scalar(wanted) or 0


def counts(session: Session, hashes: Collection[str], use: str, *, since: datetime) -> dict[str, int]:
    """Return how many attempts of this use there were after `since` under each hash that has any."""
    rows = select(AttemptRow.hash, func.count()).where(
        is_among(session, AttemptRow.hash, hashes), AttemptRow.use == use, AttemptRow.at > since
    )
    return dict(session.execute(rows.group_by(AttemptRow.hash)).all())


def oldest(session: Session, hashes: Sequence[str], use: str, *, since: datetime) -> datetime | None:
    """Return the first attempt of this use after `since`, under any of these hashes."""
    wanted = select(AttemptRow.at).where(
        AttemptRow.hash.in_(hashes), AttemptRow.use == use, AttemptRow.at > since
    )
    return session.scalar(wanted.order_by(AttemptRow.at).limit(1))


def count_all(session: Session, use: str, *, since: datetime) -> int:
    """Return how many attempts of this use there were after `since`, whoever made them."""
    return session.scalar(select(func.count()).where(AttemptRow.use == use, AttemptRow.at > since)) or 0


def forget(session: Session, hashes: Iterable[str], *, use: str | None = None) -> None:
    """Count anew for these hashes."""
    gone = delete(AttemptRow).where(AttemptRow.hash.in_(list(hashes)))
    session.execute(gone if use is None else gone.where(AttemptRow.use == use))


def purge(session: Session, *, before: datetime) -> None:
    """Drop what no cap looks at any more."""
    session.execute(delete(AttemptRow).where(AttemptRow.at < before))

"""Counts what is capped, by keyed hashes and times: no address and no network can be read from it."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from digest.store.subscriptions.tables.attempts import AttemptRow


def note(session: Session, owner: str, use: str, now: datetime) -> None:
    """Count one attempt for a hash."""
    session.add(AttemptRow(hash=owner, use=use, at=now))
    session.flush()


def count(session: Session, hashes: Sequence[str], use: str, *, since: datetime) -> int:
    """Return how many attempts of this use there were after `since`, under any of these hashes."""
    wanted = select(func.count()).where(
        AttemptRow.hash.in_(hashes), AttemptRow.use == use, AttemptRow.at > since
    )
    return session.scalar(wanted) or 0


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

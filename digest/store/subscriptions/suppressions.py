"""Keeps addresses that must not be written to, each only as a keyed hash (made elsewhere)."""

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from digest.store.session import insert, is_among, write
from digest.store.subscriptions.tables.suppressions import SuppressionRow


def add(session: Session, address_hash: str, *, reason: str, now: datetime) -> bool:
    """Suppress an address; False where it was already (the first reason stays)."""
    row = insert(session, SuppressionRow).values(address_hash=address_hash, reason=reason, at=now)
    added = session.execute(row.on_conflict_do_nothing().returning(SuppressionRow.address_hash))
    return added.first() is not None


def add_many(session: Session, hashes: Iterable[str], *, reason: str, now: datetime) -> None:
    """Suppress addresses; the first reason of one that was already stays."""
    rows = [{"address_hash": each, "reason": reason, "at": now} for each in hashes]
    write(session, insert(session, SuppressionRow).on_conflict_do_nothing(), rows)


def remove(session: Session, hashes: Iterable[str]) -> bool:
    """Lift the suppression of an address (its hashes under all keys); False where there was none."""
    gone = delete(SuppressionRow).where(SuppressionRow.address_hash.in_(list(hashes)))
    return bool(session.scalars(gone.returning(SuppressionRow.address_hash)).all())


def listing(session: Session, *, limit: int) -> list[SuppressionRow]:
    """Return the last suppressions, newest first."""
    wanted = select(SuppressionRow).order_by(SuppressionRow.at.desc(), SuppressionRow.address_hash)
    return list(session.scalars(wanted.limit(limit)))


def find(session: Session, hashes: Iterable[str]) -> SuppressionRow | None:
    """Return the suppression of an address (its hashes under all keys), or None."""
    wanted = select(SuppressionRow).where(SuppressionRow.address_hash.in_(list(hashes)))
    return session.scalars(wanted).first()


def among(session: Session, hashes: Iterable[str]) -> set[str]:
    """Return those of these hashes that are suppressed."""
    named = is_among(session, SuppressionRow.address_hash, list(hashes))
    return set(session.scalars(select(SuppressionRow.address_hash).where(named)))

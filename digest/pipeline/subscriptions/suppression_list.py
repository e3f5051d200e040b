"""Lists, adds and lifts addresses that must not be written to, for an operator.

Kept is a keyed hash of each address. An address is shown only where a subscriber has it.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any, BinaryIO

from digest.domain import Subscriber, SubscriberStatus
from digest.errors import DigestError, InputError
from digest.pipeline.installation import Installation
from digest.pipeline.mail.suppression import suppress
from digest.pipeline.subscriptions.lists.csv_table import TableRow, read_table
from digest.pipeline.subscriptions.preferences import wake
from digest.pipeline.subscriptions.validate import read_address
from digest.store import session
from digest.store.community import audit
from digest.store.session import Session, chunks
from digest.store.subscriptions import bulk, snapshots, subscribers, suppressions
from digest.store.subscriptions.selection import Field, OneOf
from digest.tokens import address_hash, address_hashes


@dataclass(frozen=True, slots=True)
class Suppression:
    """An address that isn't written to. `email`: where a subscriber has it, else None."""

    address_hash: str
    email: str | None
    reason: str
    at: datetime


def listing(installation: Installation, *, limit: int) -> list[Suppression]:
    """Return the last suppressions, newest first."""
    with session.reading(installation.engine) as db:
        rows = suppressions.listing(db, limit=limit)
        names = dict(_names(installation, db))
    return [Suppression(row.address_hash, names.get(row.address_hash), row.reason, row.at) for row in rows]


def find(installation: Installation, email: str) -> Suppression | None:
    """Return the suppression of an address, or None."""
    with session.reading(installation.engine) as db:
        row = suppressions.find(db, address_hashes(read_address(email), installation.keys))
    return Suppression(row.address_hash, email, row.reason, row.at) if row else None


def add(installation: Installation, email: str, *, reason: str, now: datetime) -> bool:
    """Suppress an address, whether somebody has it or not; False where it was already. Raises InputError."""
    with session.transaction(installation.engine) as db:
        return _add(installation, db, read_address(email), reason, now)


def import_addresses(
    installation: Installation, file: BinaryIO, *, reason: str, now: datetime, dry_run: bool
) -> tuple[int, list[tuple[int, str]]]:
    """Suppress the addresses of a table with a column `email`, and `reason` where there is one: all or none.

    Returns how many were new, and what is wrong in which line.
    """
    added, errors = 0, list[tuple[int, str]]()
    with session.transaction(installation.engine) as db:
        for rows in chunks(read_table(file, ("email", "reason"))):
            for address, words in _readable(rows, errors):
                added += _add(installation, db, address, words or reason, now)
        if errors or dry_run:
            db.rollback()
    return (0 if errors else added), errors


def lift(installation: Installation, email: str, now: datetime) -> SubscriberStatus | None:
    """Let an address be written to again; returns the status of its subscriber then, None without one.

    Who had confirmed is active again; others are pending. Raises InputError where it isn't suppressed.
    """
    address = read_address(email)
    with session.transaction(installation.engine) as db:
        known = suppressions.find(db, address_hashes(address, installation.keys))
        if known is None:
            raise InputError(f"{address} is not suppressed", fix="digest suppressions list")
        found = subscribers.find(db, address)
        with _audited(installation, db, "lift", known.address_hash, found=found, now=now):
            suppressions.remove(db, address_hashes(address, installation.keys))
            return _wake(db, found, now)


def _wake(db: Session, found: Subscriber | None, now: datetime) -> SubscriberStatus | None:
    if found is None:
        return None
    if found.status is not SubscriberStatus.SUPPRESSED:
        return found.status
    if found.confirmed_at is None:
        subscribers.set_status(db, found.id, SubscriberStatus.PENDING)
        return SubscriberStatus.PENDING
    wake(db, [found], now)
    return SubscriberStatus.ACTIVE


@contextmanager
def _audited(
    installation: Installation,
    db: Session,
    act: str,
    address_hash_: str,
    *,
    found: Subscriber | None,
    now: datetime,
) -> Iterator[None]:
    before = _state(db, address_hash_, found)
    yield
    after = _state(db, address_hash_, found)
    object_ = f"suppression:{address_hash_}"
    audit.record(db, installation.actor, f"suppression.{act}", object_, before, after, now=now)


def _state(db: Session, address_hash_: str, found: Subscriber | None) -> dict[str, Any]:
    """The suppression of an address, and the subscriber who has it, as the audit keeps both."""
    row = suppressions.find(db, [address_hash_])
    return {
        "suppression": {"words": row.reason, "at": row.at} if row else None,
        "subscriber": {"id": found.id} | (snapshots.snapshot(db, found.id) or {}) if found else None,
    }


def _readable(rows: Sequence[TableRow], errors: list[tuple[int, str]]) -> Iterator[tuple[str, str]]:
    """The addresses of these rows with their reasons; a line without one goes to `errors`."""
    for row in rows:
        try:
            address = read_address(row.fields.get("email", ""))
        except DigestError as error:
            errors.append((row.line, error.message))
        else:
            yield address, row.fields.get("reason", "")


def _add(installation: Installation, db: Session, address: str, reason: str, now: datetime) -> bool:
    found = subscribers.find(db, address)
    if suppressions.among(db, address_hashes(address, installation.keys)):
        return False
    hashed = address_hash(address, installation.keys)
    with _audited(installation, db, "add", hashed, found=found, now=now):
        if found:
            suppress(installation, db, found.id, reason=reason, now=now)
            return True
        return suppressions.add(db, hashed, reason=reason, now=now)


def _names(installation: Installation, db: Session) -> Iterator[tuple[str, str]]:
    for people in bulk.walk(db, [OneOf(Field.STATUS, (SubscriberStatus.SUPPRESSED,))]):
        for person in people:
            for hashed in address_hashes(person.email, installation.keys):
                yield hashed, person.email

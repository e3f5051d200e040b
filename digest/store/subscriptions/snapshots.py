"""Reads, compares and puts back the state of a subscriber as the audit keeps it."""

from collections.abc import Callable, Collection, Mapping
from datetime import date, datetime, time
from functools import partial
from typing import Any

from sqlalchemy import Row, delete, select
from sqlalchemy.orm import Session

from digest.domain import Interests, Schedule
from digest.errors import UnreadableError
from digest.store.community import sessions
from digest.store.readable import read_one, whole
from digest.store.session import insert, is_among
from digest.store.subscriptions import mutes
from digest.store.subscriptions.addresses import key, name_key
from digest.store.subscriptions.interests import as_json, from_json, packed
from digest.store.subscriptions.tables.mutes import MuteRow
from digest.store.subscriptions.tables.subscribers import SubscriberRow

_TEXTS = (
    "email", "status", "frequency", "weekday", "timezone", "quiet_days", "language", "role", "display_name",
)  # fmt: skip
_MOMENTS = ("created_at", "confirmed_at", "paused_until", "left_at", "next_due_at")
_READ: Mapping[str, Callable[[str], object]] = {
    **dict.fromkeys(_MOMENTS, datetime.fromisoformat),
    "at": time.fromisoformat,
    "next_due_on": date.fromisoformat,
}
# What time changes by itself; it says nothing of whether somebody changed the subscriber since.
VOLATILE = frozenset({"next_due_at", "next_due_on"})


def snapshot(session: Session, subscriber_id: int) -> dict[str, Any] | None:
    """Return all that an act can change of a subscriber, as JSON has it; None where there is nobody.

    Of a row that can't be read there are the address and the status.
    """
    return snapshots(session, [subscriber_id]).get(subscriber_id)


def snapshots(session: Session, ids: Collection[int]) -> dict[int, dict[str, Any]]:
    """Return `snapshot` of each of these subscribers who is there, by two statements."""
    session.flush()
    muted = mutes.mutes_of(session, ids)
    rows = session.execute(select(SubscriberRow.__table__).where(is_among(session, SubscriberRow.id, ids)))
    found: dict[int, dict[str, Any]] = {}
    for row in rows:
        try:
            found[row.id] = read_one(
                partial(_whole, row, muted.get(row.id, {})), partial("subscriber {}".format, row.id)
            )
        except UnreadableError:
            found[row.id] = {"email": row.email, "status": row.status}
    return found


def _whole(row: Row[Any], muted: Mapping[str, datetime]) -> dict[str, Any]:
    whole(row)
    return {
        **{name: getattr(row, name) for name in _TEXTS},
        **{name: _iso(getattr(row, name)) for name in _MOMENTS},
        "at": f"{row.at:%H:%M}",
        "next_due_on": _iso(row.next_due_on),
        "interests": as_json(from_json(row.interests)),
        "mutes": {text: _iso(until) for text, until in sorted(muted.items())},
    }


def wanted_of(interests: Interests, schedule: Schedule, due: tuple[datetime, date] | None) -> dict[str, Any]:
    """Return the fields of a snapshot that say what somebody wants, and when it is due next."""
    return {
        "interests": as_json(interests),
        "frequency": schedule.frequency,
        "weekday": schedule.weekday,
        "at": f"{schedule.at:%H:%M}",
        "timezone": schedule.timezone,
        "quiet_days": schedule.quiet_days,
        "language": schedule.language,
        "next_due_at": _iso(due[0]) if due else None,
        "next_due_on": _iso(due[1]) if due else None,
    }


def restore(session: Session, subscriber_id: int, fields: Mapping[str, Any]) -> None:
    """Put these fields of a snapshot back. Raises KeyError for an unknown id."""
    row = session.get(SubscriberRow, subscriber_id, populate_existing=True)
    if row is None:
        raise KeyError(subscriber_id)
    for name, value in fields.items():
        read = _READ.get(name)
        if read or name in _TEXTS:
            setattr(row, name, read(value) if read and value else value)
    if "email" in fields:
        row.email_key = key(row.email)
    if "display_name" in fields:
        row.name_key = name_key(row.display_name) or None
    if "interests" in fields:
        interests = from_json(fields["interests"])
        row.interests, row.packed = as_json(interests), packed(session, interests)
    if "role" in fields:
        sessions.end(session, subscriber_id)
    if "mutes" in fields:
        _restore_mutes(session, subscriber_id, fields["mutes"])
    session.flush()


def _restore_mutes(session: Session, subscriber_id: int, wanted: Mapping[str, str]) -> None:
    session.execute(delete(MuteRow).where(MuteRow.subscriber_id == subscriber_id))
    for text, until in wanted.items():
        row = insert(session, MuteRow)
        values = {"subscriber_id": subscriber_id, "filter": text, "until": datetime.fromisoformat(until)}
        session.execute(row.values(**values))


def _iso(value: datetime | date | None) -> str | None:
    return value.isoformat() if value else None

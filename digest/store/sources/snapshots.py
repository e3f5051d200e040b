"""Reads and puts back the state of a source as the audit keeps it, with its announcements and gaps."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from digest.store.base import Base
from digest.store.columns import Day, UtcTime
from digest.store.session import insert
from digest.store.sources.tables.announcements import AnnouncementRow
from digest.store.sources.tables.gaps import GapRow
from digest.store.sources.tables.sources import SourceRow

# What polling changes by itself; it says nothing of whether somebody changed the source since.
VOLATILE = frozenset(
    {
        "etag",
        "last_modified",
        "last_success_at",
        "next_fetch_at",
        "failures",
        "failing_since",
        "last_error",
        "last_new_at",
        "notes",
        "claimed_until",
        "announcements",
        "gaps",
    }
)
_PARTS: tuple[tuple[str, type[Base]], ...] = (("announcements", AnnouncementRow), ("gaps", GapRow))


def snapshot(session: Session, name: str) -> dict[str, Any] | None:
    """Return all that is kept of a source, as JSON has it; None where there is none of this name."""
    session.flush()
    row = session.scalars(select(SourceRow).where(SourceRow.name == name)).first()
    if row is None:
        return None
    session.refresh(row)
    state = _fields(row) | {"id": row.id}
    for part, table in _PARTS:
        columns = table.__table__.c
        rows = session.execute(
            select(table.__table__).where(columns.source_id == row.id).order_by(columns.day)
        )
        state[part] = [
            {key: _plain(value) for key, value in each.items() if key != "source_id"}
            for each in rows.mappings()
        ]
    return state


def restore(session: Session, name: str, fields: Mapping[str, Any] | None) -> None:
    """Put these fields of a snapshot back; None: there was no such source."""
    row = session.scalars(select(SourceRow).where(SourceRow.name == name)).first()
    if fields is None:
        if row is not None:
            session.delete(row)
            session.flush()
        return
    if row is None:
        is_free = session.get(SourceRow, fields["id"]) is None
        row = SourceRow(name=name, **({"id": fields["id"]} if is_free else {}))
        session.add(row)
    for key, value in fields.items():
        if key not in {"id", "announcements", "gaps"}:
            setattr(row, key, _value(SourceRow, key, value))
    session.flush()
    for part, table in _PARTS:
        if part not in fields:
            continue
        session.execute(delete(table).where(table.__table__.c.source_id == row.id))
        for each in fields[part]:
            values = {key: _value(table, key, value) for key, value in each.items()}
            session.execute(insert(session, table).values(source_id=row.id, **values))


def _fields(row: SourceRow) -> dict[str, Any]:
    names = [column.key for column in SourceRow.__table__.columns if column.key not in {"id", "name"}]
    return {name: _plain(getattr(row, name)) for name in names}


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, datetime | date) else value


def _value(table: type[Base], key: str, value: Any) -> Any:
    """A value of JSON as its column takes it."""
    kind = table.__table__.c[key].type
    if not isinstance(value, str):
        return value
    if isinstance(kind, UtcTime):
        return datetime.fromisoformat(value)
    return date.fromisoformat(value) if isinstance(kind, Day) else value

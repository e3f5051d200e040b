"""What failed for a reason that nobody foresaw, one row for each thing: noted, counted, dropped on success.

Bounded: beyond `MOST` things one row stands for all further ones of a part.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from digest.store.monitoring.tables.failures import FailureRow
from digest.store.session import chunks, insert

MOST = 1_000
OTHERS = "others"
_LONGEST_ERROR, _LONGEST_ITEM = 500, 200  # characters


@dataclass(frozen=True, slots=True)
class Failure:
    """One thing (`part` and `item`) that failed `count` times from `first_at` to `last_at`."""

    part: str
    item: str
    error: str
    first_at: datetime
    last_at: datetime
    count: int


def note(session: Session, part: str, item: str, error: str, now: datetime) -> Failure:
    """Count one failure of a thing and return its row."""
    kept = item[:_LONGEST_ITEM]
    known = session.get(FailureRow, (part, kept))
    if known is None and (session.scalar(select(func.count()).select_from(FailureRow)) or 0) >= MOST:
        kept = OTHERS
    values = {"error": error[:_LONGEST_ERROR], "last_at": now}
    row = insert(session, FailureRow).values(part=part, item=kept, first_at=now, count=1, **values)
    again = {**values, "count": FailureRow.count + 1}
    session.execute(row.on_conflict_do_update(index_elements=["part", "item"], set_=again))
    found = session.scalars(
        select(FailureRow)
        .where(FailureRow.part == part, FailureRow.item == kept)
        .execution_options(populate_existing=True)
    )
    return _failure(found.one())


def clear(session: Session, part: str, items: Iterable[str]) -> None:
    """Drop the rows of things that succeeded, are gone, or were looked at by the operator."""
    for chunk in chunks(item[:_LONGEST_ITEM] for item in items):
        session.execute(delete(FailureRow).where(FailureRow.part == part, FailureRow.item.in_(chunk)))


def purge(session: Session, *, before: datetime) -> None:
    """Drop what hasn't failed again since a time."""
    session.execute(delete(FailureRow).where(FailureRow.last_at < before))


def listing(session: Session, part: str | None = None) -> list[Failure]:
    """Return all failures, or those of one part: the longest standing first."""
    rows = select(FailureRow).order_by(FailureRow.first_at, FailureRow.part, FailureRow.item)
    if part is not None:
        rows = rows.where(FailureRow.part == part)
    return [_failure(row) for row in session.scalars(rows)]


def _failure(row: FailureRow) -> Failure:
    return Failure(row.part, row.item, row.error, row.first_at, row.last_at, row.count)

"""Past days of sources that were missed: which, and how far the repair of each has come. Decides no time."""

from collections.abc import Collection, Iterable
from datetime import date, datetime

from sqlalchemy import or_, select, update
from sqlalchemy.orm import Session

from digest.domain import Gap
from digest.store.session import insert, write
from digest.store.sources.tables.gaps import GapRow


def notice(session: Session, source_id: int, days: Iterable[date], *, reason: str, now: datetime) -> None:
    """Note days that were missed; what is known of one already stays, its repair included."""
    rows = [
        {
            "source_id": source_id, "day": day, "reason": reason, "noticed_at": now, "next_url": "",
            "next_at": now, "entries": 0, "new": 0,
        }
        for day in days
    ]  # fmt: skip
    write(session, insert(session, GapRow).on_conflict_do_nothing(), rows)


def reopen(session: Session, source_id: int, days: Collection[date], *, now: datetime, again: bool) -> None:
    """Let days be asked for now; `again`: those that are whole too, from their start."""
    ours = update(GapRow).where(GapRow.source_id == source_id, GapRow.day.in_(days))
    session.execute(ours.where(GapRow.done_at.is_(None)).values(next_at=now, claimed_until=None))
    if again:
        session.execute(
            ours.values(next_at=now, claimed_until=None, next_url="", done_at=None, entries=0, new=0)
        )


def listing(session: Session, source_id: int) -> list[Gap]:
    """Return all gaps of a source that were ever noticed, oldest first."""
    rows = select(GapRow).where(GapRow.source_id == source_id).order_by(GapRow.day)
    return [_gap(row) for row in session.scalars(rows)]


def whole(session: Session, source_id: int) -> set[date]:
    """Return the days of a source that were repaired."""
    return {gap.day for gap in listing(session, source_id) if gap.done_at}


def claim(
    session: Session, source_id: int, *, now: datetime, until: datetime, days: Collection[date] | None = None
) -> Gap | None:
    """Claim the newest gap that may be asked for now (of these days), so that nobody else asks; else None."""
    wanted = select(GapRow.day).where(
        GapRow.source_id == source_id,
        GapRow.done_at.is_(None),
        GapRow.next_at <= now,
        or_(GapRow.claimed_until.is_(None), GapRow.claimed_until <= now),
        *([GapRow.day.in_(days)] if days is not None else []),
    )
    newest = wanted.order_by(GapRow.day.desc()).limit(1).with_for_update(skip_locked=True)
    day = session.scalars(newest).first()
    if day is None:
        return None
    row = session.get_one(GapRow, (source_id, day))
    row.claimed_until = until
    return _gap(row)


def advance(session: Session, source_id: int, day: date, *, next_url: str, entries: int, new: int) -> None:
    """Note a page that has landed: where to go on, and what the day has brought so far."""
    row = session.get_one(GapRow, (source_id, day))
    row.next_url, row.entries, row.new, row.error = next_url, entries, new, None


def finish(session: Session, source_id: int, day: date, *, now: datetime) -> None:
    """Note that a day is whole."""
    row = session.get_one(GapRow, (source_id, day))
    row.done_at, row.next_url, row.claimed_until, row.error = now, "", None, None


def postpone(
    session: Session, source_id: int, day: date, *, next_at: datetime, next_url: str, error: str | None
) -> None:
    """Note when a day is asked for again, from which page, and what went wrong, in words."""
    row = session.get_one(GapRow, (source_id, day))
    row.next_at, row.next_url, row.error, row.claimed_until = next_at, next_url, error, None


def _gap(row: GapRow) -> Gap:
    return Gap(
        day=row.day,
        reason=row.reason,
        next_at=row.next_at,
        next_url=row.next_url,
        entries=row.entries,
        new=row.new,
        error=row.error,
        done_at=row.done_at,
    )

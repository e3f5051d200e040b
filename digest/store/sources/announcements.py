"""Reads what each source carried for the first time, by its own days. Knows no calendar."""

from collections import Counter
from collections.abc import Mapping
from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session

from digest.domain import Announcement
from digest.store.readable import readable
from digest.store.sources.tables.announcements import AnnouncementRow

KEPT = 14  # announcements that a source is shown and judged by


def add(session: Session, source_id: int, day: date, new: int, categories: Mapping[str, int]) -> Announcement:
    """Count what was carried for the first time to a day of a source; returns the whole day.

    `new` adds up over the answers of a day; of `categories` the most that one answer showed is kept.
    """
    row = session.get(AnnouncementRow, (source_id, day), with_for_update=True)
    if row is None:
        row = AnnouncementRow(source_id=source_id, day=day, new=0, categories={})
        session.add(row)
    row.new += new
    row.categories = dict(Counter(row.categories) | Counter(categories))
    session.flush()
    return _announcement(row)


def recent(session: Session, source_id: int, limit: int = KEPT) -> list[Announcement]:
    """Return the last announcements of a source, newest first."""
    ours = select(AnnouncementRow).where(AnnouncementRow.source_id == source_id)
    newest = ours.order_by(AnnouncementRow.day.desc()).limit(limit)
    return readable(
        session.scalars(newest), _announcement, lambda row: f"announcement of source {source_id} on {row.day}"
    )


def _announcement(row: AnnouncementRow) -> Announcement:
    if any(not isinstance(count, int) for count in row.categories.values()):
        raise TypeError("numbers by category are needed")
    return Announcement(row.day, row.new, row.categories)

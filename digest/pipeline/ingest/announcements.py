"""Counts a source's batch for its day, and says what is missing from it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from digest.domain import Announcement, Entry, Source
from digest.sources.announcements import MOST_ITEMS, own, stale_categories
from digest.sources.calendar import day_of, expects
from digest.sources.registry import type_of
from digest.store import papers
from digest.store.papers import StoredEntries
from digest.store.session import Session
from digest.store.sources import announcements


@dataclass(frozen=True, slots=True)
class Batch:
    """What the batch of the day lacks: categories without papers of their own, and all of it in words."""

    stale: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    cut_off: bool = False


def note_batch(
    db: Session, source: Source, entries: Sequence[Entry], stored: StoredEntries, now: datetime
) -> Batch:
    """Count what the source carried for the first time to its day, and look at what the batch lacks."""
    wanted = type_of(source.kind).categories(source.url)
    due = expects(source.kind, now)
    day = day_of(source.kind, now)
    todays: Mapping[str, int] = {}
    if due and len(wanted) > 1:
        before = papers.carried_before(db, source.name, [entry.key for entry in entries], due)
        todays = own([entry for entry in entries if entry.key not in before], wanted)
    if stored.fresh or any(todays.values()):
        announcements.add(db, source.id, day, stored.fresh, todays)
    recent = announcements.recent(db, source.id)
    if not due or not recent or recent[0].day != day:
        return Batch()
    stale = _stale(source, wanted, entries, recent)
    cut_off = _cut_off(source, entries)
    return Batch(stale, (*cut_off, *(f"{name}{_STALE}" for name in stale)), bool(cut_off))


_STALE = " has brought no new paper of its own today, though its companions have"
_CUT = f"today's batch is cut off at {MOST_ITEMS:,} items"


def _stale(
    source: Source, wanted: Sequence[str], entries: Sequence[Entry], recent: Sequence[Announcement]
) -> tuple[str, ...]:
    if len(wanted) < 2:
        return ()
    # "Not modified" brings no entries: what was stale before is so until it brings something.
    noted = {name: 1 for name in wanted if f"{name}{_STALE}" in source.notes}
    today, *before = [announcement.categories for announcement in recent]
    return stale_categories(wanted, today, own(entries, wanted) if entries else noted, before)


def _cut_off(source: Source, entries: Sequence[Entry]) -> tuple[str, ...]:
    """A feed with so many items has more than it shows; "not modified" leaves what was noted."""
    return (_CUT,) if len(entries) >= MOST_ITEMS or (not entries and _CUT in source.notes) else ()

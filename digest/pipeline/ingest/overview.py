"""Shows sources as their operator sees them: how each is doing, and what it brought lately. Reads only."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from digest.domain import Announcement, Certificate, Gap, Source, SourceState
from digest.sources.calendar import missed
from digest.sources.registry import type_of
from digest.store import session, sources
from digest.store.session import Engine
from digest.store.sources import announcements, certificates, gaps

SHOWN = 14  # announcements


@dataclass(frozen=True, slots=True)
class SourceView:
    """A source with its last announcements (oldest first, holes as 0) and the days that were missed.

    `incomplete`: days from which papers are missing by a second list, newest first.
    """

    source: Source
    announcements: tuple[Announcement, ...]
    missed: tuple[date, ...]
    incomplete: tuple[Certificate, ...] = ()


@dataclass(frozen=True, slots=True)
class SourceDay:
    """A day of a source: what it brought, whether it was due and brought nothing, its repair, and what a
    second list says of it."""

    day: date
    new: int
    categories: Mapping[str, int]
    is_missed: bool
    gap: Gap | None
    certificate: Certificate | None


@dataclass(frozen=True, slots=True)
class SourceReport:
    """A source with its last days, the newest first; `second_list`: what they are held against, in words."""

    source: Source
    days: tuple[SourceDay, ...]
    second_list: str


def reports(engine: Engine, now: datetime) -> list[SourceReport]:
    """Return all sources by name with what anybody may know of them."""
    with session.reading(engine) as db:
        return [
            _report(
                view(source, announcements.recent(db, source.id, SHOWN), now),
                {gap.day: gap for gap in gaps.listing(db, source.id)},
                {each.day: each for each in certificates.listing(db, source.id)},
            )
            for source in sources.listing(db)
        ]


def _report(seen: SourceView, repairs: Mapping[date, Gap], found: Mapping[date, Certificate]) -> SourceReport:
    days = [
        SourceDay(
            each.day,
            each.new,
            each.categories,
            each.day in seen.missed,
            repairs.get(each.day),
            found.get(each.day),
        )
        for each in seen.announcements
    ]
    witness = type_of(seen.source.kind).witness
    return SourceReport(seen.source, tuple(reversed(days)), witness.label if witness else "")


def views(engine: Engine, now: datetime) -> list[SourceView]:
    """Return all sources by name."""
    with session.reading(engine) as db:
        return [
            replace(
                view(source, announcements.recent(db, source.id, SHOWN), now, gaps.whole(db, source.id)),
                incomplete=tuple(each for each in certificates.listing(db, source.id) if each.missing),
            )
            for source in sources.listing(db)
        ]


def view(
    source: Source, recent: Sequence[Announcement], now: datetime, repaired: Collection[date] = ()
) -> SourceView:
    """Return one source; `recent` are its announcements, newest first; `repaired` days aren't missed any
    more.

    Days that had an announcement by the calendar, and brought nothing, are holes. Today's counts as one
    only when it is over. A paused source misses nothing.
    """
    known = {announcement.day: announcement for announcement in recent}
    holes = [] if source.state is SourceState.PAUSED else missed(source.kind, known, now)
    days = sorted({*known, *holes})[-SHOWN:]
    return SourceView(
        source,
        tuple(known.get(day, Announcement(day, 0)) for day in days),
        tuple(day for day in holes if day in days and day not in repaired),
    )


def age(source: Source, now: datetime) -> timedelta | None:
    """Return how long ago a source last brought something new; None if it never has."""
    return None if source.last_new_at is None else max(now - source.last_new_at, timedelta(0))

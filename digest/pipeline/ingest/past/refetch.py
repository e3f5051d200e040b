"""Asks once more for past days of a source, and stores their late papers and newer signals.

A day of Hugging Face fills up gradually, and its upvotes, comments and stars grow for days: each answer is
merged, each number kept with its time. A past day that can't be had is a note, never a failure of its source.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime

from digest.domain import Entry, Source
from digest.errors import FetchError, ParseError
from digest.fetch import Get, Response
from digest.sources import parse
from digest.sources.refetch import RefetchDay, days_to_refetch
from digest.store import papers, session
from digest.store.papers import StoredEntries
from digest.store.session import Engine
from digest.store.sources import announcements, queries
from digest.store.sources.queries import Query


@dataclass(frozen=True, slots=True)
class Refetched:
    """What asking past days again brought."""

    new: int = 0
    updated: int = 0
    notes: tuple[str, ...] = ()


def refetch_days(engine: Engine, get: Get, source: Source, now: datetime) -> Refetched:
    """Ask for the past days of a source whose time has come, newest first; stops at the first that fails."""
    total = Refetched()
    for day, query in _due(engine, source, now):
        try:
            answer = get(
                day.url,
                etag=query.etag if query else None,
                last_modified=query.last_modified if query else None,
            )
            brought = _store(engine, source, day, answer, now)
            total = replace(total, new=total.new + brought.new, updated=total.updated + brought.updated)
        except (FetchError, ParseError) as error:
            return replace(total, notes=(f"its day {day.day} can't be asked for again: {error.message}",))
    return total


def _due(engine: Engine, source: Source, now: datetime) -> Iterable[tuple[RefetchDay, Query | None]]:
    with session.reading(engine) as db:
        days = days_to_refetch(source, now, [a.day for a in announcements.recent(db, source.id)])
        made = queries.made(db, [day.url for day in days])
    return [
        (day, made.get(day.url))
        for day in days
        if day.url not in made or now - made[day.url].asked_at >= day.every
    ]


def _store(engine: Engine, source: Source, day: RefetchDay, answer: Response, now: datetime) -> StoredEntries:
    entries: tuple[Entry, ...] = ()
    if not answer.not_modified:
        entries = parse(source.kind, answer.body, name=source.name, status=answer.status).entries
    with session.transaction(engine) as db:
        stored = papers.store_entries(db, source, entries, seen_at=now)
        if stored.fresh:
            announcements.add(db, source.id, day.day, stored.fresh, {})
        queries.remember(db, day.url, now=now, etag=answer.etag, last_modified=answer.last_modified)
    return stored

"""Says why a period has no papers, as far as calendar and sources tell. Reads only."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from digest.domain import Source, SourceState
from digest.pipeline.catalog.periods import Period, Span
from digest.pipeline.installation import Installation
from digest.sources.calendar import SATURDAY, is_open, keeps_days
from digest.store import session, sources


class Why(StrEnum):
    """Why a list is empty."""

    AHEAD = "ahead"  # it hasn't begun in UTC
    WEEKEND = "weekend"
    HOLIDAY = "holiday"
    FAILING = "failing"  # a source can't be read
    LATE = "late"  # it is today, and sources have yet to announce
    UNKNOWN = "unknown"  # nothing is kept of that time


@dataclass(frozen=True, slots=True)
class Empty:
    """Why a list is empty, and the names of the sources that it is about."""

    why: Why
    sources: tuple[str, ...] = ()


def why_empty(installation: Installation, period: Period, now: datetime) -> Empty:
    """Say why nothing was first seen in a period. The first reason that holds is given."""
    if period.start > now:
        return Empty(Why.AHEAD)
    with session.reading(installation.engine) as db:
        listed = [source for source in sources.listing(db) if source.url]
    known = [source for source in listed if source.state is not SourceState.PAUSED]
    is_today = period.first <= now.date() <= period.last
    if period.span is Span.DAY and (closed := _closed(known, period)):
        return closed
    if is_today and (failing := _in(known, SourceState.FAILING)):
        return Empty(Why.FAILING, failing)
    if is_today:
        late = _in(known, SourceState.WAITING, SourceState.STALLED, SourceState.NEW)
        return Empty(Why.LATE, late or tuple(source.name for source in known))
    return Empty(Why.UNKNOWN)


def _closed(known: list[Source], period: Period) -> Empty | None:
    """Whether no source that keeps days announces on this one."""
    keeping = [source for source in known if keeps_days(source.kind)]
    if not keeping or any(is_open(source.kind, period.first) for source in keeping):
        return None
    why = Why.WEEKEND if period.first.weekday() >= SATURDAY else Why.HOLIDAY
    return Empty(why, tuple(source.name for source in keeping))


def _in(known: list[Source], *states: SourceState) -> tuple[str, ...]:
    return tuple(source.name for source in known if source.state in states)

"""What an answer says of its source: facts and a time come in, a state and the next time to ask go out. Pure.

New ids decide, never the dates in a feed: a stale batch can carry today's date. Never: errors, those are
`failing` whatever the calendar says; the back-off after them is here, because it is a time to ask again.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from digest.domain import SourceKind, SourceState
from digest.sources.calendar import day_of, expects, keeps_days, next_expected
from digest.sources.days import STALLED_AFTER
from digest.sources.registry import type_of

POLL = timedelta(minutes=30)  # conditional requests, so an unchanged feed costs the source a 304
WAITING_POLL = timedelta(minutes=15)
QUIET_POLL = timedelta(hours=2)  # a holiday that is announced on after all is noticed the same day
SILENT_AFTER = timedelta(days=30)  # a feed without days of its own that brings nothing for so long is dead
BACK_OFF = timedelta(minutes=5)
LONGEST_BACK_OFF = timedelta(hours=6)
JITTER = timedelta(minutes=3)  # so that not everybody asks at the stroke of midnight


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a source says of itself after an answer, and when to ask it again."""

    state: SourceState
    last_new_at: datetime | None
    next_fetch_at: datetime


def decide(
    kind: SourceKind,
    last_new_at: datetime | None,
    fresh: int,
    now: datetime,
    *,
    incomplete: bool = False,
    stalled_after: timedelta = STALLED_AFTER,
    jitter: float = 0.0,
) -> Verdict:
    """Judge an answer that could be read.

    `last_new_at`: when the source last carried something for the first time; `fresh`: how many entries of
    this answer it carries for the first time; `incomplete`: a part of today's batch is missing;
    `jitter` 0 … 1 spreads the next request.
    """
    newest = max(now, last_new_at or now) if fresh else last_new_at
    state = _with_days(kind, newest, now, stalled_after) if keeps_days(kind) else _without(newest, now)
    pace = WAITING_POLL if incomplete else type_of(kind).poll_every or _PACE.get(state, POLL)
    following = next_expected(kind, now)
    soonest = now + pace if following is None else min(now + pace, following)
    return Verdict(state, newest, soonest + JITTER * jitter)


_PACE = {
    SourceState.WAITING: WAITING_POLL,
    SourceState.STALLED: WAITING_POLL,
    SourceState.QUIET: QUIET_POLL,
}


def _with_days(
    kind: SourceKind, newest: datetime | None, now: datetime, stalled_after: timedelta
) -> SourceState:
    due = expects(kind, now)
    if newest and day_of(kind, newest) == day_of(kind, now):
        return SourceState.FRESH
    if due is None:
        return SourceState.QUIET
    return SourceState.STALLED if now - due >= stalled_after else SourceState.WAITING


def _without(newest: datetime | None, now: datetime) -> SourceState:
    """Any other feed: fresh for a day, then quiet; one that fell silent for a month is stalled."""
    silent = None if newest is None else now - newest
    if silent is None or timedelta(days=1) <= silent < SILENT_AFTER:
        return SourceState.QUIET
    return SourceState.FRESH if silent < SILENT_AFTER else SourceState.STALLED


def back_off(
    failures: int,
    retry_after: float | None,
    jitter: float = 0.0,
    *,
    least: timedelta = BACK_OFF,
    most: timedelta = LONGEST_BACK_OFF,
) -> timedelta:
    """Return how long to leave a source alone after an error, `failures` others having come before it.

    Doubles from 5 minutes on, within `least` and `most`, plus up to a quarter by `jitter` (0 … 1); never less
    than the source asked for (`retry_after`, seconds).
    """
    doubled: timedelta = BACK_OFF * 2 ** min(failures, 10)
    wait = max(least, min(doubled, most)) * (1 + jitter / 4)
    return max(wait, timedelta(seconds=retry_after or 0))

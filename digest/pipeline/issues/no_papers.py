"""Says why somebody has no papers on a day, in a word for the ledger and in sentences for a reader.

In: the candidates, what each source says of itself, arXiv's calendar. Never guesses a reason.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from digest.compose import quiet_day
from digest.domain import (
    Digest,
    Frequency,
    Issue,
    Paper,
    SkipReason,
    Source,
    SourceState,
    Subscriber,
)
from digest.due import next_due
from digest.languages import deferred
from digest.languages.dates import deferred_day
from digest.pipeline.issues.candidates import CandidateSet
from digest.pipeline.issues.window import DAY, PERIOD
from digest.sources.calendar import SATURDAY, closing, day_of, is_open, keeps_days, next_expected
from digest.sources.registry import type_of

MONDAY = 0


def skip_reason(candidates: CandidateSet, frequency: Frequency = Frequency.DAILY) -> SkipReason:
    """Return why there is nothing for somebody who gets a digest so often.

    Where papers came within the day before (weekly: the week), none of them matched. Where none came the
    sources say why; one that fails comes before one that waits.
    """
    since = candidates.at - _looked_at(frequency, candidates.at)
    if any(each.paper.first_seen_at > since for each in candidates.ranked):
        return SkipReason.NO_MATCH
    if any(source.state is SourceState.FAILING for source in candidates.sources):
        return SkipReason.FAILING
    if any(_is_late(source) for source in candidates.sources):
        return SkipReason.STALE
    return SkipReason.QUIET


def _looked_at(frequency: Frequency, at: datetime) -> timedelta:
    """The time in which papers should have come: since the digest before, where none was missed."""
    is_after_weekend = frequency is Frequency.WEEKDAYS and at.weekday() == MONDAY
    return PERIOD[frequency] if is_after_weekend or frequency is Frequency.WEEKLY else DAY


def _is_late(source: Source) -> bool:
    """Whether papers of a source are expected today. A journal that fell silent a month ago isn't why
    there are none: only who announces on known days can be late with one."""
    if source.state is SourceState.STALLED:
        return keeps_days(source.kind)
    return source.state in {SourceState.WAITING, SourceState.NEW}


def reason_of(kept: str, candidates: CandidateSet, frequency: Frequency) -> SkipReason:
    """Return the reason that a row of the ledger keeps; where it keeps other words, it is found again."""
    return SkipReason(kept) if kept in set(SkipReason) else skip_reason(candidates, frequency)


def quiet_digest(
    candidates: CandidateSet,
    reader: Subscriber,
    issue: Issue,
    reason: SkipReason,
    *,
    also_trending: Sequence[Paper],
    withdrawn: Sequence[Paper] = (),
) -> Digest:
    """Make the email of a day without papers. `also_trending`: what trends; `withdrawn`: of theirs."""
    topics, notes = candidates.topics_of(reader), _notes(candidates, reason)
    digest = quiet_day(
        reader, issue, reason, topics, notes=notes, also_trending=also_trending, withdrawn=withdrawn
    )
    due = next_due(reader.schedule, issue.due_at)
    return replace(digest, next_at=due[0] if due else None)


def _notes(candidates: CandidateSet, reason: SkipReason) -> tuple[str, ...]:
    """What a reader should know beside the reason: what the calendar says, which source couldn't be read."""
    calendar = _closed(candidates.sources, candidates.at) if reason is SkipReason.QUIET else ""
    return (calendar, *candidates.notes) if calendar else candidates.notes


def _closed(sources: Iterable[Source], at: datetime) -> str:
    """What the calendar of a source with holidays says of a day without announcement; empty on others."""
    kind = closing(source.kind for source in sources if source.url)
    following = next_expected(kind, at) if kind else None
    if kind is None or following is None or is_open(kind, today := day_of(kind, at)):
        return ""
    name, day = type_of(kind).label, deferred_day(day_of(kind, following))
    if today.weekday() >= SATURDAY:
        return deferred(
            "{source} announces no papers at weekends; the next ones are due on {day}.", source=name, day=day
        )
    return deferred(
        "{source} announces no papers on its holidays; the next ones are due on {day}.", source=name, day=day
    )

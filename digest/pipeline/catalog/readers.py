"""Finds who got a paper in a digest. Reads only."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from digest.domain import Delivery, DeliveryState, Paper
from digest.pipeline.installation import Installation
from digest.pipeline.issues.window import LONGEST
from digest.store import deliveries, session
from digest.store.community import proposals

_ZONES = timedelta(days=1)  # a date begins and ends somewhere on earth


@dataclass(frozen=True, slots=True)
class Readers:
    """How many deliveries with a paper are in each state, and the last of them, with their addresses."""

    counts: Mapping[DeliveryState, int]
    deliveries: Sequence[tuple[Delivery, str]]


def readers_of(installation: Installation, paper: Paper, *, limit: int) -> Readers:
    """Find the deliveries that hold a paper, in issues of the weeks in which digests look back to it, or to
    when it was listed again.
    """
    first = _day(paper.first_seen_at, -_ZONES)
    with session.reading(installation.engine) as db:
        again = proposals.last_listed(db, paper.pk)
        picked = paper.picked.at if paper.picked else None
        listed = max(at for at in (paper.first_seen_at, again, picked) if at)
        last = _day(listed, LONGEST + installation.window + _ZONES)
        counts, rows = deliveries.with_paper(db, paper.pk, first, last, limit=limit)
    return Readers(counts, rows)


def _day(at: datetime, later: timedelta) -> date:
    """The date so much later; the first or last that there is, where a paper is dated year 1 or 9999."""
    try:
        return (at.astimezone(UTC) + later).date()
    except OverflowError:
        return date.max if at.year > 1 else date.min

"""Lists which sources carried a paper, when, and in which versions. Reads only."""

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from digest.domain import Sighting
from digest.store.papers import signals
from digest.store.papers.tables.entries import EntryRow

_ENTRY = EntryRow.__table__.c
# Built once: each page of a paper asks it.
_SIGHTINGS = (
    select(_ENTRY.source, _ENTRY.seen_at, _ENTRY.announced_at, _ENTRY.version, _ENTRY.announce_type)
    .where(_ENTRY.paper_id.in_(bindparam("numbers", expanding=True)))
    .order_by(_ENTRY.seen_at, _ENTRY.source)
)


def sightings(session: Session, number: int) -> list[Sighting]:
    """Return every first time that a source carried an item of this paper (`Paper.pk`), oldest first."""
    numbers = list(signals.owners(session, [number]))
    return [
        Sighting(row.source, row.seen_at, row.announced_at, row.version, row.announce_type or "")
        for row in session.execute(_SIGHTINGS, {"numbers": numbers})
    ]

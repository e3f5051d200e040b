"""Lists which sources carried a paper, when, and in which versions. Reads only."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from digest.domain import Sighting
from digest.store.papers import signals
from digest.store.papers.tables import EntryRow


def sightings(session: Session, number: int) -> list[Sighting]:
    """Return every first time that a source carried an item of this paper (`Paper.pk`), oldest first."""
    numbers = list(signals.owners(session, [number]))
    rows = select(EntryRow).where(EntryRow.paper_id.in_(numbers)).order_by(EntryRow.seen_at, EntryRow.source)
    return [
        Sighting(row.source, row.seen_at, row.announced_at, row.version, row.announce_type or "")
        for row in session.scalars(rows)
    ]

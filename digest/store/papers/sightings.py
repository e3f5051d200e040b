"""Lists which sources carried a paper, when first, and in which versions. Reads only."""

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
    .order_by(_ENTRY.seen_at, _ENTRY.source, _ENTRY.key)
)


def sightings(session: Session, number: int) -> list[Sighting]:
    """Return each first time that a source carried a version of this paper (`Paper.pk`), oldest first.

    A source may have carried one version as several items: of papers that turned out to be one work, and
    listed anew in another category. The first of them is the sighting.
    """
    numbers = list(signals.owners(session, [number]))
    found: dict[tuple[str, int | None], Sighting] = {}
    for row in session.execute(_SIGHTINGS, {"numbers": numbers}):
        seen = Sighting(row.source, row.seen_at, row.announced_at, row.version, row.announce_type or "")
        found.setdefault((seen.source, seen.version), seen)
    return list(found.values())

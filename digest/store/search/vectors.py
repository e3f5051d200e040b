"""Keeps vectors of papers by segment and basis. A new basis replaces the one before and its vectors."""

from dataclasses import dataclass

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from digest.store.search.segments import DAMAGED, LOCK
from digest.store.search.tables.search_bases import SearchBasisRow
from digest.store.search.tables.search_segments import SearchSegmentRow
from digest.store.search.tables.search_vectors import SearchVectorsRow
from digest.store.session import insert, serialise

# Built once: pages and searches ask it each time.
_NEWEST = select(func.max(SearchBasisRow.__table__.c.id))


@dataclass(frozen=True, slots=True)
class BasisInfo:
    """A basis, and on how many papers it was fitted."""

    id: int
    papers: int
    data: bytes


def basis_id(session: Session) -> int | None:
    """Return the number of the basis in use; None where there is none yet."""
    number: int | None = session.scalar(_NEWEST)
    return number


def basis(session: Session) -> BasisInfo | None:
    """Return the basis in use."""
    row = session.scalars(select(SearchBasisRow).order_by(SearchBasisRow.id.desc()).limit(1)).first()
    return BasisInfo(row.id, row.papers, row.data) if row else None


def basis_data(session: Session, number: int) -> bytes:
    """Return the data of a basis that is there."""
    return session.scalars(select(SearchBasisRow.data).where(SearchBasisRow.id == number)).one()


def add_basis(session: Session, papers: int, data: bytes) -> int:
    """Use this basis from now on, and return its number; the one before goes, with its vectors."""
    serialise(session, LOCK)
    session.execute(delete(SearchBasisRow))
    row = SearchBasisRow(papers=papers, data=data)
    session.add(row)
    session.flush()
    return row.id


def without_vectors(session: Session, version: str, number: int) -> list[int]:
    """Return the segments of a version that have no vectors of a basis yet."""
    there = select(SearchVectorsRow.segment_id).where(SearchVectorsRow.basis_id == number)
    missing = select(SearchSegmentRow.id).where(
        SearchSegmentRow.version == version,
        SearchSegmentRow.checksum != DAMAGED,
        SearchSegmentRow.id.not_in(there),
    )
    return list(session.scalars(missing.order_by(SearchSegmentRow.id)))


def add_vectors(session: Session, segment: int, number: int, data: bytes) -> None:
    """Keep the vectors of a segment, unless it or the basis is gone by now."""
    serialise(session, LOCK)
    if session.get(SearchSegmentRow, segment) and session.get(SearchBasisRow, number):
        row = insert(session, SearchVectorsRow).values(segment_id=segment, basis_id=number, data=data)
        session.execute(row.on_conflict_do_nothing())


def vectors_of(session: Session, segment: int, number: int) -> bytes | None:
    """Return the vectors of a segment in a basis; None where they aren't there."""
    wanted = select(SearchVectorsRow.data).where(
        SearchVectorsRow.segment_id == segment, SearchVectorsRow.basis_id == number
    )
    return session.scalar(wanted)

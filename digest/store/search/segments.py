"""Keeps the segments of the search index: written and read whole, replaced in one transaction.

A segment is added only behind the last one, so that two processes that index the same changes leave one
segment: the second one is told that it came too late.
"""

import zlib
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

from sqlalchemy import LargeBinary, bindparam, delete, func, select, update
from sqlalchemy.orm import Session

from digest.store.readable import read_one
from digest.store.search.tables.search_segments import SearchSegmentRow
from digest.store.search.tables.search_vectors import SearchVectorsRow
from digest.store.session import serialise

LOCK = "search index"
DAMAGED = -1  # the checksum of a segment that was found damaged: it is read no more until it is built anew
PIECE = 2 * 2**20  # bytes of a segment that are read at once where it isn't wanted whole
_ROW = SearchSegmentRow.__table__.c
# Built once: pages and searches ask it each time.
_INFOS = (
    select(_ROW.id, _ROW.version, _ROW.after, _ROW.upto, _ROW.papers, _ROW.checksum)
    .where(_ROW.version == bindparam("version"))
    .order_by(_ROW.upto)
)


@dataclass(frozen=True, slots=True)
class SegmentInfo:
    """A segment without its data; see `SearchSegmentRow`."""

    id: int
    version: str
    after: int
    upto: int
    papers: int
    checksum: int

    @property
    def is_damaged(self) -> bool:
        """Whether it was found damaged."""
        return self.checksum == DAMAGED


def infos(session: Session, version: str) -> list[SegmentInfo]:
    """Return the segments of a version, oldest first."""
    return [SegmentInfo(*each) for each in session.execute(_INFOS, {"version": version})]


def data_of(session: Session, number: int) -> bytes | None:
    """Return the data of a segment; None where it isn't there any more.

    Raises UnreadableError where it is damaged.
    """

    def read() -> bytes | None:
        wanted = select(SearchSegmentRow.data, SearchSegmentRow.checksum)
        found = session.execute(wanted.where(SearchSegmentRow.id == number)).first()
        if found is None:
            return None
        if zlib.crc32(found.data) != found.checksum:
            raise ValueError("its checksum is another")
        return bytes(found.data)

    return read_one(read, lambda: f"search segment {number}")


def set_aside(session: Session, number: int) -> None:
    """Note that a segment is damaged, so that nobody reads it; its vectors go."""
    serialise(session, LOCK)
    session.execute(update(SearchSegmentRow).where(SearchSegmentRow.id == number).values(checksum=DAMAGED))
    session.execute(delete(SearchVectorsRow).where(SearchVectorsRow.segment_id == number))


def replace_damaged(session: Session, damaged: SegmentInfo, parts: Sequence[tuple[int, int, bytes]]) -> bool:
    """Put segments in the place of a damaged one; False where it is gone by now.

    `parts`: the end of each, how many papers it has, and its data; the last ends where the damaged one does.
    """
    serialise(session, LOCK)
    if damaged not in infos(session, damaged.version):
        return False
    session.execute(delete(SearchSegmentRow).where(SearchSegmentRow.id == damaged.id))
    after = damaged.after
    for upto, papers, data in parts:
        session.add(_row(damaged.version, after, upto, papers, data))
        after = upto
    session.flush()
    return True


def pieces_of(session: Session, number: int) -> Iterator[bytes]:
    """Yield the data of a segment piece by piece; nothing where it isn't there any more.

    A driver holds a value as the server sent it (Postgres: two characters for each byte) beside the bytes
    that it makes of it: of a whole segment that would be three times its size.
    """
    row, start = SearchSegmentRow, 1
    while True:
        part = func.substr(row.data, start, PIECE, type_=LargeBinary)
        piece: bytes | None = session.scalar(select(part).where(row.id == number))
        if not piece or not isinstance(piece, bytes):  # a text that somebody wrote there
            return
        yield piece
        start += len(piece)


def add(session: Session, version: str, *, after: int, upto: int, papers: int, data: bytes) -> bool:
    """Add a segment behind the last one; False, and nothing is written, where that doesn't end at `after`."""
    serialise(session, LOCK)
    there = infos(session, version)
    if (there[-1].upto if there else 0) != after:
        return False
    session.add(_row(version, after, upto, papers, data))
    session.flush()
    return True


def replace(session: Session, old: Collection[SegmentInfo], papers: int, data: bytes) -> bool:
    """Put one segment in the place of neighbours (oldest first); False where one of them is gone by now."""
    serialise(session, LOCK)
    first, *_ = listed = sorted(old, key=lambda each: each.upto)
    there = {each.id for each in infos(session, first.version)}
    if not all(each.id in there for each in listed):
        return False
    session.execute(delete(SearchSegmentRow).where(SearchSegmentRow.id.in_([each.id for each in listed])))
    session.add(_row(first.version, first.after, listed[-1].upto, papers, data))
    session.flush()
    return True


def has_others(session: Session, keep: Collection[str]) -> bool:
    """Return whether there are segments of versions that aren't to be kept."""
    found = session.scalar(select(SearchSegmentRow.id).where(SearchSegmentRow.version.not_in(keep)).limit(1))
    return found is not None


def drop(session: Session, *, keep: Collection[str] = ()) -> int:
    """Drop the segments of all versions but those to keep; how many there were."""
    serialise(session, LOCK)
    found = session.scalars(select(SearchSegmentRow.id).where(SearchSegmentRow.version.not_in(keep))).all()
    session.execute(delete(SearchSegmentRow).where(SearchSegmentRow.version.not_in(keep)))
    return len(found)


def rename(session: Session, old: str, new: str) -> None:
    """Let the segments of one version take the place of those of another."""
    serialise(session, LOCK)
    session.execute(delete(SearchSegmentRow).where(SearchSegmentRow.version == new))
    session.execute(update(SearchSegmentRow).where(SearchSegmentRow.version == old).values(version=new))


def _row(version: str, after: int, upto: int, papers: int, data: bytes) -> SearchSegmentRow:
    checksum = zlib.crc32(data)
    return SearchSegmentRow(
        version=version, after=after, upto=upto, papers=papers, checksum=checksum, data=data
    )

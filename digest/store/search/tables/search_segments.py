"""Defines the table `search_segments`. Its rows stay inside the store."""

from sqlalchemy import BigInteger, LargeBinary
from sqlalchemy.orm import Mapped, mapped_column

from digest.store.base import NEVER_REUSED, Base


class SearchSegmentRow(Base):
    """A part of the search index: the papers whose last change was in (after, upto] when it was built.

    `version`: of the software that built it (see `digest.search.version`). `checksum`: of `data`, CRC-32.
    """

    __tablename__ = "search_segments"
    __table_args__ = NEVER_REUSED

    id: Mapped[int] = mapped_column(primary_key=True)
    version: Mapped[str]
    after: Mapped[int] = mapped_column(BigInteger)
    upto: Mapped[int] = mapped_column(BigInteger)
    papers: Mapped[int]
    checksum: Mapped[int] = mapped_column(BigInteger)
    data: Mapped[bytes] = mapped_column(LargeBinary)

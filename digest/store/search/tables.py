"""Defines the tables of the search index. Rows stay inside the store."""

from sqlalchemy import BigInteger, ForeignKey, LargeBinary
from sqlalchemy.orm import Mapped, mapped_column

from digest.store.base import NEVER_REUSED, Base


class PaperChangeRow(Base):
    """The number of the last change of each paper: of its row, of the sources that carried it, or its end.

    Triggers of the database write it (see the migration), in the transaction of the change itself, so that no
    way of writing can forget it. Numbers only grow, and what was committed earlier has the smaller one.
    """

    __tablename__ = "paper_changes"

    paper_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    revision: Mapped[int] = mapped_column(BigInteger, unique=True)


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


class SearchBasisRow(Base):
    """The basis of the vectors of papers (see `digest.search.lsa`), fitted on so many papers."""

    __tablename__ = "search_bases"
    __table_args__ = NEVER_REUSED

    id: Mapped[int] = mapped_column(primary_key=True)
    papers: Mapped[int]
    data: Mapped[bytes] = mapped_column(LargeBinary)


class PaperMeaningRow(Base):
    """The vector of a paper's text by a model, signed bytes; empty where it isn't shown or can't be read.

    `revision`: the paper's last change that it knows (see `PaperChangeRow`). A newer one gets a new number.
    """

    __tablename__ = "paper_meanings"
    __table_args__ = NEVER_REUSED

    id: Mapped[int] = mapped_column(primary_key=True)
    paper_id: Mapped[int] = mapped_column(unique=True)
    model: Mapped[str]
    revision: Mapped[int] = mapped_column(BigInteger)
    data: Mapped[bytes] = mapped_column(LargeBinary)


class SearchVectorsRow(Base):
    """The vectors of a segment's papers in a basis, 128 signed bytes each, in the segment's order."""

    __tablename__ = "search_vectors"

    segment_id: Mapped[int] = mapped_column(
        ForeignKey("search_segments.id", ondelete="CASCADE"), primary_key=True
    )
    basis_id: Mapped[int] = mapped_column(
        ForeignKey("search_bases.id", ondelete="CASCADE"), primary_key=True, index=True
    )
    data: Mapped[bytes] = mapped_column(LargeBinary)

"""Defines the table `search_vectors`. Its rows stay inside the store."""

from sqlalchemy import ForeignKey, LargeBinary
from sqlalchemy.orm import Mapped, mapped_column

from digest.store.base import Base


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

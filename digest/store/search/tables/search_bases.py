"""Defines the table `search_bases`. Its rows stay inside the store."""

from sqlalchemy import LargeBinary
from sqlalchemy.orm import Mapped, mapped_column

from digest.store.base import NEVER_REUSED, Base


class SearchBasisRow(Base):
    """The basis of the vectors of papers (see `digest.search.lsa`), fitted on so many papers."""

    __tablename__ = "search_bases"
    __table_args__ = NEVER_REUSED

    id: Mapped[int] = mapped_column(primary_key=True)
    papers: Mapped[int]
    data: Mapped[bytes] = mapped_column(LargeBinary)

"""Defines the table `authors`. Its rows stay inside the store."""

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from digest.store.base import Base


class AuthorRow(Base):
    """A paper by the folded name of one of its authors."""

    __tablename__ = "authors"

    key: Mapped[str] = mapped_column(primary_key=True)
    paper_id: Mapped[int] = mapped_column(
        ForeignKey("papers.id", ondelete="CASCADE"), primary_key=True, index=True
    )

"""Defines the table `paper_ids`. Its rows stay inside the store."""

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from digest.store.base import Base


class PaperIdRow(Base):
    """Every id that a paper is known by: `arxiv:…`, `doi:…`, `<source>:<key>`."""

    __tablename__ = "paper_ids"

    alias: Mapped[str] = mapped_column(primary_key=True)
    paper_id: Mapped[int] = mapped_column(ForeignKey("papers.id", ondelete="CASCADE"), index=True)

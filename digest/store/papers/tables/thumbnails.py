"""Defines the table `thumbnails`. Its rows stay inside the store."""

from datetime import datetime

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from digest.store.base import Base


class ThumbnailRow(Base):
    """A copy of the small picture that a source has of a paper; without one `problem` says why.

    `url`: where it was copied from; `mark`: names its bytes.
    """

    __tablename__ = "thumbnails"

    paper_id: Mapped[int] = mapped_column(ForeignKey("papers.id", ondelete="CASCADE"), primary_key=True)
    url: Mapped[str]
    at: Mapped[datetime]
    tries: Mapped[int]
    problem: Mapped[str]
    mark: Mapped[str]
    width: Mapped[int]
    height: Mapped[int]
    picture: Mapped[bytes | None]

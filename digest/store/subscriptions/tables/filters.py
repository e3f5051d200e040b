"""Defines the table `filters`. Its rows stay inside the store."""

from sqlalchemy.orm import Mapped, mapped_column

from digest.store.base import Base


class FilterRow(Base):
    """Each distinct filter once, by its canonical text.

    `text_hash`: SHA-256 of the text in UTF-8, because an index entry of Postgres ends at 2,704 bytes.
    """

    __tablename__ = "filters"

    id: Mapped[int] = mapped_column(primary_key=True)
    text: Mapped[str]
    text_hash: Mapped[bytes] = mapped_column(unique=True)

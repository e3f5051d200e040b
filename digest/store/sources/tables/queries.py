"""Defines the table `queries`. Its rows stay inside the store."""

from datetime import datetime

from sqlalchemy.orm import Mapped, mapped_column

from digest.store.base import Base


class QueryRow(Base):
    """A request beyond a source's own address: when it was made last, and what makes the next conditional."""

    __tablename__ = "queries"

    url: Mapped[str] = mapped_column(primary_key=True)
    asked_at: Mapped[datetime] = mapped_column(index=True)
    etag: Mapped[str | None]
    last_modified: Mapped[str | None]

"""Defines the table `sources`. Its rows stay inside the store."""

from datetime import datetime

from sqlalchemy import text
from sqlalchemy.orm import Mapped, mapped_column

from digest.store.base import Base
from digest.store.columns import Json


class SourceRow(Base):
    """Where papers come from, and how it is doing. No url: only files are imported under this name.

    `failures`: since it was last read; `times_read`, `times_failed`: ever.
    """

    __tablename__ = "sources"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(unique=True)
    kind: Mapped[str]
    url: Mapped[str]
    state: Mapped[str]
    etag: Mapped[str | None]
    last_modified: Mapped[str | None]
    last_success_at: Mapped[datetime | None]
    next_fetch_at: Mapped[datetime | None] = mapped_column(index=True)
    failures: Mapped[int]
    failing_since: Mapped[datetime | None]
    last_error: Mapped[str | None]
    last_new_at: Mapped[datetime | None]
    notes: Mapped[list[str]] = mapped_column(Json, server_default=text("'[]'"))
    claimed_until: Mapped[datetime | None]
    times_read: Mapped[int] = mapped_column(server_default=text("0"))
    times_failed: Mapped[int] = mapped_column(server_default=text("0"))

"""Defines the tables of sources: what to fetch, host locks, missing days. Rows stay inside the store."""

from datetime import date, datetime

from sqlalchemy import ForeignKey, text
from sqlalchemy.orm import Mapped, mapped_column

from digest.store.base import Base
from digest.store.columns import Json, JsonOrNull


class SourceRow(Base):
    """Where papers come from, and how it is doing. No url: only files are imported under this name."""

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


class AnnouncementRow(Base):
    """What a source brought for the first time on one of its days; `categories`: of it, by first category."""

    __tablename__ = "announcements"

    source_id: Mapped[int] = mapped_column(ForeignKey("sources.id", ondelete="CASCADE"), primary_key=True)
    day: Mapped[date] = mapped_column(primary_key=True)
    new: Mapped[int]
    categories: Mapped[dict[str, int]] = mapped_column(Json)


class SiteRow(Base):
    """The lock of a site. Free from `free_at` on, whoever `holder` is; a holder frees it earlier."""

    __tablename__ = "sites"

    site: Mapped[str] = mapped_column(primary_key=True)
    holder: Mapped[str]
    free_at: Mapped[datetime]


class QueryRow(Base):
    """A request beyond a source's own address: when it was made last, and what makes the next conditional."""

    __tablename__ = "queries"

    url: Mapped[str] = mapped_column(primary_key=True)
    asked_at: Mapped[datetime] = mapped_column(index=True)
    etag: Mapped[str | None]
    last_modified: Mapped[str | None]


class GapRow(Base):
    """A past day of a source that was missed, or is asked for again: how far its repair has come.

    `next_url`: the page to go on with, empty for the first; `next_at`: not before; `done_at`: it is whole.
    """

    __tablename__ = "gaps"

    source_id: Mapped[int] = mapped_column(ForeignKey("sources.id", ondelete="CASCADE"), primary_key=True)
    day: Mapped[date] = mapped_column(primary_key=True)
    reason: Mapped[str]
    noticed_at: Mapped[datetime]
    next_url: Mapped[str]
    next_at: Mapped[datetime]
    claimed_until: Mapped[datetime | None]
    entries: Mapped[int]
    new: Mapped[int]
    error: Mapped[str | None]
    done_at: Mapped[datetime | None]


class CertificateRow(Base):
    """What a second list says of a day of a source; `missing`: canonical ids, `missing_from`: by category.
    See `domain.Certificate`."""

    __tablename__ = "certificates"

    source_id: Mapped[int] = mapped_column(ForeignKey("sources.id", ondelete="CASCADE"), primary_key=True)
    day: Mapped[date] = mapped_column(primary_key=True)
    announced: Mapped[int]
    categories: Mapped[dict[str, int]] = mapped_column(Json)
    missing: Mapped[list[str]] = mapped_column(Json)
    missing_from: Mapped[dict[str, list[str]] | None] = mapped_column(JsonOrNull)
    unlisted: Mapped[int]
    checked_at: Mapped[datetime | None]
    next_at: Mapped[datetime | None]
    error: Mapped[str | None]


class ServiceRow(Base):
    """A service that counts attention for papers that we know: when it may be asked, how it is doing."""

    __tablename__ = "services"

    name: Mapped[str] = mapped_column(primary_key=True)
    next_at: Mapped[datetime]
    last_success_at: Mapped[datetime | None]
    failures: Mapped[int]
    failing_since: Mapped[datetime | None]
    last_error: Mapped[str | None]

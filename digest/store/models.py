"""The tables. Nothing comes in, nothing goes out: rows stay inside the store.

Enums are kept as their text, so that a database is readable without this code and a new member needs no
migration. Every foreign key leads an index.
"""

from datetime import date, datetime, time
from typing import Any, ClassVar

from sqlalchemy import Double, ForeignKey, Index, MetaData, UniqueConstraint, false, text
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from digest.store.columns import AnyText, Json, JsonOrNull, LongId, Packed, UtcTime

WAITING = "state IN ('queued', 'deferred')"  # rows of the ledger that can be claimed, as an index knows them
# SQLite hands out the number of a deleted last row again; links, Message-IDs and ledgers name these for good.
NEVER_REUSED = {"sqlite_autoincrement": True}


class Base(DeclarativeBase):
    """Types and names of constraints, the same for every table."""

    type_annotation_map: ClassVar[dict[Any, Any]] = {str: AnyText(), datetime: UtcTime()}
    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
            "pk": "pk_%(table_name)s",
        }
    )


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
    """Whose turn it is at a site. Free from `free_at` on, whoever `holder` is; a holder frees it earlier."""

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


class PaperRow(Base):
    """One work. `text_rank`: how near to the work the source of its text is (see `papers.landing`).

    `announced`: some source listed it as new, so it can be a candidate. `merged_into`: this row turned out
    to be the same work as another; it stays, with its ids, entries and signals, so that the merge can be
    undone. `own`: what a paper that others were merged into says without them.
    """

    __tablename__ = "papers"
    __table_args__ = NEVER_REUSED

    id: Mapped[int] = mapped_column(primary_key=True)
    canonical_id: Mapped[str] = mapped_column(unique=True)
    title: Mapped[str]
    abstract: Mapped[str]
    authors: Mapped[list[str]] = mapped_column(Json)
    categories: Mapped[list[str]] = mapped_column(Json)
    published_at: Mapped[datetime | None]
    version: Mapped[int | None]
    doi: Mapped[str | None]
    url: Mapped[str]
    pdf_url: Mapped[str]
    code_url: Mapped[str]
    project_url: Mapped[str] = mapped_column(server_default="")
    discussion_url: Mapped[str]
    thumbnail: Mapped[str] = mapped_column(server_default="")
    summary: Mapped[str]
    summary_source: Mapped[str]
    comment: Mapped[str]
    organization: Mapped[str] = mapped_column(server_default="")
    keywords: Mapped[list[str]] = mapped_column(Json, server_default=text("'[]'"))
    text_rank: Mapped[int]
    first_seen_at: Mapped[datetime] = mapped_column(index=True)
    announced: Mapped[bool]
    hidden: Mapped[bool]
    merged_into: Mapped[int | None] = mapped_column(ForeignKey("papers.id"), index=True)
    own: Mapped[dict[str, Any] | None] = mapped_column(JsonOrNull)


class PaperIdRow(Base):
    """Every id that a paper is known by: `arxiv:…`, `doi:…`, `<source>:<key>`."""

    __tablename__ = "paper_ids"

    alias: Mapped[str] = mapped_column(primary_key=True)
    paper_id: Mapped[int] = mapped_column(ForeignKey("papers.id", ondelete="CASCADE"), index=True)


class EntryRow(Base):
    """The first time that a source carried an item."""

    __tablename__ = "entries"

    source: Mapped[str] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(primary_key=True)
    paper_id: Mapped[int] = mapped_column(ForeignKey("papers.id", ondelete="CASCADE"), index=True)
    version: Mapped[int | None]
    announce_type: Mapped[str | None]
    announced_at: Mapped[datetime | None]
    seen_at: Mapped[datetime]


class SignalRow(Base):
    """A measure of attention, at the time when a source first showed this value."""

    __tablename__ = "signals"

    paper_id: Mapped[int] = mapped_column(ForeignKey("papers.id", ondelete="CASCADE"), primary_key=True)
    source: Mapped[str] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(primary_key=True)
    observed_at: Mapped[datetime] = mapped_column(primary_key=True, index=True)
    value: Mapped[int]


class TopicRow(Base):
    """A named, shared filter. `edited`: by the operator, so a new version of the software leaves it alone."""

    __tablename__ = "topics"

    id: Mapped[int] = mapped_column(primary_key=True)
    slug: Mapped[str] = mapped_column(unique=True)
    title: Mapped[str]
    expression: Mapped[str]
    group: Mapped[str]
    edited: Mapped[bool]


class FilterRow(Base):
    """Each distinct filter once, by its canonical text."""

    __tablename__ = "filters"

    id: Mapped[int] = mapped_column(primary_key=True)
    text: Mapped[str] = mapped_column(unique=True)


class SubscriberRow(Base):
    """A person. `interests` is the truth, `packed` follows from it (see `interests.packed`)."""

    __tablename__ = "subscribers"
    __table_args__ = (Index("ix_subscribers_due", "status", "next_due_at", "next_due_on", "id"), NEVER_REUSED)

    id: Mapped[int] = mapped_column(LongId, primary_key=True)
    email: Mapped[str]
    email_key: Mapped[str] = mapped_column(unique=True)
    status: Mapped[str]
    interests: Mapped[dict[str, Any]] = mapped_column(Json)
    packed: Mapped[tuple[int, ...]] = mapped_column(Packed)
    frequency: Mapped[str]
    weekday: Mapped[int]
    at: Mapped[time]
    timezone: Mapped[str]
    quiet_days: Mapped[bool] = mapped_column(server_default=false())
    next_due_at: Mapped[datetime | None]
    next_due_on: Mapped[date | None]
    created_at: Mapped[datetime]
    confirmed_at: Mapped[datetime | None]
    paused_until: Mapped[datetime | None]


class ConsentRow(Base):
    """What somebody agreed to, when, and how; rows are only added."""

    __tablename__ = "consents"

    id: Mapped[int] = mapped_column(LongId, primary_key=True)
    subscriber_id: Mapped[int] = mapped_column(
        LongId, ForeignKey("subscribers.id", ondelete="CASCADE"), index=True
    )
    at: Mapped[datetime]
    wording: Mapped[str]
    how: Mapped[str]
    details: Mapped[dict[str, Any]] = mapped_column(Json)


class IssueRow(Base):
    """One mailing occasion."""

    __tablename__ = "issues"
    __table_args__ = (UniqueConstraint("date", "due_at"), NEVER_REUSED)

    id: Mapped[int] = mapped_column(primary_key=True)
    date: Mapped[date]
    due_at: Mapped[datetime] = mapped_column(index=True)
    opened_at: Mapped[datetime]


class DeliveryRow(Base):
    """The ledger: one row for each subscriber and local date.

    A claimed row stays `queued` and has a token and a lease. `attempts` counts claims, `lost` those since
    the last outcome that ended without one. `papers` are `papers.id`, best first.
    """

    __tablename__ = "deliveries"
    __table_args__ = (
        UniqueConstraint("subscriber_id", "issue_date"),
        Index("ix_deliveries_issue_id_state", "issue_id", "state"),
        Index(
            "ix_deliveries_waiting",
            "next_attempt_at",
            "id",
            sqlite_where=text(WAITING),
            postgresql_where=text(WAITING),
        ),
        Index(
            "ix_deliveries_leased",
            "lease_until",
            sqlite_where=text("lease_until IS NOT NULL"),
            postgresql_where=text("lease_until IS NOT NULL"),
        ),
    )

    id: Mapped[int] = mapped_column(LongId, primary_key=True)
    issue_id: Mapped[int] = mapped_column(ForeignKey("issues.id"))
    subscriber_id: Mapped[int] = mapped_column(LongId, ForeignKey("subscribers.id", ondelete="CASCADE"))
    issue_date: Mapped[date]
    state: Mapped[str]
    reason: Mapped[str]
    attempts: Mapped[int]
    lost: Mapped[int]
    claim_token: Mapped[str]
    lease_until: Mapped[datetime | None]
    next_attempt_at: Mapped[datetime]
    message_id: Mapped[str] = mapped_column(index=True)
    reply: Mapped[str]
    papers: Mapped[tuple[int, ...]] = mapped_column(Packed)
    created_at: Mapped[datetime]
    settled_at: Mapped[datetime | None]


class SuppressionRow(Base):
    """An address that must not be written to, as a keyed hash."""

    __tablename__ = "suppressions"

    address_hash: Mapped[str] = mapped_column(primary_key=True)
    reason: Mapped[str]
    at: Mapped[datetime]


class PaceRow(Base):
    """How fast a recipient domain is served; `*` is all of them together (see `digest.pace`)."""

    __tablename__ = "paces"

    domain: Mapped[str] = mapped_column(primary_key=True)
    next_at: Mapped[datetime]
    rate: Mapped[float] = mapped_column(Double)
    slowed_at: Mapped[datetime | None]
    stopped_until: Mapped[datetime | None]
    reason: Mapped[str]
    day: Mapped[date | None]
    taken: Mapped[int]
    tail_at: Mapped[datetime | None]

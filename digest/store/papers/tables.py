"""Defines the tables of papers, their ids, entries, signals and merges. Rows stay inside the store."""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from digest.store.base import NEVER_REUSED, Base, partial_index
from digest.store.columns import Json, JsonOrNull

IS_MERGED = "merged_into IS NOT NULL"
HIDDEN = {"sqlite": "hidden IS 1", "postgresql": "hidden IS true"}
WITHDRAWN = "withdrawn_at IS NOT NULL"
MERGED = "split_at IS NULL"  # merges that hold, as an index knows them


class PaperRow(Base):
    """One work. `text_rank`: how near to the work the source of its text is (see `papers.combine`).

    `announced`: some source listed it as new, so it can be a candidate. `merged_into`: this row turned out
    to be the same work as another; it stays, with its ids, entries and signals, so that the merge can be
    undone. `own`: what a paper that others were merged into says without them.
    """

    __tablename__ = "papers"
    __table_args__ = (
        # All that lists ask of a paper: on disk the other columns lie behind its abstract.
        Index(
            "ix_papers_listed",
            "first_seen_at",
            "announced",
            "hidden",
            "merged_into",
            "published_at",
            "canonical_id",
        ),
        NEVER_REUSED,
    )

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
    withdrawn_at: Mapped[datetime | None]
    withdrawal: Mapped[str] = mapped_column(server_default="")
    text_rank: Mapped[int]
    first_seen_at: Mapped[datetime]
    announced: Mapped[bool]
    hidden: Mapped[bool]
    merged_into: Mapped[int | None] = mapped_column(ForeignKey("papers.id"))
    own: Mapped[dict[str, Any] | None] = mapped_column(JsonOrNull)


class PaperIdRow(Base):
    """Every id that a paper is known by: `arxiv:…`, `doi:…`, `<source>:<key>`."""

    __tablename__ = "paper_ids"

    alias: Mapped[str] = mapped_column(primary_key=True)
    paper_id: Mapped[int] = mapped_column(ForeignKey("papers.id", ondelete="CASCADE"), index=True)


class AuthorRow(Base):
    """A paper by the folded name of one of its authors."""

    __tablename__ = "authors"

    key: Mapped[str] = mapped_column(primary_key=True)
    paper_id: Mapped[int] = mapped_column(
        ForeignKey("papers.id", ondelete="CASCADE"), primary_key=True, index=True
    )


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


class MergeRow(Base):
    """Two papers that are one work, who said so, and why. `split_at`: it was undone, and stays undone.

    `papers.merged_into` follows from these rows: it names the paper at the end of the chain.
    """

    __tablename__ = "merges"
    __table_args__ = (Index("ix_merges_paper_id", "paper_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    paper_id: Mapped[int] = mapped_column(ForeignKey("papers.id", ondelete="CASCADE"))
    into_id: Mapped[int] = mapped_column(ForeignKey("papers.id", ondelete="CASCADE"), index=True)
    reason: Mapped[str]
    by: Mapped[str]
    at: Mapped[datetime]
    split_at: Mapped[datetime | None]


class SummaryRow(Base):
    """What a model made of a version of a paper (0: its source names none); `problem`: why no text."""

    __tablename__ = "summaries"

    paper_id: Mapped[int] = mapped_column(ForeignKey("papers.id", ondelete="CASCADE"), primary_key=True)
    version: Mapped[int] = mapped_column(primary_key=True)
    model: Mapped[str] = mapped_column(primary_key=True)
    text: Mapped[str]
    problem: Mapped[str]
    at: Mapped[datetime]


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


# Of merged papers alone: "not merged" must not look selective to SQLite.
partial_index("ix_papers_merged_into", PaperRow, "merged_into", where=IS_MERGED)
partial_index("ix_papers_withdrawn", PaperRow, "first_seen_at", where=WITHDRAWN)
partial_index("ix_papers_hidden", PaperRow, "id", where=HIDDEN["sqlite"], on_postgres=HIDDEN["postgresql"])
partial_index("ix_merges_merged", MergeRow, "paper_id", where=MERGED, unique=True)

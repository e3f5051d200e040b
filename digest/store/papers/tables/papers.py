"""Defines the table `papers`. Its rows stay inside the store."""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from digest.store.base import NEVER_REUSED, Base, partial_index
from digest.store.columns import Json, JsonOrNull

IS_MERGED = "merged_into IS NOT NULL"
HIDDEN = {"sqlite": "hidden IS 1", "postgresql": "hidden IS true"}
WITHDRAWN = "withdrawn_at IS NOT NULL"


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


# Of merged papers alone: "not merged" must not look selective to SQLite.
partial_index("ix_papers_merged_into", PaperRow, "merged_into", where=IS_MERGED)
partial_index("ix_papers_withdrawn", PaperRow, "first_seen_at", where=WITHDRAWN)
partial_index("ix_papers_hidden", PaperRow, "id", where=HIDDEN["sqlite"], on_postgres=HIDDEN["postgresql"])

"""Keeps what second lists say of the days of sources, and which of their papers are here. Decides no time."""

from collections.abc import Iterable
from datetime import date, datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from digest.domain import Certificate, SourceKind
from digest.ids import named_arxiv_id
from digest.sources.calendar import day_of
from digest.sources.certificate import Carried
from digest.store.papers.tables.entries import EntryRow
from digest.store.papers.tables.paper_ids import PaperIdRow
from digest.store.readable import readable, texts
from digest.store.session import chunks, insert, write
from digest.store.sources.tables.certificates import CertificateRow
from digest.store.sources.tables.sources import SourceRow

KEPT = 31  # days that are shown


def notice(session: Session, source_id: int, days: Iterable[date], *, now: datetime) -> None:
    """Note days to be held against a second list; what is known of one already stays."""
    rows: list[dict[str, Any]] = [
        {
            "source_id": source_id, "day": day, "announced": 0, "categories": {}, "missing": [],
            "missing_from": None, "unlisted": 0, "next_at": now,
        }
        for day in days
    ]  # fmt: skip
    write(session, insert(session, CertificateRow).on_conflict_do_nothing(), rows)


def listing(session: Session, source_id: int, limit: int = KEPT) -> list[Certificate]:
    """Return the certificates of the last days of a source, newest first."""
    ours = select(CertificateRow).where(CertificateRow.source_id == source_id)
    return readable(
        session.scalars(ours.order_by(CertificateRow.day.desc()).limit(limit)), _certificate, _name
    )


def incomplete(session: Session, source_ids: Iterable[int], *, since: date) -> list[tuple[int, Certificate]]:
    """Return the days since `since` from which papers are missing, with their sources, newest first."""
    rows = session.scalars(
        select(CertificateRow)
        .where(CertificateRow.source_id.in_(list(source_ids)), CertificateRow.day >= since)
        .order_by(CertificateRow.day.desc(), CertificateRow.source_id)
    )
    return readable(
        (row for row in rows if row.missing), lambda row: (row.source_id, _certificate(row)), _name
    )


def keep(session: Session, source_id: int, found: Certificate) -> None:
    """Keep what is known of a day, in place of what was known before."""
    row = session.get_one(CertificateRow, (source_id, found.day))
    row.announced, row.categories = found.announced, dict(found.categories)
    row.missing, row.unlisted = list(found.missing), found.unlisted
    lacking = found.missing_from
    row.missing_from = None if lacking is None else {name: list(ids) for name, ids in lacking.items()}
    row.checked_at, row.next_at, row.error = found.checked_at, found.next_at, found.error


def carried(session: Session, source_id: int, *, since: datetime) -> list[Carried]:
    """Return what an arXiv source carried for the first time since a moment, by its own days."""
    source = session.get_one(SourceRow, source_id)
    kind = SourceKind(source.kind)
    rows = session.execute(
        select(EntryRow.key, EntryRow.announce_type, EntryRow.seen_at).where(
            EntryRow.source == source.name, EntryRow.seen_at >= since
        )
    )
    return [
        Carried(day_of(kind, seen_at), f"arxiv:{found[0]}", announce_type)
        for key, announce_type, seen_at in rows
        if (found := named_arxiv_id(key))
    ]


def here(session: Session, ids: Iterable[str]) -> set[str]:
    """Return those of these canonical ids that the store knows."""
    known = select(PaperIdRow.alias)
    return {
        each for chunk in chunks(ids) for each in session.scalars(known.where(PaperIdRow.alias.in_(chunk)))
    }


def _name(row: CertificateRow) -> str:
    return f"certificate of source {row.source_id} for {row.day}"


def _certificate(row: CertificateRow) -> Certificate:
    return Certificate(
        day=row.day,
        announced=row.announced,
        categories=dict(row.categories.items()),
        missing=texts(row.missing),
        missing_from=None
        if row.missing_from is None
        else {name: texts(ids) for name, ids in row.missing_from.items()},
        unlisted=row.unlisted,
        checked_at=row.checked_at,
        next_at=row.next_at,
        error=row.error,
    )

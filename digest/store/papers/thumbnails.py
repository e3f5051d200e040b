"""Keeps copies of the small pictures that sources have of papers, for pages and emails."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, func, or_, select
from sqlalchemy.orm import Session

from digest.store.papers.reading import MAY_BE_SHOWN
from digest.store.papers.tables.papers import PaperRow
from digest.store.papers.tables.thumbnails import ThumbnailRow
from digest.store.session import chunks, insert

MOST_TRIES = 3


@dataclass(frozen=True, slots=True)
class Wanted:
    """A picture to be copied: of which paper (`Paper.pk`), from where, and how often that failed."""

    number: int
    url: str
    tries: int


@dataclass(frozen=True, slots=True)
class Thumbnail:
    """A copy that is there: of which paper (`Paper.pk`), `mark` of its bytes, its size in pixels."""

    number: int
    mark: str
    width: int
    height: int


def wanted(session: Session, *, since: datetime, tried_before: datetime, limit: int) -> list[Wanted]:
    """Return papers first seen since then whose picture isn't copied yet, newest first; at most `limit`.

    One that failed is wanted again when it was last tried before `tried_before`, three times in all; one
    whose address changed, at once.
    """
    row = ThumbnailRow
    is_due = or_(
        row.paper_id.is_(None),
        row.url != PaperRow.thumbnail,
        (row.picture.is_(None)) & (row.tries < MOST_TRIES) & (row.at < tried_before),
    )
    found = session.execute(
        select(PaperRow.id, PaperRow.thumbnail, row.url, row.tries)
        .outerjoin(row, row.paper_id == PaperRow.id)
        .where(PaperRow.first_seen_at > since, PaperRow.thumbnail != "", *MAY_BE_SHOWN, is_due)
        .order_by(PaperRow.first_seen_at.desc(), PaperRow.id)
        .limit(limit)
    )
    return [Wanted(number, url, tries if url == before else 0) for number, url, before, tries in found]


def keep(
    session: Session, of: Wanted, *, at: datetime, mark: str, width: int, height: int, picture: bytes
) -> None:
    """Keep a copy of a paper's picture, in place of the one before."""
    _write(session, of, at=at, mark=mark, width=width, height=height, picture=picture, problem="")


def failed(session: Session, of: Wanted, *, at: datetime, problem: str) -> None:
    """Note why a picture could not be copied."""
    _write(session, of, at=at, mark="", width=0, height=0, picture=None, problem=problem)


def forget(session: Session, *, before: datetime) -> None:
    """Delete the copies that were made before a time."""
    session.execute(delete(ThumbnailRow).where(ThumbnailRow.at < before))


def kept(session: Session, numbers: Iterable[int]) -> dict[int, Thumbnail]:
    """Return the copies that there are of the pictures of papers, by number (`Paper.pk`)."""
    row = ThumbnailRow
    columns = select(row.paper_id, row.mark, row.width, row.height).where(row.picture.is_not(None))
    return {
        found.number: found
        for chunk in chunks(set(numbers))
        for found in (Thumbnail(*each) for each in session.execute(columns.where(row.paper_id.in_(chunk))))
    }


def pictures(session: Session, numbers: Iterable[int], *, most_bytes: int) -> dict[int, bytes]:
    """Return the copies themselves, by number (`Paper.pk`); none that is larger."""
    row = ThumbnailRow
    columns = select(row.paper_id, row.picture).where(func.length(row.picture) <= most_bytes)
    return {
        number: found
        for chunk in chunks(set(numbers))
        for number, found in session.execute(columns.where(row.paper_id.in_(chunk)))
        if found
    }


def picture(session: Session, number: int, mark: str) -> bytes | None:
    """Return a copy; None where there is none of this mark, or its paper may not be shown."""
    row = ThumbnailRow
    found = select(row.picture).join(PaperRow, PaperRow.id == row.paper_id)
    return session.scalar(found.where(row.paper_id == number, row.mark == mark, *MAY_BE_SHOWN))


def _write(session: Session, of: Wanted, **values: object) -> None:
    row = {"paper_id": of.number, "url": of.url, "tries": of.tries + 1, **values}
    statement = insert(session, ThumbnailRow).values(row)
    session.execute(statement.on_conflict_do_update(index_elements=["paper_id"], set_=row))

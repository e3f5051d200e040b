"""Keeps vectors of what papers mean, by paper and model."""

from collections.abc import Mapping, Sequence

from sqlalchemy import ColumnElement, and_, delete, func, or_, select
from sqlalchemy.orm import Session

from digest.domain import Paper
from digest.store.search.changes import papers_shown
from digest.store.search.segments import LOCK
from digest.store.search.tables.paper_changes import PaperChangeRow
from digest.store.search.tables.paper_meanings import PaperMeaningRow
from digest.store.session import serialise


def without_meaning(session: Session, model: str, limit: int) -> tuple[Sequence[Paper], Mapping[int, int]]:
    """Return the newest papers that lack a vector by a model, or have one of an older text.

    With them the revision of each, also of those that aren't shown.
    """
    wanted = select(PaperChangeRow.paper_id, PaperChangeRow.revision).outerjoin(PaperMeaningRow, _same())
    rows = session.execute(
        wanted.where(_lacks(model)).order_by(PaperChangeRow.paper_id.desc()).limit(limit)
    ).all()
    shown = papers_shown(session, [number for number, _ in rows])
    revisions = {row.paper_id: row.revision for row in rows}
    return [shown[number] for number in revisions if number in shown], revisions


def count_without_meaning(session: Session, model: str) -> int:
    """Count the papers that lack a vector by a model."""
    lacking = select(func.count()).select_from(PaperChangeRow).outerjoin(PaperMeaningRow, _same())
    return session.scalar(lacking.where(_lacks(model))) or 0


def add_meanings(
    session: Session, model: str, revisions: Mapping[int, int], data: Mapping[int, bytes]
) -> None:
    """Keep the vectors of papers, by their numbers; those that have none are empty."""
    serialise(session, LOCK)
    session.execute(delete(PaperMeaningRow).where(PaperMeaningRow.paper_id.in_(list(revisions))))
    session.add_all(
        PaperMeaningRow(paper_id=number, model=model, revision=revision, data=data.get(number, b""))
        for number, revision in revisions.items()
    )
    session.flush()


def meanings_after(session: Session, model: str, number: int, limit: int) -> list[tuple[int, int, bytes]]:
    """Return the next vectors by a model after a number: number, paper, data."""
    row = PaperMeaningRow
    wanted = select(row.id, row.paper_id, row.data).where(row.model == model, row.id > number)
    return [(n, paper, data) for n, paper, data in session.execute(wanted.order_by(row.id).limit(limit))]


def _same() -> ColumnElement[bool]:
    return PaperMeaningRow.paper_id == PaperChangeRow.paper_id


def _lacks(model: str) -> ColumnElement[bool]:
    made = and_(PaperMeaningRow.model == model, PaperMeaningRow.revision >= PaperChangeRow.revision)
    return or_(PaperMeaningRow.id.is_(None), ~made)

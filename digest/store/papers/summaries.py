"""Keeps summaries that a model wrote, each once for a paper, its version and the model.

An answer that couldn't be used is kept as well, as a row without text, so that nobody asks again.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from digest.domain import Paper
from digest.store.papers.tables.summaries import SummaryRow
from digest.store.session import chunks, insert


@dataclass(frozen=True, slots=True)
class Made:
    """What a model answered for a paper: a summary, or the problem with its answer."""

    paper: Paper
    text: str
    problem: str = ""


def add(session: Session, model: str, made: Iterable[Made], now: datetime) -> None:
    """Keep answers; what is known of a paper's version and model stays."""
    for one in made:
        row = insert(session, SummaryRow).values(
            paper_id=one.paper.pk,
            version=one.paper.version or 0,
            model=model,
            text=one.text,
            problem=one.problem,
            at=now,
        )
        session.execute(row.on_conflict_do_nothing())


def asked(session: Session, model: str, papers: Collection[Paper]) -> set[int]:
    """Return the numbers (`Paper.pk`) of those whose version this model was asked about."""
    return {number for number, _ in _rows(session, model, papers)}


def texts(session: Session, model: str, papers: Collection[Paper], *, until: datetime) -> Mapping[int, str]:
    """Return, by `Paper.pk`, the model's summary of that version, for those that had one at that time."""
    return {number: row.text for number, row in _rows(session, model, papers) if row.text and row.at <= until}


def _rows(session: Session, model: str, papers: Collection[Paper]) -> Iterable[tuple[int, SummaryRow]]:
    versions = {paper.pk: paper.version or 0 for paper in papers}
    for chunk in chunks(versions):
        wanted = select(SummaryRow).where(SummaryRow.paper_id.in_(chunk), SummaryRow.model == model)
        for row in session.scalars(wanted):
            if row.version == versions[row.paper_id]:
                yield row.paper_id, row

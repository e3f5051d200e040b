"""Reads which papers changed since a revision, and what an index needs of them. Reads only."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from sqlalchemy import Row, func, select
from sqlalchemy.orm import Session

from digest.domain import Paper
from digest.store.papers.reading import MAY_BE_SHOWN
from digest.store.papers.tables.entries import EntryRow
from digest.store.papers.tables.papers import PaperRow
from digest.store.readable import readable, texts
from digest.store.search.tables.paper_changes import PaperChangeRow
from digest.store.session import chunks

# Built once: pages and searches ask it each time.
_LAST = select(func.max(PaperChangeRow.__table__.c.revision))


@dataclass(frozen=True, slots=True)
class Changed:
    """Papers that changed: those that may be shown, as they are now, and the numbers of the others.

    `upto`: the revision of the last of them.
    """

    papers: tuple[Paper, ...]
    gone: tuple[int, ...]
    upto: int


def last_change(session: Session) -> int:
    """Return the number of the last change of any paper; 0 where there is none."""
    return session.scalar(_LAST) or 0


def changed_since(session: Session, revision: int) -> int:
    """Return how many papers changed after a revision."""
    later = select(func.count()).select_from(PaperChangeRow).where(PaperChangeRow.revision > revision)
    return session.scalar(later) or 0


def read_changed(session: Session, revision: int, limit: int, *, until: int | None = None) -> Changed:
    """Return the first `limit` papers that changed after a revision, in the order of their changes.

    `until`: the last revision that is looked at; None: all.
    They carry what an index needs: no signals, no links but those to code and project.
    """
    later = select(PaperChangeRow.paper_id, PaperChangeRow.revision).where(PaperChangeRow.revision > revision)
    if until is not None:
        later = later.where(PaperChangeRow.revision <= until)
    rows = session.execute(later.order_by(PaperChangeRow.revision).limit(limit)).all()
    numbers = [number for number, _ in rows]
    papers = papers_shown(session, numbers)
    return Changed(
        papers=tuple(papers[number] for number in numbers if number in papers),
        gone=tuple(number for number in numbers if number not in papers),
        upto=rows[-1][1] if rows else revision,
    )


def papers_shown(session: Session, numbers: Sequence[int]) -> dict[int, Paper]:
    """Return those of these papers that may be shown, by their numbers."""
    row = PaperRow
    columns = select(
        row.id,
        row.canonical_id,
        row.title,
        row.abstract,
        row.authors,
        row.categories,
        row.published_at,
        row.first_seen_at,
        row.doi,
        row.code_url,
        row.project_url,
        row.organization,
        row.keywords,
    )
    found: dict[int, Paper] = {}
    for chunk in chunks(numbers):
        sources = _sources(session, chunk)
        rows = session.execute(columns.where(row.id.in_(chunk), *MAY_BE_SHOWN))
        papers = readable(rows, partial(_paper, sources), lambda each: f"paper {each.canonical_id}")
        found.update((paper.pk, paper) for paper in papers)
    return found


def _paper(sources: Mapping[int, tuple[str, ...]], each: Row[Any]) -> Paper:
    return Paper(
        id=each.canonical_id,
        title=each.title,
        abstract=each.abstract,
        authors=texts(each.authors),
        categories=texts(each.categories),
        published_at=each.published_at,
        first_seen_at=each.first_seen_at,
        doi=each.doi,
        code_url=each.code_url,
        project_url=each.project_url,
        organization=each.organization,
        keywords=texts(each.keywords),
        sources=sources.get(each.id, ()),
        pk=each.id,
    )


def _sources(session: Session, numbers: Sequence[int]) -> dict[int, tuple[str, ...]]:
    """The sources that carried each of these papers, or a paper that was merged into it."""
    found: dict[int, set[str]] = defaultdict(set)
    own = select(EntryRow.paper_id, EntryRow.source).where(EntryRow.paper_id.in_(numbers))
    merged = (
        select(PaperRow.merged_into, EntryRow.source)
        .join(EntryRow, EntryRow.paper_id == PaperRow.id)
        .where(PaperRow.merged_into.in_(numbers))
    )
    for query in (own, merged):
        for number, source in session.execute(query.distinct()):
            if number is not None:
                found[number].add(source)
    return {number: tuple(sorted(sources)) for number, sources in found.items()}

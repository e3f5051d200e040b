"""Merges papers that turn out to be one work: each merge is a row that says why, and can be undone.

The weaker row points to the other and stays, with its own ids, entries and signals. What was split once is
never merged again by itself. Never: a decision whether two papers are one work.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import or_, select, update
from sqlalchemy.orm import Session, aliased

from digest.domain import Merge
from digest.errors import InputError
from digest.store.papers import work
from digest.store.papers.authors import keep_authors
from digest.store.papers.reading import named
from digest.store.papers.signals import owners
from digest.store.papers.tables.merges import MergeRow
from digest.store.papers.tables.papers import PaperRow
from digest.store.session import chunks, serialise


@dataclass(frozen=True, slots=True)
class Why:
    """Why two papers are one, who says so, and when."""

    reason: str
    by: str
    at: datetime


def strength(canonical_id: str) -> int:
    """Return how well an id names a work in the whole world: arXiv 2, DOI 1, a source's own id 0."""
    return {"arxiv": 2, "doi": 1}.get(canonical_id.partition(":")[0], 0)


def strongest(rows: Iterable[PaperRow]) -> list[PaperRow]:
    """Return the rows, the one that stands for the work first: by the strength of its id, then by its age."""
    return sorted(rows, key=lambda row: (-strength(row.canonical_id), row.id or float("inf")))


def join(session: Session, row: PaperRow, other: PaperRow, why: Why) -> list[PaperRow]:
    """Merge `other` into `row`; both stand for themselves (and for what was merged into them) so far.

    Returns all rows that `row` stands for now.
    """
    other.merged_into = row.id
    session.execute(update(PaperRow).where(PaperRow.merged_into == other.id).values(merged_into=row.id))
    session.add(MergeRow(paper_id=other.id, into_id=row.id, reason=why.reason, by=why.by, at=why.at))
    session.flush()
    joined = members(session, [row.id])
    work.rebuild(row, joined)
    session.flush()
    keep_authors(session, [row])
    return joined


def members(session: Session, numbers: Collection[int]) -> list[PaperRow]:
    """Return the rows that were merged into these papers (`PaperRow.id`), oldest first."""
    found = [
        row
        for chunk in chunks(numbers)
        for row in session.scalars(select(PaperRow).where(PaperRow.merged_into.in_(chunk)))
    ]
    return sorted(found, key=lambda row: row.id)


def kept_apart(session: Session, row: PaperRow, other: PaperRow) -> bool:
    """Return whether somebody split these two, or parts of them, and they weren't merged again since."""
    ours, theirs = (list(owners(session, [each.id])) for each in (row, other))
    pair = or_(
        MergeRow.paper_id.in_(ours) & MergeRow.into_id.in_(theirs),
        MergeRow.paper_id.in_(theirs) & MergeRow.into_id.in_(ours),
    )
    return (
        session.scalar(select(MergeRow.id).where(pair, MergeRow.split_at.is_not(None)).limit(1)) is not None
    )


def merge(session: Session, ref: str, other_ref: str, why: Why) -> Merge:
    """Merge two papers, by any of their ids; the one with the stronger id, else the older, stands for both.

    Raises UnknownError, and InputError where they are one already.
    """
    serialise(session, "papers")
    first, second = (_standing(session, named(session, each)) for each in (ref, other_ref))
    if first is second:
        raise InputError(
            f"{first.canonical_id} is one paper already", fix=f"digest papers show {first.canonical_id}"
        )
    into, other = strongest([first, second])
    join(session, into, other, why)
    return Merge(other.canonical_id, into.canonical_id, why.reason, why.by, why.at)


def split(session: Session, ref: str, now: datetime) -> Merge:
    """Undo the merge of the paper with this id into another: both are as if it had never been.

    Raises UnknownError, and InputError where it wasn't merged.
    """
    serialise(session, "papers")
    part = named(session, ref)
    holding = select(MergeRow).where(MergeRow.paper_id == part.id, MergeRow.split_at.is_(None))
    undone = session.scalars(holding).first()
    if undone is None or part.merged_into is None:
        raise _not_merged(session, part)
    root = session.get_one(PaperRow, part.merged_into)
    parts = members(session, [root.id])
    along = _below(session, part, parts)
    undone.split_at = now
    part.merged_into = None
    for row in along:
        row.merged_into = part.id
    work.rebuild(part, along)
    work.rebuild(root, [row for row in parts if row is not part and row not in along])
    session.flush()
    keep_authors(session, [part, root])
    into = session.get_one(PaperRow, undone.into_id)
    return Merge(part.canonical_id, into.canonical_id, undone.reason, undone.by, undone.at, now)


def history(session: Session, number: int) -> list[Merge]:
    """Return all merges of a paper (`PaperRow.id`) and of its parts, undone ones too, oldest first."""
    numbers = list(owners(session, [number]))
    paper, into = aliased(PaperRow), aliased(PaperRow)
    rows = session.execute(
        select(paper.canonical_id, into.canonical_id, MergeRow)
        .join(paper, paper.id == MergeRow.paper_id)
        .join(into, into.id == MergeRow.into_id)
        .where(or_(MergeRow.paper_id.in_(numbers), MergeRow.into_id.in_(numbers)))
        .order_by(MergeRow.at, MergeRow.id)
    )
    return [Merge(of, to, row.reason, row.by, row.at, row.split_at) for of, to, row in rows]


def _standing(session: Session, row: PaperRow) -> PaperRow:
    return session.get_one(PaperRow, row.merged_into) if row.merged_into else row


def _below(session: Session, top: PaperRow, parts: Sequence[PaperRow]) -> list[PaperRow]:
    """Those of the parts that came into the paper by way of `top`."""
    numbers = [row.id for row in parts]
    holding = select(MergeRow.paper_id, MergeRow.into_id).where(
        MergeRow.paper_id.in_(numbers), MergeRow.split_at.is_(None)
    )
    parents: dict[int, int] = dict(session.execute(holding).all())
    return [row for row in parts if _leads(parents, row.id, {top.id})]


def _leads(parents: Mapping[int, int], number: int, to: Collection[int]) -> bool:
    while number in parents:
        number = parents[number]
        if number in to:
            return True
    return False


def _not_merged(session: Session, row: PaperRow) -> InputError:
    parts = (
        select(PaperRow.canonical_id).where(PaperRow.merged_into == row.id).order_by(PaperRow.canonical_id)
    )
    names = session.scalars(parts).all()
    if not names:
        return InputError(f"{row.canonical_id} wasn't merged into another paper")
    msg = f"{row.canonical_id} stands for {', '.join(names)} too: name the one to split off"
    return InputError(msg, fix=f"digest papers split {names[0]}")

"""Keeps which papers are hidden and why; `papers.hidden` follows from the rows, and is what readers ask."""

from collections.abc import Collection
from datetime import datetime
from typing import Any

from sqlalchemy import Row, bindparam, delete, exists, func, select, update
from sqlalchemy.orm import Session

from digest.domain import HideReason, Hiding
from digest.store.community.tables.hidings import HidingRow
from digest.store.papers.tables.papers import PaperRow
from digest.store.readable import readable
from digest.store.session import is_among, serialise

Revision = tuple[object, ...]
_ROW = HidingRow.__table__.c
# Built once: each page of a paper asks it.
_HIDING = select(_ROW.reason, _ROW.words, _ROW.by, _ROW.at).where(
    _ROW.paper_id == bindparam("paper_id"), _ROW.unhidden_at.is_(None)
)


def hiding_of(session: Session, paper_id: int) -> Hiding | None:
    """Return why a paper (`Paper.pk`) is hidden; None where it is shown.

    A reason that this version doesn't know is another reason: the paper stays hidden.
    """
    row = session.execute(_HIDING, {"paper_id": paper_id}).first()
    if row is None:
        return None
    known = readable([row], _hiding, lambda _: f"hiding of paper {paper_id}")
    return known[0] if known else Hiding(HideReason.OTHER, row.words, row.by, row.at)


def _hiding(row: HidingRow | Row[*tuple[Any, ...]]) -> Hiding:
    return Hiding(HideReason(row.reason), row.words, row.by, row.at)


def listing(session: Session, limit: int = 30) -> list[tuple[str, str, Hiding]]:
    """Return the papers (id, title) that were hidden last, with why, the newest first."""
    rows = (
        select(PaperRow.canonical_id, PaperRow.title, HidingRow)
        .join(PaperRow, PaperRow.id == HidingRow.paper_id)
        .where(HidingRow.unhidden_at.is_(None))
        .order_by(HidingRow.id.desc())
        .limit(limit)
    )
    return readable(
        session.execute(rows),
        lambda found: (found[0], found[1], _hiding(found[2])),
        lambda found: f"hiding of {found[0]}",
    )


def as_state(hiding: Hiding | None) -> dict[str, Any] | None:
    """Return a hiding as the audit has it; None: the paper is shown."""
    if hiding is None:
        return None
    return {
        "reason": hiding.reason, "words": hiding.words, "by": hiding.by, "at": hiding.at.isoformat()
    }  # fmt: skip


def lock(session: Session) -> None:
    """Let nobody else hide or show papers until this transaction ends."""
    serialise(session, "papers")


def hide(session: Session, paper_id: int, hiding: Hiding) -> None:
    """Hide a paper that is shown; one whose hiding of that time was ended is hidden by it again."""
    ended = update(HidingRow).where(HidingRow.paper_id == paper_id, HidingRow.at == hiding.at)
    if session.scalar(ended.values(unhidden_at=None).returning(HidingRow.id)) is None:
        row = HidingRow(
            paper_id=paper_id, reason=hiding.reason, words=hiding.words, by=hiding.by, at=hiding.at
        )
        session.add(row)
    _follow(session, paper_id)


def unhide(session: Session, paper_id: int, now: datetime) -> None:
    """Show a paper again; that it was hidden stays in the store."""
    session.execute(
        update(HidingRow)
        .where(HidingRow.paper_id == paper_id, HidingRow.unhidden_at.is_(None))
        .values(unhidden_at=now)
    )
    _follow(session, paper_id)


def forget(session: Session, paper_id: int) -> None:
    """Let the hiding that holds have never been."""
    session.execute(delete(HidingRow).where(HidingRow.paper_id == paper_id, HidingRow.unhidden_at.is_(None)))
    _follow(session, paper_id)


def forget_people(session: Session, ids: Collection[int], nobody: str) -> None:
    """Let what people hid who are erased stay hidden without their name (`nobody` instead) and words."""
    names = [f"subscriber:{number}" for number in ids]
    theirs = update(HidingRow).where(is_among(session, HidingRow.by, names))
    theirs = theirs.execution_options(synchronize_session=False)
    session.execute(theirs.values(by=nobody, words=""))


def revision(session: Session) -> Revision:
    """Return what is another value whenever papers were hidden or shown again."""
    hidings = select(func.count(), func.count(HidingRow.unhidden_at), func.max(HidingRow.id))
    return tuple(session.execute(hidings).one())


def _follow(session: Session, paper_id: int) -> None:
    session.flush()
    holds = exists().where(HidingRow.paper_id == paper_id, HidingRow.unhidden_at.is_(None))
    session.execute(
        update(PaperRow)
        .where(PaperRow.id == paper_id)
        .values(hidden=select(holds).scalar_subquery())
        .execution_options(synchronize_session=False)
    )
    session.expire_all()

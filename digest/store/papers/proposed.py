"""Finds papers that readers proposed by what a site says of them; takes them out where nobody used them."""

from sqlalchemy import delete, exists, or_, select
from sqlalchemy.orm import Session

from digest.domain import Entry, Paper
from digest.errors import RefusedError
from digest.ids import aliases
from digest.store.papers.reading import as_papers, named
from digest.store.papers.tables.entries import EntryRow
from digest.store.papers.tables.merges import MergeRow
from digest.store.papers.tables.paper_ids import PaperIdRow
from digest.store.papers.tables.papers import PaperRow


def known(session: Session, entry: Entry, source: str) -> Paper | None:
    """Return the paper that an entry of a source is about, where some source listed it already."""
    ids = aliases(entry, source)
    rows = select(PaperIdRow.alias, PaperRow).join(PaperRow, PaperRow.id == PaperIdRow.paper_id)
    found: dict[str, PaperRow] = dict(session.execute(rows.where(PaperIdRow.alias.in_(ids))).all())
    row = next((found[alias] for alias in ids if alias in found), None)
    if row is not None and row.merged_into:
        row = session.get_one(PaperRow, row.merged_into)
    return next(iter(as_papers(session, [row], until=None)), None) if row and row.announced else None


def is_only_of(session: Session, number: int, source: str) -> bool:
    """Tell whether no other source than this one carried a paper (`Paper.pk`), nor a part of it."""
    others = exists().where(EntryRow.paper_id == number, EntryRow.source != source)
    merged = exists().where(or_(MergeRow.paper_id == number, MergeRow.into_id == number))
    return not session.scalar(select(others | merged))


def remove_carried_by(session: Session, ref: str, source: str) -> None:
    """Take a paper out of the store that only this source carried.

    Raises UnknownError, and RefusedError where another source carries it or readers did something with it.
    """
    from digest.store.community.tables.picks import PickRow  # noqa: PLC0415 - many read no paper
    from digest.store.community.tables.saved import SavedRow  # noqa: PLC0415 - as above
    from digest.store.community.tables.votes import VoteRow  # noqa: PLC0415 - as above

    row = named(session, ref)
    used = [exists().where(table.paper_id == row.id) for table in (VoteRow, SavedRow, PickRow)]
    if not is_only_of(session, row.id, source) or any(session.scalar(select(each)) for each in used):
        msg = f"{row.canonical_id} is used here since: a source, a vote or a pick names it"
        raise RefusedError(msg, fix=f"digest papers hide {row.canonical_id} --reason other")
    session.execute(delete(PaperRow).where(PaperRow.id == row.id))
    session.expire_all()

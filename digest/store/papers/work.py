"""Keeps what a work says in its rows: one row, or several that were merged and one that stands for them.

Each row keeps what it says alone: in its columns, or in `own` where others were merged into it. The columns
of the row that stands for others are what `combine` says of all of them, so that a merge can be undone
exactly at any time. No SQL.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from digest.domain import Entry, Source
from digest.store.papers.combine import (
    FIELDS,
    LISTS,
    NOTHING,
    Part,
    add_entry,
    adds_nothing,
    combine,
    from_json,
    to_json,
)
from digest.store.papers.tables.papers import PaperRow


@dataclass(frozen=True, slots=True)
class Found:
    """The paper of an entry, and the row that has its ids: another one where papers were merged.

    `members`: the rows that were merged into the paper.
    """

    paper: PaperRow
    part: PaperRow
    members: Sequence[PaperRow] = ()
    new: bool = False


def new_row(canonical_id: str) -> PaperRow:
    """Return a row that says nothing yet."""
    row = PaperRow(canonical_id=canonical_id, hidden=False)
    for name in FIELDS:
        value = getattr(NOTHING, name)
        setattr(row, name, list(value) if name in LISTS else value)
    return row


def alone(row: PaperRow) -> Part:
    """Return what a row says without those merged into it."""
    return _read(row) if row.own is None else from_json(row.own)


def merge_entry(found: Found, entry: Entry, source: Source, at: datetime) -> bool:
    """Add an entry to the row that has its ids, and to the paper; returns whether the paper is changed."""
    if found.part.own is None and not found.members and adds_nothing(found.part, entry, source, at):
        return False
    before = alone(found.part)
    after = add_entry(before, entry, source, at)
    if found.part.own is not None:
        found.part.own = to_json(after)
        return rebuild(found.paper, found.members)
    changed = _write(found.part, before, after)
    return rebuild(found.paper, found.members) if found.members else changed


def rebuild(paper: PaperRow, members: Sequence[PaperRow]) -> bool:
    """Write what a paper and the rows merged into it say together; returns whether that is anything new.

    What a row says that was hidden before it was merged isn't shown by way of another.
    """
    own = alone(paper)
    paper.own = to_json(own) if members else None
    shown = [member for member in members if not member.hidden]
    return _write(paper, _read(paper), combine([own, *map(alone, shown)]))


def _read(row: PaperRow) -> Part:
    values = {name: getattr(row, name) for name in FIELDS}
    return Part(**values | {name: tuple(values[name]) for name in LISTS})


def _write(row: PaperRow, before: Part, after: Part) -> bool:
    changed = [name for name in FIELDS if getattr(before, name) != getattr(after, name)]
    for name in changed:
        value = getattr(after, name)
        setattr(row, name, list(value) if name in LISTS else value)
    return bool(changed)

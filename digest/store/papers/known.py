"""The papers that a batch of entries may be about, by all their ids: loaded at once, looked up in memory.

Two rows that an entry shows to be one work are merged: the weaker one points to the other and stays, so
that it can be undone. Only a source that speaks for the work itself may show that; a feed of any kind could
otherwise hide other people's papers.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from sqlalchemy import select, update
from sqlalchemy.orm import Session, make_transient_to_detached

from digest.store.models import PaperIdRow, PaperRow
from digest.store.papers.work import merge, new_row
from digest.store.session import chunks, insert

_COLUMNS = [column.key for column in PaperRow.__table__.columns if column.key != "id"]


@dataclass(slots=True)
class Known:
    """Papers by id; `added` are the ids and `made` the papers that the database doesn't have yet."""

    papers: dict[str, PaperRow]
    added: dict[str, PaperRow] = field(default_factory=dict)
    made: list[PaperRow] = field(default_factory=list)

    def paper(self, session: Session, ids: Sequence[str], *, may_link: bool) -> tuple[PaperRow, bool]:
        """The paper with these ids (strongest first), and whether it had to be made."""
        rows = self._rows(ids)
        if not rows:
            self.made.append(new_row(ids[0]))
            return self.made[-1], True
        first, *others = rows
        for other in others:
            if may_link or not _strength(other.canonical_id):
                self._merge(session, first, other)
        return first, False

    def add(self, row: PaperRow, ids: Sequence[str]) -> bool:
        """Note the ids that weren't known as this paper's; True when there were any."""
        fresh = [alias for alias in ids if alias not in self.papers]
        for alias in fresh:
            self.papers[alias] = self.added[alias] = row
        if _strength(ids[0]) > _strength(row.canonical_id):
            row.canonical_id = ids[0]
        return bool(fresh)

    def write(self, session: Session) -> None:
        """Write the papers: those made, then what changed in others.

        The unit of work could do both, but on SQLite it inserts one row at a time to learn its number.
        """
        made = {row.canonical_id: row for row in self.made}
        self.made.clear()
        if made:
            rows = [{name: getattr(row, name) for name in _COLUMNS} for row in made.values()]
            numbered = insert(session, PaperRow).returning(PaperRow.canonical_id, PaperRow.id)
            for canonical_id, number in session.execute(numbered, rows):
                made[canonical_id].id = number
                make_transient_to_detached(made[canonical_id])
            session.add_all(made.values())
        session.flush()

    def _rows(self, ids: Sequence[str]) -> list[PaperRow]:
        """The papers that have one of the ids and contradict none; the one that stands for the work first."""
        found = {id(row): row for alias in ids if (row := self.papers.get(alias))}
        rows = [row for row in found.values() if not self._contradicts(row, ids)]
        return sorted(rows, key=lambda row: (-_strength(row.canonical_id), row.id or float("inf")))

    def _contradicts(self, row: PaperRow, ids: Sequence[str]) -> bool:
        """Whether the ids name another arXiv paper, or another DOI, than this one."""
        kind = row.canonical_id.partition(":")[0]
        # The last id is the source's own for the item, and says nothing: each version can have another.
        same_kind = [alias for alias in ids[:-1] if alias.partition(":")[0] == kind]
        return any(alias != row.canonical_id and self.papers.get(alias) is not row for alias in same_kind)

    def _merge(self, session: Session, row: PaperRow, other: PaperRow) -> None:
        self.write(session)  # gives new rows their numbers
        merge(row, other)
        session.execute(update(PaperRow).where(PaperRow.merged_into == other.id).values(merged_into=row.id))
        for ids in (self.papers, self.added):
            ids.update({alias: row for alias, paper in ids.items() if paper is other})


def load(session: Session, ids: Iterable[str]) -> Known:
    """The papers with any of these ids; for one that was merged, the one that stands for it."""
    numbers: dict[str, int] = {}
    for chunk in chunks(set(ids)):
        found = select(PaperIdRow.alias, PaperIdRow.paper_id).where(PaperIdRow.alias.in_(chunk))
        numbers.update(session.execute(found).all())
    rows = _rows(session, set(numbers.values()))
    rows |= _rows(session, {row.merged_into for row in rows.values() if row.merged_into} - set(rows))
    return Known({alias: rows[rows[number].merged_into or number] for alias, number in numbers.items()})


def _rows(session: Session, numbers: Iterable[int]) -> dict[int, PaperRow]:
    return {
        row.id: row
        for chunk in chunks(numbers)
        for row in session.scalars(select(PaperRow).where(PaperRow.id.in_(chunk)))
    }


def _strength(alias: str) -> int:
    """How well an id names a work in the whole world: arXiv 2, DOI 1, a source's own id 0."""
    return {"arxiv": 2, "doi": 1}.get(alias.partition(":")[0], 0)

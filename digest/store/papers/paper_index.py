"""Finds the papers that a batch of entries may be about, by all their ids, loaded at once.

Two rows that an entry shows to be one work are merged, see `merges`. Only a source that speaks for the work
itself may show that; a feed of any kind could otherwise hide other people's papers.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from sqlalchemy import select
from sqlalchemy.orm import Session, make_transient_to_detached

from digest.store.papers.merges import Why, join, kept_apart, members, strength, strongest
from digest.store.papers.tables.paper_ids import PaperIdRow
from digest.store.papers.tables.papers import PaperRow
from digest.store.papers.work import Found, new_row
from digest.store.session import chunks, insert

_COLUMNS = [column.key for column in PaperRow.__table__.columns if column.key != "id"]


@dataclass(slots=True)
class PaperIndex:
    """Rows by id (`parts`), and the papers that stand for merged ones by number (`roots`, their `members`).

    `added` are the ids and `made` the rows that the database doesn't have yet.
    """

    parts: dict[str, PaperRow]
    roots: dict[int, PaperRow]
    members: dict[int, list[PaperRow]]
    added: dict[str, PaperRow] = field(default_factory=dict)
    made: list[PaperRow] = field(default_factory=list)

    def find(self, session: Session, ids: Sequence[str], *, may_link: bool, why: Why) -> Found:
        """Return the paper with these ids (strongest first); it is made where there is none."""
        papers = self._papers(ids)
        if not papers:
            self.made.append(new_row(ids[0]))
            return Found(self.made[-1], self.made[-1], new=True)
        first, *others = papers
        for other in others:
            if may_link or not strength(other.canonical_id):
                self._merge(session, first, other, why)
        part = next(row for alias in ids if (row := self.parts.get(alias)) and self._root(row) is first)
        return Found(first, part, self.members.get(first.id, ()))

    def add(self, row: PaperRow, ids: Sequence[str]) -> bool:
        """Note the ids that weren't known as this row's; True when there were any."""
        fresh = [alias for alias in ids if alias not in self.parts]
        for alias in fresh:
            self.parts[alias] = self.added[alias] = row
        if ids[0] in fresh and strength(ids[0]) > strength(row.canonical_id):
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

    def _root(self, row: PaperRow) -> PaperRow:
        return self.roots[row.merged_into] if row.merged_into else row

    def _papers(self, ids: Sequence[str]) -> list[PaperRow]:
        """The papers that have one of the ids and contradict none; the one that stands for the work first."""
        found = {id(paper): paper for alias in ids if (paper := self._paper(alias))}
        return strongest(paper for paper in found.values() if not self._contradicts(paper, ids))

    def _paper(self, alias: str) -> PaperRow | None:
        row = self.parts.get(alias)
        return self._root(row) if row else None

    def _contradicts(self, paper: PaperRow, ids: Sequence[str]) -> bool:
        """Whether the ids name another arXiv paper, or another DOI, than this one."""
        kind = paper.canonical_id.partition(":")[0]
        # The last id is the source's own for the item, and says nothing: each version can have another.
        same_kind = [alias for alias in ids[:-1] if alias.partition(":")[0] == kind]
        return any(alias != paper.canonical_id and self._paper(alias) is not paper for alias in same_kind)

    def _merge(self, session: Session, paper: PaperRow, other: PaperRow, why: Why) -> None:
        self.write(session)  # gives new rows their numbers
        if not kept_apart(session, paper, other):
            self.roots[paper.id] = paper
            self.members[paper.id] = join(session, paper, other, why)


def load(session: Session, ids: Iterable[str]) -> PaperIndex:
    """Return the rows with any of these ids; for those that were merged, also the papers that stand
    for them.
    """
    numbers: dict[str, int] = {}
    for chunk in chunks(set(ids)):
        found = select(PaperIdRow.alias, PaperIdRow.paper_id).where(PaperIdRow.alias.in_(chunk))
        numbers.update(session.execute(found).all())
    rows = _rows(session, set(numbers.values()))
    rows |= _rows(session, {row.merged_into for row in rows.values() if row.merged_into} - set(rows))
    by_paper: dict[int, list[PaperRow]] = defaultdict(list)
    for row in members(session, [number for number, row in rows.items() if row.own is not None]):
        by_paper[row.merged_into or 0].append(row)
    return PaperIndex({alias: rows[number] for alias, number in numbers.items()}, rows, by_paper)


def _rows(session: Session, numbers: Iterable[int]) -> dict[int, PaperRow]:
    return {
        row.id: row
        for chunk in chunks(numbers)
        for row in session.scalars(select(PaperRow).where(PaperRow.id.in_(chunk)))
    }

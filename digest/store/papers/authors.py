"""Finds papers by their authors' names; the names are kept beside each paper's own list.

Two people of one name are one list here: papers name no one more exactly.
"""

import unicodedata
from collections import defaultdict
from collections.abc import Iterable
from typing import NamedTuple

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from digest.domain import Paper
from digest.store.papers.listing import outlines_of
from digest.store.papers.tables.authors import AuthorRow
from digest.store.papers.tables.papers import PaperRow
from digest.store.session import chunks, insert, write

LONGEST = 100  # characters of a key


class Written(NamedTuple):
    """An author's name as one of their papers has it, and outlines of the papers."""

    name: str
    papers: list[Paper]


def author_key(name: str) -> str:
    """Fold a name for look-ups: case, accents, dots and spaces don't matter; '' where nothing is left."""
    decomposed = unicodedata.normalize("NFKD", name)
    letters = "".join(c for c in decomposed if not unicodedata.combining(c))
    return " ".join(letters.replace(".", " ").casefold().split())[:LONGEST].strip()


def by_author(session: Session, name: str, limit: int) -> Written | None:
    """Return the newest papers by an author that may be shown, at most `limit`; None where there are none."""
    key = author_key(name)
    found = outlines_of(session, select(AuthorRow.paper_id).where(AuthorRow.key == key), limit)
    if not found:
        return None
    newest = max(found, key=lambda paper: (paper.first_seen_at, paper.pk))
    names = session.scalars(select(PaperRow.authors).where(PaperRow.id == newest.pk)).one()
    return Written(next((each for each in names if author_key(each) == key), name), found)


def keep_authors(session: Session, rows: Iterable[PaperRow]) -> None:
    """Let look-ups by name follow what these papers say now. The rows have their numbers."""
    wanted = {row.id: {key for name in row.authors if (key := author_key(name))} for row in rows}
    for chunk in chunks(wanted):
        known: dict[int, set[str]] = defaultdict(set)
        kept = select(AuthorRow.paper_id, AuthorRow.key).where(AuthorRow.paper_id.in_(chunk))
        for number, key in session.execute(kept):
            known[number].add(key)
        _remove(session, {number: known[number] - wanted[number] for number in chunk})
        fresh = [{"paper_id": n, "key": key} for n in chunk for key in sorted(wanted[n] - known[n])]
        write(session, insert(session, AuthorRow).on_conflict_do_nothing(), fresh)


def _remove(session: Session, gone: dict[int, set[str]]) -> None:
    for number, keys in gone.items():
        if keys:
            session.execute(delete(AuthorRow).where(AuthorRow.paper_id == number, AuthorRow.key.in_(keys)))

"""Stores entries of one source as papers: one per work, whatever sources and versions carried it.

Works over a whole batch in memory and touches the database in chunks, never once per entry. Callers take
turns (two sources may bring one new paper at once). Nothing is deleted; the same input again changes nothing.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from digest.domain import Entry, Skipped, Source, SourceKind
from digest.errors import InputError
from digest.ids import aliases
from digest.store.papers.authors import keep_authors
from digest.store.papers.merges import Why
from digest.store.papers.paper_index import PaperIndex, load
from digest.store.papers.signals import Observation, observe
from digest.store.papers.storable import unstorable
from digest.store.papers.tables.entries import EntryRow
from digest.store.papers.tables.paper_ids import PaperIdRow
from digest.store.papers.tables.papers import PaperRow
from digest.store.papers.work import merge_entry
from digest.store.session import chunks, insert, serialise, write

LONGEST_NAME = 100  # characters of a source's name


@dataclass(frozen=True, slots=True)
class StoredEntries:
    """What became of the entries, each counted once.

    `new`: made a paper. `updated`: told something new of a known one (text, source, signal, date). `fresh`
    counts across these: entries that this source carried for the first time; `first_carried` are their keys.
    """

    new: int
    updated: int
    unchanged: int
    skipped: tuple[Skipped, ...] = ()
    fresh: int = 0
    first_carried: frozenset[str] = frozenset()


@dataclass(slots=True)
class _Item:
    """An entry on its way into the database."""

    entry: Entry
    at: datetime  # when it is seen
    row: PaperRow  # that has its ids
    paper: PaperRow  # that stands for it
    new: bool
    fresh: bool
    changed: bool


def store_entries(
    session: Session,
    source: Source,
    entries: Sequence[Entry],
    *,
    seen_at: datetime | None,
    observed_at: datetime | None = None,
) -> StoredEntries:
    """Take in the entries of one answer or file of `source` (which needs no row of its own).

    `seen_at` None: each entry is seen on the day that it gives itself (announced, else published).
    `observed_at`: when its signals were, where that isn't when it is seen. Entries that can't be kept are
    skipped with their reason. Raises InputError where the source's name could pass
    its items off as papers of arXiv.
    """
    check_name(source.name, source.kind)
    dated, skipped = _readable(entries, seen_at)
    named = [(entry, at, aliases(entry, source.name)) for entry, at in dated]
    serialise(session, "papers")
    known = load(session, (alias for *_, ids in named for alias in ids))
    found = [_take(session, known, source, entry, at=at, ids=ids) for entry, at, ids in named]
    items = [item for item in found if item]
    known.write(session)
    keep_authors(session, _changed(items))
    _write_ids(session, known)
    _write_entries(session, source.name, items)
    _observe(session, source.name, items, observed_at)
    new = sum(item.new for item in items)
    updated = sum(item.changed and not item.new for item in items)
    first_carried = frozenset(item.entry.key for item in items if item.fresh)
    unchanged = len(found) - new - updated
    return StoredEntries(new, updated, unchanged, tuple(skipped), len(first_carried), first_carried)


def carried_before(session: Session, source: str, keys: Iterable[str], moment: datetime) -> set[str]:
    """Return those of a source's items (by key) that it carried before a moment already."""
    ours = select(EntryRow.key).where(EntryRow.source == source, EntryRow.seen_at < moment)
    return {key for chunk in chunks(keys) for key in session.scalars(ours.where(EntryRow.key.in_(chunk)))}


def check_name(name: str, kind: SourceKind) -> None:
    """Refuse (InputError) a source's name that would make its own ids look like arXiv ids or DOIs."""
    if (
        not name
        or len(name) > LONGEST_NAME
        or not name.isprintable()
        or ":" in name
        or name == "doi"
        or name in _owned_by_others(kind)
    ):
        msg = f"a source of kind {kind} can't be named {name[:LONGEST_NAME]!r}"
        raise InputError(msg, fix="choose another name")


def _owned_by_others(kind: SourceKind) -> set[str]:
    from digest.sources.registry import TYPES  # noqa: PLC0415 - brings what reads each kind of source

    return {each.owns_name for each in TYPES.values() if each.owns_name and each.kind is not kind}


def _readable(
    entries: Sequence[Entry], seen_at: datetime | None
) -> tuple[list[tuple[Entry, datetime]], list[Skipped]]:
    """The entries that can be kept, each with the time when it is seen; and the others."""
    dated: list[tuple[Entry, datetime]] = []
    skipped: list[Skipped] = []
    for entry in entries:
        wrong = unstorable(entry)
        at = seen_at or entry.announced_at or entry.published_at
        if wrong or at is None:
            name = entry.key[:100].encode(errors="replace").decode()
            skipped.append(Skipped(name, wrong or "gives no date: say when it was seen"))
        else:
            dated.append((entry, at.astimezone(UTC)))
    return dated, skipped


def _take(
    session: Session, known: PaperIndex, source: Source, entry: Entry, *, at: datetime, ids: tuple[str, ...]
) -> _Item | None:
    """Find or make the paper of an entry (with these `aliases`) and let it take in what the entry knows.

    None for a withdrawal without a text, of a work that isn't known here.
    """
    if entry.withdrawn and not entry.abstract and not any(alias in known.parts for alias in ids):
        return None
    from digest.sources.registry import type_of  # noqa: PLC0415 - as above

    may_link = type_of(source.kind).may_link
    if not may_link:
        ids = tuple(dict.fromkeys((ids[0], ids[-1])))  # not trusted to say which DOI is which arXiv paper
    why = Why(f"{entry.key} names {' and '.join(ids[:-1])}", f"source {source.name}", at)
    found = known.find(session, ids, may_link=may_link, why=why)
    fresh = ids[-1] not in known.parts
    changed = [
        known.add(found.part, ids),
        merge_entry(found, entry, source, at),
    ]
    return _Item(entry, at, found.part, found.paper, new=found.new, fresh=fresh, changed=any(changed))


def _changed(items: Sequence[_Item]) -> list[PaperRow]:
    """The rows that took something in, and the papers that stand for them."""
    rows = [row for item in items if item.changed or item.new for row in (item.row, item.paper)]
    return list({row.id: row for row in rows}.values())


def _write_ids(session: Session, known: PaperIndex) -> None:
    rows = [{"alias": alias, "paper_id": row.id} for alias, row in known.added.items()]
    write(session, insert(session, PaperIdRow), rows)


def _write_entries(session: Session, source: str, items: Sequence[_Item]) -> None:
    rows = [
        {
            "source": source,
            "key": item.entry.key,
            "paper_id": item.row.id,
            "version": item.entry.version,
            "announce_type": item.entry.announce_type,
            "announced_at": item.entry.announced_at,
            "seen_at": item.at,
        }
        for item in items
        if item.fresh
    ]
    write(session, insert(session, EntryRow), rows)


def _observe(session: Session, source: str, items: Sequence[_Item], at: datetime | None) -> None:
    seen = [
        (item, Observation(item.row.id, kind, value, at or item.at))
        for item in items
        for kind, value in item.entry.signals.items()
    ]
    for index in observe(session, source, [observation for _, observation in seen]):
        seen[index][0].changed = True

"""A paper's row and what it takes in: from an entry, or from other rows that are the same work. No SQL.

Which text a paper has: that of the source nearest to the work (`SourceType.rank`), then of the highest
version, then the longest abstract; ties are broken by the text itself, so the order of landing doesn't
matter. What the winner leaves empty is filled from the others.

A paper is first seen at the earliest time that a source listed it as new. arXiv's replacements of papers
never seen are kept, but as old papers: `announced` is off, and they are no candidates, until a source lists
them.

A paper that stands for several rows says what they say together. Each of them goes on taking in what is its
own, as if it stood alone (a row of its own does so itself, the one that stands for all in `own`), so that a
merge can be undone at any time.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from digest.domain import Entry, Source
from digest.sources.registry import type_of
from digest.store.papers.tables import PaperRow

_REPLACEMENTS = {"replace", "replace-cross"}
_TEXTS = (
    "title", "abstract", "url", "pdf_url", "code_url", "project_url", "discussion_url", "thumbnail",
    "comment", "organization",
)  # fmt: skip
_LISTS = ("authors", "categories", "keywords")
_FIELDS = (*_TEXTS, *_LISTS, "published_at", "version", "doi")  # that an entry and a row share
_MOMENTS = ("published_at", "first_seen_at", "withdrawn_at")
_OWN = (
    *_FIELDS, "summary", "summary_source", "text_rank", "first_seen_at", "announced", "withdrawn_at",
    "withdrawal",
)  # fmt: skip
_NOTICE = -1  # the rank of a notice of withdrawal: it says nothing of the work


def new_row(canonical_id: str) -> PaperRow:
    """A row that knows nothing yet; the first `see` and `absorb` fill it."""
    return PaperRow(canonical_id=canonical_id, text_rank=-1, announced=False, hidden=False, **_empty())


def _empty() -> dict[str, Any]:
    texts: dict[str, Any] = dict.fromkeys((*_TEXTS, "summary", "summary_source", "withdrawal"), "")
    return texts | {name: [] for name in _LISTS} | {"withdrawn_at": None}


def merge_entry(row: PaperRow, entry: Entry, source: Source, at: datetime) -> bool:
    """Take in that a source carried this entry at a time; True when anything changed."""
    highest = row.version
    changed = any([_seen(row, entry, at), _withdraw(row, entry, source, at), _absorb(row, entry, source)])
    if row.withdrawn_at and highest and (row.version or 0) < highest:
        row.version = highest  # the version that was withdrawn, though an earlier one has the text
    return changed


def merge_entry_alone(part: PaperRow, entry: Entry, source: Source, at: datetime) -> None:
    """Let a row that is merged with others take in what is its own, see above."""
    if part.own is not None:
        alone = _alone(part)
        merge_entry(alone, entry, source, at)
        part.own = _own(alone)
    elif part.merged_into is not None:
        merge_entry(part, entry, source, at)


def merge(row: PaperRow, other: PaperRow) -> None:
    """Let `row` say what it and `other`, the same work, say together, and stand for it. Both have numbers."""
    if row.own is None:
        row.own = _own(row)
    _take_in(row, other)
    other.merged_into = row.id


def rebuild(row: PaperRow, parts: Sequence[PaperRow]) -> None:
    """Let a row that others were merged into say what it and these alone say; no parts: itself."""
    if row.own is None:
        return
    for name, value in _own_values(row).items():
        setattr(row, name, value)
    for part in parts:
        _take_in(row, _alone(part))
    if not parts:
        row.own = None


def _seen(row: PaperRow, entry: Entry, at: datetime) -> bool:
    if entry.announce_type in _REPLACEMENTS:
        return _see(row, entry.published_at or at, announced=False)
    return _see(row, at, announced=True)


def _withdraw(row: PaperRow, entry: Entry, source: Source, at: datetime) -> bool:
    """Mark a work as withdrawn where this says so, or as published again where a later version is none.

    Sources that speak for works may say it of any; others only of those that nobody nearer to the work has.
    """
    speaker = type_of(source.kind)
    if not speaker.may_withdraw and speaker.rank < row.text_rank:
        return False
    known, said = row.version or 0, entry.version or 0
    if not entry.withdrawn:
        if row.withdrawn_at is None or said <= known:
            return False
        row.withdrawn_at, row.withdrawal = None, ""
        return True
    if said and said < known:
        return False
    row.version = max(known, said) or None
    if row.withdrawn_at and row.withdrawn_at <= at:
        return False
    row.withdrawn_at, row.withdrawal = at, entry.withdrawn
    return True


def _absorb(row: PaperRow, entry: Entry, source: Source) -> bool:
    """Take in the text of an entry where it is better, else what is missing; True when anything changed."""
    rank = _NOTICE if entry.withdrawn else type_of(source.kind).rank
    changed = _compete(row, rank, _values(entry))
    if entry.summary and row.summary_source in {"", source.name} and entry.summary != row.summary:
        row.summary, row.summary_source = entry.summary, source.name
        changed = True
    return changed


def _take_in(row: PaperRow, other: PaperRow) -> None:
    _see(row, other.first_seen_at, announced=other.announced)
    _compete(row, other.text_rank, _values(other))
    if other.withdrawn_at and (row.withdrawn_at is None or other.withdrawn_at < row.withdrawn_at):
        row.withdrawn_at, row.withdrawal = other.withdrawn_at, other.withdrawal
    if not row.summary:
        row.summary, row.summary_source = other.summary, other.summary_source


def _own(row: PaperRow) -> dict[str, Any]:
    """What a row says, as JSON keeps it."""
    values = {name: getattr(row, name) for name in _OWN}
    return values | {name: values[name] and values[name].isoformat() for name in _MOMENTS}


def _own_values(row: PaperRow) -> dict[str, Any]:
    values = _empty() | (row.own or {})  # fields that came with a later version stand in no older row
    return values | {name: values[name] and datetime.fromisoformat(values[name]) for name in _MOMENTS}


def _alone(row: PaperRow) -> PaperRow:
    """What a row says without those merged into it, as a row of no database."""
    if row.own is None:
        return row
    alone = new_row(row.canonical_id)
    for name, value in _own_values(row).items():
        setattr(alone, name, value)
    return alone


def _see(row: PaperRow, at: datetime, *, announced: bool) -> bool:
    if row.announced and not announced:
        return False
    first_listed = announced and not row.announced
    known: datetime | None = row.first_seen_at  # none before a new row's first `see`
    if known and known <= at and not first_listed:
        return False
    row.first_seen_at, row.announced = at, announced
    return True


def _compete(row: PaperRow, rank: int, values: dict[str, Any]) -> bool:
    """Take over a better text, or what is missing; True when anything changed."""
    better = _order(rank, values) > _order(row.text_rank, _values(row))
    if better:
        row.text_rank = rank
    return _fill(row, values, over=better)


def _values(of: Entry | PaperRow) -> dict[str, Any]:
    values = {name: getattr(of, name) for name in _FIELDS}
    return values | {name: list(values[name]) for name in _LISTS}


def _order(rank: int, values: dict[str, Any]) -> tuple[int, int, int, str, str]:
    abstract = values["abstract"]
    return rank, values["version"] or 0, len(abstract), abstract, values["title"]


def _fill(row: PaperRow, values: dict[str, Any], *, over: bool) -> bool:
    """Write the values that aren't empty: into empty fields, or over others too."""
    changed = False
    for name, value in values.items():
        old = getattr(row, name)
        if value and value != old and (over or not old):
            setattr(row, name, value)
            changed = True
    return changed

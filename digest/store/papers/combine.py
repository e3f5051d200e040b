"""Says what a paper is from what its parts say: its entries, and the papers merged into it. Pure.

Which text a paper has: that of the source nearest to the work (`SourceType.rank`), then of the highest
version, then the longest abstract; ties are broken by the text itself. What the winner leaves empty is filled
from the next best, so the order of the parts doesn't matter.

A paper is first seen at the earliest time that a source listed it as new. arXiv's replacements of papers
never seen are kept, but as old papers: `announced` is off, and they are no candidates, until a source lists
them.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields, replace
from datetime import datetime
from operator import attrgetter
from typing import Any, Protocol

from digest.domain import Entry, Source

_REPLACEMENTS = {"replace", "replace-cross"}
_NO_TEXT = -1  # the rank of a notice of withdrawal, which says nothing of the work, and of an empty part


@dataclass(frozen=True, slots=True)
class Part:
    """What one entry, one row or several together say of a work; the fields are columns of `PaperRow`."""

    title: str = ""
    abstract: str = ""
    url: str = ""
    pdf_url: str = ""
    code_url: str = ""
    project_url: str = ""
    discussion_url: str = ""
    thumbnail: str = ""
    comment: str = ""
    organization: str = ""
    authors: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    keywords: tuple[str, ...] = ()
    published_at: datetime | None = None
    version: int | None = None
    doi: str | None = None
    text_rank: int = _NO_TEXT
    summary: str = ""
    summary_source: str = ""
    first_seen_at: datetime | None = None
    announced: bool = False
    withdrawn_at: datetime | None = None
    withdrawal: str = ""


NOTHING = Part()
FIELDS = tuple(field.name for field in fields(Part))
LISTS = ("authors", "categories", "keywords")
_TEXTS = FIELDS[: FIELDS.index("text_rank")]  # that an entry has too
_MOMENTS = ("published_at", "first_seen_at", "withdrawn_at")
_texts_of = attrgetter(*_TEXTS)
_scalars_of = attrgetter(*(name for name in _TEXTS if name not in LISTS))
_lists_of = attrgetter(*LISTS)


class PartLike(Protocol):
    """What `adds_nothing` asks of a part, or of a row that holds one."""

    @property
    def text_rank(self) -> int: ...
    @property
    def summary(self) -> str: ...
    @property
    def summary_source(self) -> str: ...
    @property
    def first_seen_at(self) -> datetime | None: ...
    @property
    def announced(self) -> bool: ...
    @property
    def withdrawn_at(self) -> datetime | None: ...


def combine(parts: Iterable[Part]) -> Part:
    """Return what these parts of one work say together; no parts: `NOTHING`.

    Each text is the best part's that has one, see above. `withdrawn_at` is the earliest, `summary` the first
    part's that has one. Adding what a combination took in already changes nothing.
    """
    given = list(parts)
    ordered = sorted(given, key=_order, reverse=True)
    if len(ordered) < 2:
        return ordered[0] if ordered else NOTHING
    texts = zip(_TEXTS, zip(*map(_texts_of, ordered), strict=True), strict=True)
    seen = [(not part.announced, part.first_seen_at) for part in given if part.first_seen_at]
    unannounced, first_seen_at = min(seen, default=(True, None))
    withdrawn = [part for part in given if part.withdrawn_at]
    notice = min(withdrawn, key=attrgetter("withdrawn_at"), default=NOTHING)
    summed_up = next((part for part in given if part.summary), NOTHING)
    return Part(
        **{name: next(filter(None, values), values[0]) for name, values in texts},
        text_rank=ordered[0].text_rank,
        summary=summed_up.summary,
        summary_source=summed_up.summary_source,
        first_seen_at=first_seen_at,
        announced=not unannounced,
        withdrawn_at=notice.withdrawn_at,
        withdrawal=notice.withdrawal,
    )


def add_entry(known: Part, entry: Entry, source: Source, at: datetime) -> Part:
    """Return what a work says once a source carried this entry at a time.

    Unlike `combine` this depends on what was known before: a source's new summary replaces its old one, and
    a notice of withdrawal counts for the version that it names.
    """
    before = _judge_notice(known, entry, source, at)
    if entry.summary and before.summary_source == source.name:
        before = replace(before, summary="", summary_source="")
    after = combine([before, _part_of(entry, source, at)])
    if after.withdrawn_at and (after.version or 0) < (known.version or 0):
        # the version that was withdrawn, though an earlier one has the text
        return replace(after, version=known.version)
    return after


def adds_nothing(known: PartLike, entry: Entry, source: Source, at: datetime) -> bool:
    """Tell whether an entry repeats what is known, so that `add_entry` would change nothing.

    Cheap, and false where it would take a closer look: most entries of a feed were in it an hour before.
    """
    from digest.sources.registry import type_of  # noqa: PLC0415 - as below

    if known.withdrawn_at or entry.withdrawn or known.first_seen_at is None:
        return False
    if _scalars_of(known) != _scalars_of(entry) or known.text_rank < type_of(source.kind).rank:
        return False
    if any(tuple(ours) != given for ours, given in zip(_lists_of(known), _lists_of(entry), strict=True)):
        return False
    is_theirs = not known.summary or known.summary_source == source.name
    if entry.summary and is_theirs and (known.summary, known.summary_source) != (entry.summary, source.name):
        return False
    old = entry.announce_type in _REPLACEMENTS
    seen = (entry.published_at or at) if old else at
    return (not known.announced, known.first_seen_at) <= (old, seen)


def to_json(part: Part) -> dict[str, Any]:
    """Return a part as JSON keeps it: lists, and times in ISO 8601."""
    values = {name: getattr(part, name) for name in FIELDS}
    values |= {name: list(values[name]) for name in LISTS}
    return values | {name: values[name] and values[name].isoformat() for name in _MOMENTS}


def from_json(values: Mapping[str, Any]) -> Part:
    """Return the part that `to_json` wrote; fields that a later version brought are empty."""
    given = dict(values)
    given |= {name: tuple(given[name]) for name in LISTS if name in given}
    given |= {name: datetime.fromisoformat(given[name]) for name in _MOMENTS if given.get(name)}
    return Part(**given)


def _order(part: Part) -> tuple[int, int, int, str, str]:
    return part.text_rank, part.version or 0, len(part.abstract), part.abstract, part.title


def _part_of(entry: Entry, source: Source, at: datetime) -> Part:
    from digest.sources.registry import type_of  # noqa: PLC0415 - brings what reads each kind of source

    old = entry.announce_type in _REPLACEMENTS
    return Part(
        **dict(zip(_TEXTS, _texts_of(entry), strict=True)),
        text_rank=_NO_TEXT if entry.withdrawn else type_of(source.kind).rank,
        summary=entry.summary,
        summary_source=source.name if entry.summary else "",
        first_seen_at=(entry.published_at or at) if old else at,
        announced=not old,
    )


def _judge_notice(known: Part, entry: Entry, source: Source, at: datetime) -> Part:
    """Mark a work as withdrawn where this says so, or as published again where a later version is none.

    Sources that speak for works may say it of any; others only of those that nobody nearer to the work has.
    """
    from digest.sources.registry import type_of  # noqa: PLC0415 - as above

    speaker = type_of(source.kind)
    if not speaker.may_withdraw and speaker.rank < known.text_rank:
        return known
    highest, named = known.version or 0, entry.version or 0
    if not entry.withdrawn:
        if known.withdrawn_at is None or named <= highest:
            return known
        return replace(known, withdrawn_at=None, withdrawal="")
    if named and named < highest:
        return known
    version = max(highest, named) or None
    if known.withdrawn_at and known.withdrawn_at <= at:
        return replace(known, version=version)
    return replace(known, version=version, withdrawn_at=at, withdrawal=entry.withdrawn)

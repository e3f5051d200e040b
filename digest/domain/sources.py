"""Defines where papers come from: sources, their days, and what they carry."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from enum import StrEnum


class SourceKind(StrEnum):
    """The format that a source speaks; one module of `sources/` each."""

    ARXIV = "arxiv"
    HUGGINGFACE = "huggingface"
    BIORXIV = "biorxiv"
    FEED = "feed"
    JSONL = "jsonl"
    OAIPMH = "oaipmh"
    OPENREVIEW = "openreview"


class SourceState(StrEnum):
    """What a source says of itself, decided from its content, not from its dates."""

    NEW = "new"  # never fetched
    FRESH = "fresh"  # new ids since the last announcement
    QUIET = "quiet"  # no announcement expected: weekend, holiday
    WAITING = "waiting"  # expected, not there yet
    STALLED = "stalled"  # expected, not there for hours
    FAILING = "failing"  # errors
    PAUSED = "paused"  # its operator wants it left alone


@dataclass(frozen=True, slots=True)
class Source:
    """Where papers come from, and how it is doing."""

    name: str
    kind: SourceKind
    url: str
    state: SourceState = SourceState.NEW
    etag: str | None = None
    last_modified: str | None = None
    last_success_at: datetime | None = None
    next_fetch_at: datetime | None = None
    failures: int = 0
    last_error: str | None = None
    id: int = 0
    failing_since: datetime | None = None
    last_new_at: datetime | None = None  # when it last carried something for the first time
    notes: tuple[str, ...] = ()  # what its operator should know of its last answer


@dataclass(frozen=True, slots=True)
class Announcement:
    """What a source carried for the first time on one of its own days; `categories`: by first category."""

    day: date
    new: int
    categories: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Gap:
    """A past day of a source that was missed, and how far its repair has come.

    `next_url`: the page to go on with, empty for the first; `done_at`: when the day was whole.
    """

    day: date
    reason: str
    next_at: datetime
    next_url: str = ""
    entries: int = 0
    new: int = 0
    error: str | None = None
    done_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Certificate:
    """What a second list says of a day of a source, and what of it is here.

    `announced`, `categories`: papers that the list names, in all and by category; `missing`: canonical ids
    of those that aren't here, `missing_from`: the same ids by category, None where this wasn't kept;
    `unlisted`: papers that the source brought and the list doesn't name (yet).
    `checked_at`: when the list was read, None before; `error`: why it couldn't be, in words. `next_at`: when
    it is looked at again, None once nothing more is expected of it.
    """

    day: date
    announced: int = 0
    categories: Mapping[str, int] = field(default_factory=dict)
    missing: tuple[str, ...] = ()
    missing_from: Mapping[str, tuple[str, ...]] | None = None
    unlisted: int = 0
    checked_at: datetime | None = None
    next_at: datetime | None = None
    error: str | None = None

    @property
    def here(self) -> int:
        """How many of the announced papers are here."""
        return self.announced - len(self.missing)

    @property
    def here_of(self) -> Mapping[str, tuple[int, int]]:
        """How many papers of each category are here, and how many were announced in it; a paper counts in
        each of its categories. Empty where that isn't known."""
        if self.missing and self.missing_from is None:
            return {}
        lacking = self.missing_from or {}
        return {
            name: (announced - len(lacking.get(name, ())), announced)
            for name, announced in self.categories.items()
        }

    def without(self, papers: Collection[str]) -> "Certificate":
        """Return the same once these papers (canonical ids) are here."""
        lacking = self.missing_from
        return replace(
            self,
            missing=tuple(each for each in self.missing if each not in papers),
            missing_from=None
            if lacking is None
            else {name: tuple(each for each in ids if each not in papers) for name, ids in lacking.items()},
        )

    @property
    def is_held(self) -> bool:
        """Whether the list was read and names all that the source brought, so that its numbers stand."""
        return bool(self.checked_at and self.announced and not self.unlisted)

    @property
    def is_complete(self) -> bool:
        """Whether the list was read, names all that the source brought, and nothing of it is missing."""
        return self.is_held and not self.missing


class SignalKind(StrEnum):
    """A measure of attention."""

    UPVOTES = "upvotes"
    COMMENTS = "comments"
    STARS = "stars"
    CITATIONS = "citations"
    VOTES = "votes"  # what the votes of our own subscribers weigh
    VOTERS = "voters"  # how many of them voted; shown, and no part of the score
    PICK = "pick"  # a curator's


@dataclass(frozen=True, slots=True)
class Signal:
    """One measure of attention for a paper, as one source showed it at one time."""

    kind: SignalKind
    source: str
    value: int
    observed_at: datetime


@dataclass(frozen=True, slots=True)
class Entry:
    """One raw item of a source, as parsed. Title, abstract and names are clean Unicode already.

    `key` is the source's own id of the item; `arxiv_id` has no version; `announced_at` is when the source
    says that it listed the paper, `published_at` when the paper itself first appeared. `version` and `doi`
    are what the source gave, None where it gave none. `signals` are numbers only: when they were observed
    is known to whoever fetched them.
    """

    key: str
    title: str
    abstract: str = ""
    authors: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    arxiv_id: str | None = None
    doi: str | None = None
    version: int | None = None
    announce_type: str | None = None  # arXiv: new, cross, replace, replace-cross
    announced_at: datetime | None = None
    published_at: datetime | None = None
    url: str = ""
    pdf_url: str = ""
    code_url: str = ""
    project_url: str = ""
    discussion_url: str = ""
    thumbnail: str = ""  # the address of a small picture
    summary: str = ""  # the source's own TL;DR
    comment: str = ""
    organization: str = ""
    keywords: tuple[str, ...] = ()
    withdrawn: str = ""  # the words of a notice of withdrawal: then this item is one
    signals: Mapping[SignalKind, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Skipped:
    """An item that couldn't be read: which one (its key, or its place in the answer), and why."""

    entry: str
    error: str


@dataclass(frozen=True, slots=True)
class Parsed:
    """An answer of a source, read. `quiet`: it holds no items at all, which is what a day off looks like;
    `announced_at`: the day that the answer as a whole says it is of; `notes`: faults of the source that cost
    no entry, for its operator."""

    entries: tuple[Entry, ...]
    skipped: tuple[Skipped, ...] = ()
    quiet: bool = False
    announced_at: datetime | None = None
    notes: tuple[str, ...] = ()

"""Defines papers: one work each, whatever carried it, and what is known of it."""

from dataclasses import dataclass
from datetime import date, datetime

from digest.domain.sources import Signal, SignalKind


@dataclass(frozen=True, slots=True)
class Pick:
    """A curator chose a paper for a day (UTC), with a note of their own; `by`: their name, '' for none."""

    day: date
    by: str
    note: str
    at: datetime
    order: int = 0  # its place among the picks of its day


@dataclass(frozen=True, slots=True)
class Paper:
    """One work, whatever sources and versions carried it."""

    id: str
    title: str
    first_seen_at: datetime
    abstract: str = ""
    authors: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    published_at: datetime | None = None
    version: int | None = None
    doi: str | None = None
    url: str = ""
    pdf_url: str = ""
    code_url: str = ""
    project_url: str = ""
    discussion_url: str = ""
    thumbnail: str = ""  # the address of a small picture at the source; pages show only a copy of their own
    summary: str = ""
    summary_source: str = ""  # the name of the source that wrote the summary
    summary_model: str = ""  # the model that did, where no source did and the operator asked one
    comment: str = ""
    organization: str = ""  # the one that the paper is listed under
    keywords: tuple[str, ...] = ()
    withdrawn_at: datetime | None = None  # when a source first said that the work was withdrawn
    withdrawal: str = ""  # the words of that notice
    sources: tuple[str, ...] = ()  # names of the sources that carried it
    signals: tuple[Signal, ...] = ()  # every observation known, oldest first
    picked: Pick | None = None  # the last of its picks
    pk: int = 0  # the store's integer for it

    @property
    def year(self) -> int:
        """The year of its publication; of its first sighting where no source says when it was published."""
        return (self.published_at or self.first_seen_at).year

    def latest(self, kind: SignalKind) -> int:
        """Return the newest value of a signal, the largest over its sources; 0 where nobody counted."""
        newest: dict[str, int] = {s.source: s.value for s in self.signals if s.kind is kind}
        return max(newest.values(), default=0)


@dataclass(frozen=True, slots=True)
class Sighting:
    """The first time that a source carried a version of a paper; `announced_at`: on which day it says so."""

    source: str
    seen_at: datetime
    announced_at: datetime | None = None
    version: int | None = None
    announce_type: str = ""


@dataclass(frozen=True, slots=True)
class Merge:
    """Two papers, by their ids, that are one work: why, who said so and when; `split_at`: it was undone."""

    paper: str
    into: str
    reason: str
    by: str
    at: datetime
    split_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Part:
    """One addend of a trend score: which signal, its value, and the points that it gave."""

    signal: str
    value: float
    points: float


@dataclass(frozen=True, slots=True)
class Ranked:
    """A paper with its trend score at a time (higher is better, 0 … about 1) and the parts of that score."""

    paper: Paper
    score: float
    parts: tuple[Part, ...] = ()

"""Defines what people get: matches with their reasons, digests, messages."""

from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import NamedTuple

from digest.domain.papers import Paper
from digest.domain.subscriptions import Subscriber, Topic

# Of the fit with somebody's filters (at most 1), beside the trend score (at most 1): what
# DIGEST_FIT_WEIGHT is unless it is set. Whether it finds what readers want is measured: `make bench-quality`.
FIT_WEIGHT = 1.0


class ReasonKind(StrEnum):
    FILTER = "filter"
    TOPIC = "topic"
    TRENDING = "trending"
    PICK = "pick"


class Field(StrEnum):
    """Where in a paper a term was found."""

    TITLE = "title"
    ABSTRACT = "abstract"
    AUTHOR = "author"
    CATEGORY = "category"


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a paper is in a digest, true by construction.

    `filter` is the canonical text of the filter (or a topic's slug), `term` what of it matched, as the paper
    writes it, and `start`, `end` where in that field (characters); for categories and authors the field is a
    list and `start` its index. Reasons of popularity alone have no filter, term or field; `note` says the
    number.
    """

    kind: ReasonKind
    filter: str = ""
    term: str = ""
    field: Field | None = None
    start: int = 0
    end: int = 0
    note: str = ""


@dataclass(frozen=True, slots=True)
class Match:
    """A paper that satisfied interests, with its reasons. `score` = trend and fit together."""

    paper: Paper
    score: float
    reasons: tuple[Reason, ...]


class SkipReason(StrEnum):
    """Why a subscriber got no digest; a row of the ledger says it."""

    QUIET = "no announcement today"
    STALE = "the sources have nothing new yet"
    FAILING = "the sources can't be read"
    NO_MATCH = "nothing matched"
    PAUSED = "paused"
    INACTIVE = "no longer subscribed"
    SUPPRESSED = "address suppressed"


@dataclass(frozen=True, slots=True)
class Issue:
    """One mailing occasion: a local date and the subscribers who are due together at `due_at`."""

    id: int
    date: date
    due_at: datetime
    opened_at: datetime


class PictureKind(StrEnum):
    """Whether emails show small pictures of papers: no; carried by each email (`cid:`, RFC 2392); or fetched
    from this site by whoever's program does that."""

    OFF = "off"
    CID = "cid"
    HOST = "host"


@dataclass(frozen=True, slots=True)
class Picture:
    """A small picture of a paper (`Paper.pk`) as emails show it, the same for everybody who gets it.

    `source`: an absolute URL, or `cid:` and the name of the part that carries it, as `jpeg`; both change with
    its bytes. `width`, `height`: in pixels, as it is shown.
    """

    paper: int
    source: str
    width: int
    height: int
    jpeg: bytes = field(default=b"", compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Digest:
    """What one subscriber gets in one issue, before rendering: papers best first, none on a quiet day."""

    subscriber: Subscriber
    issue: Issue
    papers: tuple[Match, ...]
    topics: tuple[Topic, ...] = ()  # those the subscriber ticked, for the head of the mail
    notes: tuple[str, ...] = ()  # what the reader should know: a source that couldn't be read
    also_trending: tuple[Paper, ...] = ()  # what others read: shown by title alone, where there is room
    withdrawn: tuple[Paper, ...] = ()  # sent to the subscriber earlier, and withdrawn by their authors since
    next_at: datetime | None = None  # when the next one is due, where the mail says it
    pictures: tuple[Picture, ...] = ()  # of the best papers, where the operator wants them and they are here


class ShownPaper(NamedTuple):
    """A paper (`Paper.pk`) in an email, and the reasons for it that the email could tell."""

    pk: int
    reasons: tuple[Reason, ...] = ()


class ShownSection(NamedTuple):
    """Papers under one heading of an email, as the email wrote it; an empty one is none."""

    heading: str
    papers: tuple[ShownPaper, ...]


@dataclass(frozen=True, slots=True)
class Shown:
    """What the email of a digest showed, in its order: papers in full (`front`), papers by title (`brief`,
    those for which the email had no room last), and beside them those of `withdrawn` and `also_trending`
    (`Paper.pk`), and its notes.

    A reason names its topic by the title that it had, so that it reads the same when the topic has changed.
    """

    front: tuple[ShownSection, ...] = ()
    brief: tuple[ShownSection, ...] = ()
    withdrawn: tuple[int, ...] = ()
    also_trending: tuple[int, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def papers(self) -> tuple[ShownPaper, ...]:
        """The digest's own papers in the order of the email."""
        return tuple(paper for _, papers in (*self.front, *self.brief) for paper in papers)


@dataclass(frozen=True, slots=True)
class Message:
    """A rendered mail: everything but the envelope. Header names are unique."""

    subject: str
    text: str
    html: str
    headers: tuple[tuple[str, str], ...]

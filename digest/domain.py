"""The words of the project, one name for one thing. Frozen values and enums; imports nothing of ours.

Times are aware and in UTC; dates are local dates of whoever they concern. Ids of papers are canonical
(`arxiv:2509.13332`, `doi:10.1101/…`, else `<source>:<id>`).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time
from enum import StrEnum

# ---------------------------------------------------------------- where papers come from


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
    of those that aren't here; `unlisted`: papers that the source brought and the list doesn't name (yet).
    `checked_at`: when the list was read, None before; `error`: why it couldn't be, in words. `next_at`: when
    it is looked at again, None once nothing more is expected of it.
    """

    day: date
    announced: int = 0
    categories: Mapping[str, int] = field(default_factory=dict)
    missing: tuple[str, ...] = ()
    unlisted: int = 0
    checked_at: datetime | None = None
    next_at: datetime | None = None
    error: str | None = None

    @property
    def here(self) -> int:
        """How many of the announced papers are here."""
        return self.announced - len(self.missing)

    @property
    def is_complete(self) -> bool:
        """Whether the list was read, names all that the source brought, and nothing of it is missing."""
        return bool(self.checked_at and self.announced and not self.missing and not self.unlisted)


class SignalKind(StrEnum):
    """A measure of attention."""

    UPVOTES = "upvotes"
    COMMENTS = "comments"
    STARS = "stars"
    CITATIONS = "citations"
    VOTES = "votes"  # of our own subscribers
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


# ---------------------------------------------------------------- papers


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
    pk: int = 0  # the store's integer for it

    @property
    def year(self) -> int:
        """The year of its publication; of its first sighting where no source says when it was published."""
        return (self.published_at or self.first_seen_at).year

    def latest(self, kind: SignalKind) -> int:
        """The newest value of a signal, the largest over its sources; 0 where nobody counted."""
        newest: dict[str, int] = {s.source: s.value for s in self.signals if s.kind is kind}
        return max(newest.values(), default=0)


@dataclass(frozen=True, slots=True)
class Sighting:
    """The first time that a source carried an item of a paper; `announced_at`: on which day it says so."""

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


# ---------------------------------------------------------------- what people ask for


@dataclass(frozen=True, slots=True)
class Topic:
    """A named, shared filter that people tick."""

    slug: str
    title: str
    expression: str
    group: str = ""


@dataclass(frozen=True, slots=True)
class Interests:
    """What a subscriber asked for. Filters are canonical texts; no topics and no filters: what trends."""

    topics: tuple[str, ...] = ()
    filters: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    min_upvotes: int = 0
    top: int = 0  # also the day's top N, whatever the filters
    max_papers: int = 20
    about_only: bool = False  # leave out papers that only mention a term in passing


class Frequency(StrEnum):
    DAILY = "daily"
    WEEKDAYS = "weekdays"
    WEEKLY = "weekly"


@dataclass(frozen=True, slots=True)
class Schedule:
    """When a subscriber wants mail: `at` on the clock of `timezone`; `weekday` (0 = Monday) for weekly.

    `quiet_days`: also when there is no paper, a short mail with the reason.
    """

    frequency: Frequency = Frequency.DAILY
    at: time = time(8)
    timezone: str = "UTC"
    weekday: int = 0
    quiet_days: bool = False


class SubscriberStatus(StrEnum):
    PENDING = "pending"
    ACTIVE = "active"
    PAUSED = "paused"
    UNSUBSCRIBED = "unsubscribed"
    SUPPRESSED = "suppressed"


@dataclass(frozen=True, slots=True)
class Subscriber:
    """A person with an address, a status, interests and a schedule."""

    id: int
    email: str
    status: SubscriberStatus
    interests: Interests
    schedule: Schedule
    created_at: datetime
    confirmed_at: datetime | None = None
    next_due_at: datetime | None = None
    paused_until: datetime | None = None


# ---------------------------------------------------------------- matches and digests

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


@dataclass(frozen=True, slots=True)
class Message:
    """A rendered mail: everything but the envelope. Header names are unique."""

    subject: str
    text: str
    html: str
    headers: tuple[tuple[str, str], ...]


# ---------------------------------------------------------------- delivery


class DeliveryState(StrEnum):
    QUEUED = "queued"
    SENDING = "sending"
    SENT = "sent"
    DEFERRED = "deferred"
    UNCERTAIN = "uncertain"
    FAILED = "failed"
    SKIPPED = "skipped"
    EXPIRED = "expired"
    BOUNCED = "bounced"
    COMPLAINED = "complained"


@dataclass(frozen=True, slots=True)
class Receipt:
    """What became of handing one message over: the ledger's next state, and the server's own words."""

    state: DeliveryState
    reply: str = ""
    suppress: bool = False  # the address itself is dead (RFC 3463 5.1.1 and the like)


class BounceKind(StrEnum):
    """What a mail that came back says of the address that it is about."""

    HARD = "hard"  # nobody is there
    SOFT = "soft"  # it wasn't taken, this time
    COMPLAINT = "complaint"  # somebody called it junk (RFC 5965)
    DELAYED = "delayed"  # it may still be taken
    IGNORED = "ignored"  # an automatic reply, or news that nothing follows from
    UNSUBSCRIBE = "unsubscribe"  # a mail that List-Unsubscribe asked for
    UNKNOWN = "unknown"
    FORGED = "forged"  # it says one of these, but of no mail of ours


@dataclass(frozen=True, slots=True)
class Delivery:
    """The ledger row of one message."""

    id: int
    issue_id: int
    subscriber_id: int
    issue_date: date
    state: DeliveryState
    reason: str = ""
    attempts: int = 0
    message_id: str = ""
    reply: str = ""
    papers: tuple[int, ...] = ()  # `Paper.pk`, best first
    claim_token: str = ""
    window_days: int = 0  # how far back its papers were looked for; 0: rows of before this was kept


# ---------------------------------------------------------------- what its operator should know


@dataclass(frozen=True, slots=True)
class Alarm:
    """Something is wrong that the operator should know: once when it begins, and once more when it is over.

    `key` says what it is about (`source:arxiv`, `issue:2026-03-17`, `domain:example.org`); the texts say what
    is wrong, what was tried and what to do. `told_at`: the operator knows; `over_at`: it is over, and the
    operator is yet to be told. `reply`: the mail server's words, where telling failed.
    """

    key: str
    title: str
    detail: str
    tried: str
    fix: str
    since: datetime
    told_at: datetime | None = None
    over_at: datetime | None = None
    attempts: int = 0
    claim_token: str = ""
    reply: str = ""

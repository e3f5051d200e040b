"""Defines what people ask for: topics, interests, schedules, subscribers."""

from dataclasses import dataclass
from datetime import datetime, time
from enum import StrEnum


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
    front: int = 0  # papers of a digest in full, the others in brief; 0: as many as the site says


class Frequency(StrEnum):
    DAILY = "daily"
    WEEKDAYS = "weekdays"
    WEEKLY = "weekly"
    NEVER = "never"  # takes part on the site, and gets no digest


@dataclass(frozen=True, slots=True)
class Schedule:
    """When a subscriber wants mail: `at` on the clock of `timezone`; `weekday` (0 = Monday) for weekly.

    `quiet_days`: also when there is no paper, a short mail with the reason. `language`: of the mails, as a
    code (`de`); empty: the installation's.
    """

    frequency: Frequency = Frequency.DAILY
    at: time = time(8)
    timezone: str = "UTC"
    weekday: int = 0
    quiet_days: bool = False
    language: str = ""


class SubscriberStatus(StrEnum):
    PENDING = "pending"
    ACTIVE = "active"
    PAUSED = "paused"
    UNSUBSCRIBED = "unsubscribed"
    SUPPRESSED = "suppressed"


class Role(StrEnum):
    """What a subscriber may do on the site; each role may do all that the ones before it may."""

    READER = "reader"
    CURATOR = "curator"
    ADMIN = "admin"

    def includes(self, other: "Role") -> bool:
        """Tell whether this role may do what the other may."""
        ranks = list(Role)
        return ranks.index(self) >= ranks.index(other)


@dataclass(frozen=True, slots=True)
class Actor:
    """Who does something, and from where.

    `name`: `subscriber:12`, `cli:<login>`, `token:3`, or `system` for what the software does by itself.
    `via`: cli, web, api, email (by a link in an email) or system. `network`: a keyed hash of the /24 or /64
    that a request came from, never an address; empty where there is none.
    """

    name: str = "system"
    via: str = "system"
    network: str = ""


SYSTEM = Actor()


@dataclass(frozen=True, slots=True)
class Subscriber:
    """A person with an address, a status, interests and a schedule; `display_name`: how others see them.

    `saved`: the newest papers that they saved (`Paper.pk`), newest first, as many as `like:saved` compares
    with.
    """

    id: int
    email: str
    status: SubscriberStatus
    interests: Interests
    schedule: Schedule
    created_at: datetime
    confirmed_at: datetime | None = None
    next_due_at: datetime | None = None
    paused_until: datetime | None = None
    role: Role = Role.READER
    display_name: str = ""
    saved: tuple[int, ...] = ()

"""What people ask for: topics, interests, schedules, subscribers."""

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

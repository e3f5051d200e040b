"""Makes the acts that `digest subscribers … --where` runs on many: what each does to one person, and how it
is written for all of them, by the functions that also serve one.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Generic, TypeVar

from digest.domain import Subscriber, SubscriberStatus
from digest.pipeline.installation import Installation
from digest.pipeline.subscriptions import admin, personal_data, preferences
from digest.pipeline.subscriptions.changes import audited_all
from digest.pipeline.subscriptions.validate import known_topics
from digest.store.session import Session

T = TypeVar("T")
Planned = Sequence[tuple[Subscriber, T]]


@dataclass(frozen=True, slots=True)
class Act(Generic[T]):
    """Something to be done to many.

    `plan` says what it changes of one person, None where nothing; it may raise for that person, and writes
    nothing. `write` writes what was planned for several. `leaving`: it is also for those whose rows can't be
    read.
    """

    plan: Callable[[Subscriber], T | None]
    write: Callable[[Installation, Session, Planned[T]], object]
    leaving: bool = False


def pausing(day: date, now: datetime) -> Act[datetime]:
    """Pause those who get digests until a day begins on their clock."""

    def plan(person: Subscriber) -> datetime | None:
        end = admin.pause_until(person, day)
        preferences.check_pause(end, now)
        return end if person.status in preferences.READERS and person.paused_until != end else None

    def write(here: Installation, db: Session, planned: Planned[datetime]) -> None:
        with audited_all(here, db, _numbers(planned), "pause", now):
            preferences.pause_all(db, planned)

    return Act(plan, write)


def resuming(now: datetime) -> Act[bool]:
    """End pauses."""

    def write(here: Installation, db: Session, planned: Planned[bool]) -> None:
        with audited_all(here, db, _numbers(planned), "resume", now):
            preferences.wake(db, [person for person, _ in planned], now)

    return Act(lambda person: person.status is SubscriberStatus.PAUSED or None, write)


def leaving(now: datetime, *, goodbye: bool) -> Act[bool]:
    """Unsubscribe those who haven't left; `goodbye`: say so by mail."""

    def write(here: Installation, db: Session, planned: Planned[bool]) -> None:
        with audited_all(here, db, _numbers(planned), "unsubscribe", now):
            preferences.leave_all(here, db, [person for person, _ in planned], now, goodbye=goodbye)

    return Act(lambda person: person.status not in preferences.GONE or None, write, leaving=True)


def erasing(now: datetime) -> Act[bool]:
    """Erase people with all that is kept about them."""

    def write(here: Installation, db: Session, planned: Planned[bool]) -> None:
        personal_data.erase_all(here, db, [person for person, _ in planned], now)

    return Act(lambda _person: True, write, leaving=True)


def editing(installation: Installation, changes: Mapping[str, Any], now: datetime) -> Act[admin.Edit]:
    """Change what is given (see `admin.planned`). Topics are looked up once, for everybody."""
    listed = known_topics(installation)

    def plan(person: Subscriber) -> admin.Edit | None:
        edit = admin.plan(listed, person, changes)
        return edit if edit.changed else None

    def write(here: Installation, db: Session, planned: Planned[admin.Edit]) -> None:
        with audited_all(here, db, _numbers(planned), "edit", now):
            admin.write_all(here, db, [edit for _, edit in planned], now)

    return Act(plan, write)


def _numbers(planned: Planned[Any]) -> list[int]:
    return [person.id for person, _ in planned]

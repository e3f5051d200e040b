"""Keeps requests to be subscribed as they came, decided afterwards, confirmed by the link that was mailed."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, time
from typing import Any

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from digest.domain import Frequency, Interests, Schedule, SubscriberStatus
from digest.store.subscriptions.addresses import key
from digest.store.subscriptions.interests import as_json, from_json
from digest.store.subscriptions.tables.signups import SignupRow
from digest.store.subscriptions.tables.subscribers import SubscriberRow


@dataclass(frozen=True, slots=True)
class Signup:
    """One request. `how`: web, api or operator; `browser`: a hash that knows the asking browser again."""

    email: str
    interests: Interests
    schedule: Schedule
    at: datetime
    how: str
    wording: str
    wording_version: str
    ip: str = ""
    user_agent: str = ""
    browser: str = ""
    id: int = 0
    subscriber_id: int | None = None
    confirmed_at: datetime | None = None


def add(session: Session, signup: Signup, *, subscriber_id: int | None = None) -> int:
    """Keep a request and return its number; with a subscriber it counts as decided."""
    row = SignupRow(
        email=signup.email,
        email_key=key(signup.email),
        interests=as_json(signup.interests),
        schedule=_schedule_json(signup.schedule),
        at=signup.at,
        how=signup.how,
        wording=signup.wording,
        wording_version=signup.wording_version,
        ip=signup.ip,
        user_agent=signup.user_agent,
        browser=signup.browser,
        subscriber_id=subscriber_id,
        decided_at=None if subscriber_id is None else signup.at,
    )
    session.add(row)
    session.flush()
    return row.id


def undecided(session: Session, limit: int) -> list[int]:
    """Return the numbers of the oldest requests that nobody looked at yet; those set aside aren't
    among them.
    """
    waiting = SignupRow.decided_at.is_(None) & SignupRow.set_aside_at.is_(None)
    return list(session.scalars(select(SignupRow.id).where(waiting).order_by(SignupRow.id).limit(limit)))


def set_aside(session: Session, signup_id: int, error: str, now: datetime) -> None:
    """Look at a request no more: nobody can decide it, for this reason."""
    changed = update(SignupRow).where(SignupRow.id == signup_id)
    session.execute(changed.values(set_aside_at=now, error=error))


def take_up(session: Session) -> None:
    """Look again at the requests that were set aside."""
    changed = update(SignupRow).where(SignupRow.set_aside_at.is_not(None))
    session.execute(changed.values(set_aside_at=None, error=""))


def get(session: Session, signup_id: int) -> Signup | None:
    """Return the request of this number, if it is still there."""
    row = session.get(SignupRow, signup_id)
    return None if row is None else _signup(row)


def of_address(session: Session, email: str) -> list[Signup]:
    """Return all requests for an address, in any spelling, oldest first."""
    rows = select(SignupRow).where(SignupRow.email_key == key(email)).order_by(SignupRow.id)
    return [_signup(row) for row in session.scalars(rows)]


def decide(session: Session, signup_id: int, *, subscriber_id: int, now: datetime) -> None:
    """Note whose request it is: they are asked to confirm it."""
    changed = update(SignupRow).where(SignupRow.id == signup_id)
    session.execute(changed.values(subscriber_id=subscriber_id, decided_at=now))


def confirm(session: Session, signup_id: int, now: datetime) -> bool:
    """Note that the link was followed; False where it was before (one of two callers at once wins)."""
    mine = update(SignupRow).where(SignupRow.id == signup_id, SignupRow.confirmed_at.is_(None))
    return session.scalar(mine.values(confirmed_at=now).returning(SignupRow.id)) is not None


def remove(session: Session, ids: Iterable[int]) -> None:
    """Forget these requests."""
    session.execute(delete(SignupRow).where(SignupRow.id.in_(list(ids))))


def void(session: Session, *subscriber_ids: int) -> None:
    """Forget subscribers' requests that weren't confirmed: their links do nothing any more."""
    theirs = SignupRow.subscriber_id.in_(subscriber_ids)
    session.execute(delete(SignupRow).where(theirs, SignupRow.confirmed_at.is_(None)))


def forget(session: Session, *emails: str) -> None:
    """Forget all requests for these addresses, decided or not."""
    session.execute(delete(SignupRow).where(SignupRow.email_key.in_([key(email) for email in emails])))


def purge(session: Session, *, before: datetime) -> int:
    """Forget unconfirmed requests made before a time, and those who exist for such requests only.

    Returns how many requests there were. People that an operator added without asking them stay.
    """
    old = (SignupRow.at < before) & SignupRow.confirmed_at.is_(None)
    asked = select(SignupRow.subscriber_id).where(old, SignupRow.subscriber_id.is_not(None))
    open_ones = select(SignupRow.subscriber_id).where(~old, SignupRow.subscriber_id.is_not(None))
    unconfirmed = (
        SubscriberRow.id.in_(asked)
        & SubscriberRow.id.not_in(open_ones)
        & (SubscriberRow.status == SubscriberStatus.PENDING)
    )
    going = list(session.scalars(select(SignupRow.id).where(old)))
    session.execute(delete(SubscriberRow).where(unconfirmed))
    session.execute(delete(SignupRow).where(old))
    return len(going)


def _schedule_json(schedule: Schedule) -> dict[str, Any]:
    return {
        "frequency": schedule.frequency,
        "at": schedule.at.isoformat(),
        "timezone": schedule.timezone,
        "weekday": schedule.weekday,
        "quiet_days": schedule.quiet_days,
        "language": schedule.language,
    }


def _signup(row: SignupRow) -> Signup:
    kept = row.schedule
    schedule = Schedule(
        Frequency(kept["frequency"]),
        time.fromisoformat(kept["at"]),
        kept["timezone"],
        kept["weekday"],
        kept.get("quiet_days", False),  # requests of an older version don't say
        kept.get("language", ""),
    )
    return Signup(
        email=row.email,
        interests=from_json(row.interests),
        schedule=schedule,
        at=row.at,
        how=row.how,
        wording=row.wording,
        wording_version=row.wording_version,
        ip=row.ip,
        user_agent=row.user_agent,
        browser=row.browser,
        id=row.id,
        subscriber_id=row.subscriber_id,
        confirmed_at=row.confirmed_at,
    )

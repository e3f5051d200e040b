"""Keeps subscribers: who they are, what they asked for, when they are due next, and what they agreed to."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from functools import lru_cache, partial
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Row, delete, func, select, update
from sqlalchemy.orm import Session

from digest.domain import Frequency, Interests, Role, Schedule, Subscriber, SubscriberStatus
from digest.errors import InputError, UnknownError, UnreadableError
from digest.languages import NAMES, deferred
from digest.store.readable import read_one, readable, whole
from digest.store.session import chunks, is_among
from digest.store.subscriptions.addresses import key, name_key
from digest.store.subscriptions.interests import as_json, from_json, packed
from digest.store.subscriptions.selection import Condition, clauses
from digest.store.subscriptions.tables.consents import ConsentRow
from digest.store.subscriptions.tables.subscribers import SubscriberRow
from digest.words.nearest import unknown


@dataclass(frozen=True, slots=True)
class Consent:
    """What a subscriber agreed to, when, and how; `details` is whatever proves it."""

    at: datetime
    wording: str
    how: str
    details: Mapping[str, Any] = field(default_factory=dict)


def add(
    session: Session,
    *,
    email: str,
    status: SubscriberStatus,
    interests: Interests,
    schedule: Schedule,
    now: datetime,
    due: tuple[datetime, date] | None,
    consent: str | None = None,
) -> Subscriber:
    """Add a subscriber, due first at `due` (the moment, and the local date of that digest).

    `consent` (when and where they agreed) confirms them. Raises InputError where the address is known.
    """
    if exists(session, email):
        raise InputError(f"{email} is subscribed already", fix=f"digest subscribers show {email}")
    row = SubscriberRow(
        email=email,
        email_key=key(email),
        status=status,
        created_at=now,
        confirmed_at=now if consent else None,
    )
    _put_interests(session, row, interests)
    _put_schedule(row, schedule)
    row.next_due_at, row.next_due_on = due or (None, None)
    session.add(row)
    session.flush()
    if consent:
        add_consent(session, row.id, Consent(at=now, wording=consent, how="operator"))
    return from_row(row)


def exists(session: Session, email: str) -> bool:
    """Return whether somebody has this address, in any spelling."""
    return number_of(session, email) is not None


def find(session: Session, email: str) -> Subscriber | None:
    """Return the subscriber with this address, in any spelling, or None. Raises UnreadableError."""
    number = number_of(session, email)
    return None if number is None else by_id(session, number)


def by_id(session: Session, number: int) -> Subscriber | None:
    """Return the subscriber with this number, or None. Raises UnreadableError where the row can't be read."""

    def read() -> Subscriber | None:
        row = session.execute(select(SubscriberRow.__table__).where(SubscriberRow.id == number)).first()
        return None if row is None else from_row(row)

    return read_one(read, lambda: f"subscriber {number}")


def addressee(session: Session, number: int) -> Subscriber | None:
    """Return the subscriber with this number, or None, whatever their row holds: for leaving and erasing.

    Of a row that can't be read there are the address and, where they are known ones, status and language;
    all else has its usual value, without digests.
    """
    try:
        return by_id(session, number)
    except UnreadableError:
        wanted = select(SubscriberRow.email, SubscriberRow.status, SubscriberRow.language)
        email, status, language = session.execute(wanted.where(SubscriberRow.id == number)).one()
    return _addressee(number, email, status, language)


def _addressee(number: int, email: str, status: str, language: str) -> Subscriber:
    known = status if status in set(SubscriberStatus) else SubscriberStatus.ACTIVE
    return Subscriber(
        number,
        str(email),
        SubscriberStatus(known),
        Interests(),
        Schedule(Frequency.NEVER, language=language if language in NAMES else ""),
        created_at=datetime.fromtimestamp(0, UTC),
    )


def number_of(session: Session, email: str) -> int | None:
    """Return the number of the subscriber with this address, in any spelling, or None."""
    return session.scalar(select(SubscriberRow.id).where(SubscriberRow.email_key == key(email)))


def get(session: Session, email: str) -> Subscriber:
    """Return the subscriber with this address, in any spelling.

    Raises UnknownError that names the nearest, UnreadableError where the row can't be read.
    """
    found = find(session, email)
    if found is None:
        raise _unknown(session, email)
    return found


def get_addressee(session: Session, email: str) -> Subscriber:
    """Return the subscriber with this address as `addressee` does. Raises UnknownError as `get` does."""
    number = number_of(session, email)
    found = None if number is None else addressee(session, number)
    if found is None:
        raise _unknown(session, email)
    return found


def _unknown(session: Session, email: str) -> UnknownError:
    return unknown("subscriber", email, _near(session, email), command="digest subscribers list")


def by_ids(session: Session, ids: Iterable[int]) -> dict[int, Subscriber]:
    """Return the subscribers with these ids; unknown ids are left out."""
    # Rows of the table, not objects that the session would watch: a delivery reads a million of them.
    wanted = select(SubscriberRow.__table__)
    return {
        row.id: from_row(row)
        for chunk in chunks(ids)
        for row in session.execute(wanted.where(SubscriberRow.id.in_(chunk)))
    }


def one_by_one(
    session: Session, ids: Iterable[int], *, leaving: bool = False
) -> Iterator[tuple[int, str, Subscriber | UnreadableError]]:
    """Yield, in the order of their numbers, number, address and subscriber; unknown numbers are left out.

    For a row that can't be read there is the error, or where they are `leaving` what `addressee` returns.
    """
    for chunk in chunks(sorted(ids)):
        rows = session.execute(select(SubscriberRow.__table__).where(SubscriberRow.id.in_(chunk)))
        for row in sorted(rows, key=lambda row: row.id):
            try:
                yield row.id, row.email, read_one(partial(from_row, row), partial(_name, row))
            except UnreadableError as error:
                less = _addressee(row.id, row.email, row.status, row.language) if leaving else error
                yield row.id, row.email, less


def joined_at(session: Session, ids: Iterable[int]) -> dict[int, datetime]:
    """Return since when each of these is a subscriber: confirmed, else added; unknown ids are left out."""
    since = func.coalesce(SubscriberRow.confirmed_at, SubscriberRow.created_at)
    return {
        number: at
        for chunk in chunks(ids)
        for number, at in session.execute(select(SubscriberRow.id, since).where(SubscriberRow.id.in_(chunk)))
    }


def listing(
    session: Session, where: Sequence[Condition] = (), *, after_id: int = 0, limit: int = 1000
) -> list[Subscriber]:
    """Return subscribers by id who meet all conditions, after `after_id`."""
    wanted = select(SubscriberRow.__table__).where(SubscriberRow.id > after_id, *clauses(where))
    return readable(session.execute(wanted.order_by(SubscriberRow.id).limit(limit)), from_row, _name)


def save(
    session: Session,
    subscriber_id: int,
    *,
    interests: Interests | None = None,
    schedule: Schedule | None = None,
    due: tuple[datetime, date] | None = None,
) -> None:
    """Change what is given, leave the rest. Raises KeyError for an unknown id."""
    row = _row(session, subscriber_id)
    if interests is not None:
        _put_interests(session, row, interests)
    if schedule is not None:
        _put_schedule(row, schedule)
    if due is not None:
        row.next_due_at, row.next_due_on = due
    if row.frequency == Frequency.NEVER:
        row.next_due_at = row.next_due_on = None
    session.flush()


def set_role(session: Session, subscriber_id: int, role: Role) -> None:
    """Give a subscriber a role, and end their sessions. Raises KeyError for an unknown id."""
    from digest.store.community import sessions  # noqa: PLC0415 - its tables, which reading doesn't need

    _row(session, subscriber_id).role = role
    sessions.end(session, subscriber_id)
    session.flush()


def set_display_name(session: Session, subscriber_id: int, name: str) -> None:
    """Give a subscriber the name that others see; '' takes it away.

    Raises InputError where somebody else has one that looks the same.
    """
    folded = name_key(name) or None
    owner = select(SubscriberRow.id).where(SubscriberRow.name_key == folded)
    if folded and session.scalar(owner) not in {None, subscriber_id}:
        message = deferred("display name: {name} is taken, or looks like one that is", name=repr(name))
        raise InputError(message, fix=deferred("choose another"))
    row = _row(session, subscriber_id)
    row.display_name, row.name_key = name, folded
    session.flush()


def names(session: Session, ids: Iterable[int]) -> dict[int, str]:
    """Return, by number, the display names of those of these subscribers who have one."""
    found: dict[int, str] = {}
    for chunk in chunks(set(ids)):
        row = SubscriberRow
        rows = select(row.id, row.display_name).where(row.id.in_(chunk), row.display_name != "")
        found.update(session.execute(rows).all())
    return found


def with_roles(session: Session) -> list[Subscriber]:
    """Return the curators and admins, admins first."""
    wanted = select(SubscriberRow).where(SubscriberRow.role != Role.READER)
    rows = session.scalars(wanted.order_by(SubscriberRow.role, SubscriberRow.id))
    return readable(rows, from_row, _name)


def move(session: Session, subscriber_id: int, email: str) -> None:
    """Give a subscriber another address. Raises InputError where it is somebody else's."""
    other = find(session, email)
    if other is not None and other.id != subscriber_id:
        raise InputError(f"{email} is subscribed already", fix=f"digest subscribers show {email}")
    row = _row(session, subscriber_id)
    row.email, row.email_key = email, key(email)
    session.flush()


def set_status(
    session: Session,
    subscriber_id: int,
    status: SubscriberStatus,
    *,
    paused_until: datetime | None = None,
    left_at: datetime | None = None,
) -> None:
    """Change the status; only a pause has an end. Who isn't active isn't due.

    `left_at`: when somebody left, for the statuses that end a subscription; the first time stays.
    """
    set_statuses(session, [subscriber_id], status, paused_until=paused_until, left_at=left_at)


def set_statuses(
    session: Session,
    ids: Collection[int],
    status: SubscriberStatus,
    *,
    paused_until: datetime | None = None,
    left_at: datetime | None = None,
) -> None:
    """Change the status of several subscribers as `set_status` does, in one statement."""
    left = None if left_at is None else func.coalesce(SubscriberRow.left_at, left_at)
    changes = update(SubscriberRow).where(is_among(session, SubscriberRow.id, ids))
    changes = changes.values(status=status, paused_until=paused_until, left_at=left)
    session.execute(changes.execution_options(synchronize_session=False))
    session.expire_all()


def confirm(
    session: Session, subscriber_id: int, consent: Consent, *, due: tuple[datetime, date] | None
) -> None:
    """Make a subscriber active, with the consent that allows it. Raises KeyError for an unknown id."""
    row = _row(session, subscriber_id)
    row.status, row.confirmed_at = SubscriberStatus.ACTIVE, consent.at
    row.paused_until = row.left_at = None
    row.next_due_at, row.next_due_on = due or (None, None)
    session.flush()
    add_consent(session, subscriber_id, consent)


def add_consent(session: Session, subscriber_id: int, consent: Consent) -> None:
    """Keep what a subscriber agreed to; earlier consents stay."""
    row = ConsentRow(
        subscriber_id=subscriber_id,
        at=consent.at,
        wording=consent.wording,
        how=consent.how,
        details=dict(consent.details),
    )
    session.add(row)
    session.flush()


def consents(session: Session, subscriber_id: int) -> list[Consent]:
    """Return what a subscriber agreed to, oldest first."""
    rows = select(ConsentRow).where(ConsentRow.subscriber_id == subscriber_id).order_by(ConsentRow.id)
    return [Consent(row.at, row.wording, row.how, row.details) for row in session.scalars(rows)]


def erase(session: Session, *ids: int) -> None:
    """Delete subscribers with all that belongs to them: consents, deliveries, notices, mutes, votes."""
    gone = delete(SubscriberRow).where(SubscriberRow.id.in_(ids))
    session.execute(gone.execution_options(synchronize_session=False))
    session.expire_all()


def _row(session: Session, subscriber_id: int) -> SubscriberRow:
    row = session.get(SubscriberRow, subscriber_id)
    if row is None:
        raise KeyError(subscriber_id)
    return row


def _near(session: Session, email: str) -> list[str]:
    """Some addresses that a typing error may have been meant for: same beginning, or same domain."""
    folded = key(email)
    local, _, domain = folded.rpartition("@")
    like = SubscriberRow.email_key
    near = like.startswith(local[:3], autoescape=True) | like.endswith(f"@{domain}", autoescape=True)
    return list(session.scalars(select(SubscriberRow.email).where(near).limit(500)))


def _put_interests(session: Session, row: SubscriberRow, interests: Interests) -> None:
    row.interests = as_json(interests)
    row.packed = packed(session, interests)


def _put_schedule(row: SubscriberRow, schedule: Schedule) -> None:
    row.frequency, row.weekday = schedule.frequency, schedule.weekday
    row.at, row.timezone, row.quiet_days = schedule.at, schedule.timezone, schedule.quiet_days
    row.language = schedule.language


def _name(row: SubscriberRow | Row[Any]) -> str:
    return f"subscriber {row.id}"


@lru_cache(2000)
def _check_zone(name: str) -> None:
    ZoneInfo(name)


def _check_times(row: SubscriberRow | Row[Any]) -> None:
    """Raise for a time zone, a weekday or a moment with which no clock can be read."""
    _check_zone(row.timezone)
    if row.weekday not in range(7):
        raise ValueError(f"there is no weekday {row.weekday}")
    for at in (row.created_at, row.confirmed_at, row.next_due_at, row.paused_until):
        if at is not None and not 1 < at.year < 9999:  # else it has no time in some zone
            raise ValueError(f"the year {at.year} is none that people have")


def from_row(row: SubscriberRow | Row[Any]) -> Subscriber:
    """Return the subscriber that a row of the table holds. Raises for a row that can't be used."""
    _check_times(whole(row))
    return Subscriber(
        id=row.id,
        email=row.email,
        status=SubscriberStatus(row.status),
        interests=from_json(row.interests),
        schedule=Schedule(
            Frequency(row.frequency), row.at, row.timezone, row.weekday, row.quiet_days, row.language
        ),
        created_at=row.created_at,
        confirmed_at=row.confirmed_at,
        next_due_at=row.next_due_at,
        paused_until=row.paused_until,
        role=Role(row.role),
        display_name=row.display_name,
        saved=row.saved or (),
    )

"""Reads many subscribers at once by their addresses, adds them, and walks through them."""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime
from functools import lru_cache
from typing import Any, NamedTuple

from sqlalchemy import (
    ColumnElement,
    Select,
    String,
    bindparam,
    cast,
    delete,
    exists,
    func,
    literal,
    or_,
    select,
    text,
    type_coerce,
    update,
)
from sqlalchemy.orm import Session

from digest.domain import Interests, Role, Schedule, Subscriber, SubscriberStatus
from digest.packed import encode, filters_of
from digest.store.columns import TimeOfDay, pack
from digest.store.community.tables.audit import AuditRow
from digest.store.deliveries.tables.deliveries import DeliveryRow
from digest.store.insert_many import Inserter
from digest.store.session import is_among
from digest.store.subscriptions.addresses import name_key
from digest.store.subscriptions.interests import as_json, checked_json, filter_ids
from digest.store.subscriptions.selection import Condition, clauses
from digest.store.subscriptions.subscribers import Consent, from_row
from digest.store.subscriptions.tables.consents import ConsentRow
from digest.store.subscriptions.tables.notices import NoticeRow
from digest.store.subscriptions.tables.subscribers import SubscriberRow

_REMEMBERED = 4096  # interests as they are written
_MOST_FILTERS = 200_000  # whose numbers are remembered
_COLUMNS = (
    "id", "email", "email_key", "status", "interests", "packed", "frequency", "weekday", "at", "timezone",
    "quiet_days", "language", "next_due_at", "next_due_on", "created_at", "confirmed_at", "paused_until",
    "role", "display_name", "name_key",
)  # fmt: skip
_WANTED = (
    "interests", "packed", "frequency", "weekday", "at", "timezone", "quiet_days", "language",
)  # fmt: skip
_CONSENT = ("subscriber_id", "at", "wording", "how", "details")
_NO_CONSENT = (None, None)


class NewSubscriber(NamedTuple):
    """Somebody to be added. `email_key`: see `addresses.key`; `due`: the moment and the local date of their
    first digest."""

    email: str
    email_key: str
    status: SubscriberStatus
    interests: Interests
    schedule: Schedule
    created_at: datetime
    due: tuple[datetime, date] | None = None
    paused_until: datetime | None = None
    consent: Consent | None = None
    role: Role = Role.READER
    display_name: str = ""


class ChangedSubscriber(NamedTuple):
    """Somebody known who wants something else. `moves`: they are due at `due` next, else at the same time."""

    id: int
    interests: Interests
    schedule: Schedule
    moves: bool
    due: tuple[datetime, date] | None


class ListedSubscriber(NamedTuple):
    """A row of the table as it is listed, in texts: `interests` as JSON, `at` from its hours on, moments as
    `2026-03-17 08:00:00.000000` in UTC."""

    id: int
    email: str
    status: str
    interests: str
    frequency: str
    weekday: int
    at: str
    timezone: str
    quiet_days: bool
    language: str
    paused_until: str | None
    created_at: str
    role: str
    display_name: str
    consent: str | None
    consent_at: str | None


def by_keys(session: Session, keys: Iterable[str]) -> dict[str, Subscriber]:
    """Return those whose address has one of these keys (`addresses.key`), by that key."""
    named = is_among(session, SubscriberRow.email_key, list(keys))
    found = session.execute(select(SubscriberRow.__table__).where(named))
    return {row.email_key: from_row(row) for row in found}


def name_owners(session: Session, keys: Iterable[str]) -> dict[str, int]:
    """Return, by the key of the name (`addresses.name_key`), the numbers of those who have one of these."""
    named = is_among(session, SubscriberRow.name_key, list(keys))
    found = session.execute(select(SubscriberRow.name_key, SubscriberRow.id).where(named))
    return {str(name): number for name, number in found}


class Adder:
    """Adds people who aren't there yet, many at a time, with their consents, in one transaction.

    The database refuses an address that is there. Filters and interests that come again are looked up and
    written out once.
    """

    def __init__(self, session: Session) -> None:
        self._session = session
        self._people = Inserter(session, SubscriberRow, _COLUMNS, ready=("interests", "packed"))
        self._consents = Inserter(session, ConsentRow, _CONSENT, ready=("details",))
        self._filters: dict[str, int] = {}
        self._written = lru_cache(maxsize=_REMEMBERED)(self._write)

    def add(self, people: Sequence[NewSubscriber]) -> Sequence[int]:
        """Add people, the keys of whose addresses differ; returns their numbers, ascending."""
        if not people:
            return ()
        self._number({text for person in people for text in filters_of(person.interests)})
        numbers = self._people.numbers(len(people))
        self._people.insert([self._row(n, person) for n, person in zip(numbers, people, strict=True)])
        self._consents.insert(
            [
                (number, given.at, given.wording, given.how, _details(given))
                for number, person in zip(numbers, people, strict=True)
                if (given := person.consent)
            ]
        )
        return numbers

    def change(self, people: Sequence[ChangedSubscriber]) -> None:
        """Give known people other interests and schedules, by one prepared statement."""
        self._number({text for person in people for text in filters_of(person.interests)})
        moved = ("next_due_at", "next_due_on")
        for has_due in (False, True):
            names = (*_WANTED, *(moved if has_due else ()))
            given = [self._changed(each, has_due) for each in people if each.moves == has_due]
            statement = update(SubscriberRow).where(SubscriberRow.id == bindparam("number"))
            if given:
                self._session.connection().execute(
                    statement.values({name: bindparam(f"new_{name}") for name in names}), given
                )
        self._session.expire_all()

    def _changed(self, person: ChangedSubscriber, has_due: bool) -> dict[str, object]:
        schedule = person.schedule
        values: dict[str, object] = {
            "interests": as_json(person.interests),
            "packed": encode(person.interests, self._filters),
            "frequency": schedule.frequency,
            "weekday": schedule.weekday,
            "at": schedule.at,
            "timezone": schedule.timezone,
            "quiet_days": schedule.quiet_days,
            "language": schedule.language,
        }
        if has_due:
            values["next_due_at"], values["next_due_on"] = person.due or (None, None)
        return {"number": person.id} | {f"new_{name}": value for name, value in values.items()}

    def _number(self, texts: Iterable[str]) -> None:
        missing = [text for text in texts if text not in self._filters]
        if len(self._filters) + len(missing) > _MOST_FILTERS:
            self._filters.clear()
            missing = list(texts)
        self._filters |= filter_ids(self._session, missing)

    def _write(self, interests: Interests) -> tuple[str, bytes]:
        return json.dumps(checked_json(interests)), pack(encode(interests, self._filters))

    def _row(self, number: int, person: NewSubscriber) -> tuple[object, ...]:
        schedule = person.schedule
        due_at, due_on = person.due or (None, None)
        written, packed = self._written(person.interests)
        return (
            number,
            person.email,
            person.email_key,
            person.status,
            written,
            packed,
            schedule.frequency,
            schedule.weekday,
            schedule.at,
            schedule.timezone,
            schedule.quiet_days,
            schedule.language,
            due_at,
            due_on,
            person.created_at,
            person.consent.at if person.consent else None,
            person.paused_until,
            person.role,
            person.display_name,
            (name_key(person.display_name) or None) if person.display_name else None,
        )


def _details(consent: Consent) -> str:
    return json.dumps(dict(consent.details)) if consent.details else "{}"


def set_due(session: Session, due: Mapping[int, tuple[datetime, date] | None]) -> None:
    """Say when each of these subscribers is due next; None: never."""
    rows = [
        {"number": number, "due_at": moment and moment[0], "due_on": moment and moment[1]}
        for number, moment in due.items()
    ]
    changes = update(SubscriberRow).where(SubscriberRow.id == bindparam("number"))
    if rows:
        values = changes.values(next_due_at=bindparam("due_at"), next_due_on=bindparam("due_on"))
        session.connection().execute(values, rows)
    session.expire_all()


def pauses_over(session: Session, now: datetime) -> list[int]:
    """Return the numbers of those whose pause has ended by now."""
    over = select(SubscriberRow.id).where(
        SubscriberRow.status == SubscriberStatus.PAUSED, SubscriberRow.paused_until <= now
    )
    return list(session.scalars(over))


def walk(
    session: Session, where: Sequence[Condition] = (), *, after_id: int = 0, size: int = 2000
) -> Iterator[list[ListedSubscriber]]:
    """Yield who meets the conditions, by number, each with their last consent, some at a time."""
    row = SubscriberRow
    as_text = _texts(session)
    wanted = (
        select(
            row.id,
            row.email,
            row.status,
            cast(row.interests, String),
            row.frequency,
            row.weekday,
            as_text(row.at),
            row.timezone,
            row.quiet_days,
            row.language,
            as_text(row.paused_until),
            as_text(row.created_at),
            row.role,
            row.display_name,
        )
        .where(*clauses(where))
        .order_by(row.id)
        .limit(size)
    )
    while rows := _of_driver(session, wanted.where(row.id > after_id)):
        after_id = rows[-1][0]
        consents = _last_consents(session, [each[0] for each in rows])
        yield [ListedSubscriber._make((*each, *consents.get(each[0], _NO_CONSENT))) for each in rows]


def _of_driver(session: Session, statement: Select[*tuple[Any, ...]]) -> Sequence[tuple[Any, ...]]:
    """Return rows as the driver makes them: columns of texts and numbers need nothing else."""
    return session.connection().execute(statement).cursor.fetchall()


def _texts(session: Session) -> Callable[[Any], ColumnElement[str]]:
    """Return what reads a moment or a time of day as text: SQLite keeps them so, Postgres can write them so,
    and nobody makes an object of each."""
    if session.get_bind().dialect.name != "postgresql":
        return lambda column: type_coerce(column, String)

    def written(column: Any) -> ColumnElement[str]:
        if isinstance(column.type, TimeOfDay):
            return cast(column, String)
        return func.to_char(func.timezone("UTC", column), "YYYY-MM-DD HH24:MI:SS.US")

    return written


def _last_consents(session: Session, ids: Sequence[int]) -> dict[int, tuple[str, str]]:
    """Return the words and the moment of each one's last consent. Asked for by themselves: joined or as a
    subquery, Postgres walks all consents for each person as long as it has no statistics of the table.
    """
    row = ConsentRow
    wanted = select(row.subscriber_id, row.wording, _texts(session)(row.at))
    theirs = wanted.where(is_among(session, row.subscriber_id, ids)).order_by(row.id)
    return {number: (wording, at) for number, wording, at in _of_driver(session, theirs)}


def analyze(session: Session) -> None:
    """Let Postgres count who is there, after many were added; by itself it does so minutes later, and reads
    whole tables until then (its documentation, "Populating a Database"). SQLite plans without counts.
    """
    if session.get_bind().dialect.name == "postgresql":
        session.execute(text("ANALYZE subscribers, consents, suppressions, filters"))


def count(session: Session, status: SubscriberStatus | None = None) -> int:
    """Return how many subscribers there are, with a status or with any."""
    wanted = select(func.count()).select_from(SubscriberRow)
    if status is not None:
        wanted = wanted.where(SubscriberRow.status == status)
    return session.scalar(wanted) or 0


def remove_untouched(session: Session, runs: Sequence[tuple[int, int]], *, since: int) -> int:
    """Delete the people of these runs of numbers (first and last) to whom nothing happened since an act.

    Who got a digest or another email, was changed by an act after that of number `since`, or did something
    themselves, stays. Returns how many were deleted.
    """
    row = SubscriberRow
    named = literal("subscriber:") + cast(row.id, String)
    touched = or_(
        exists().where(DeliveryRow.subscriber_id == row.id),
        exists().where(NoticeRow.subscriber_id == row.id),
        exists().where(AuditRow.object == named, AuditRow.id > since),
        exists().where(AuditRow.actor == named),
    )
    removed = 0
    for first, last in runs:
        gone = delete(row).where(row.id.between(first, last), ~touched)
        result = session.execute(gone.execution_options(synchronize_session=False))
        removed += result.rowcount  # type: ignore[attr-defined] # of a cursor
    session.expire_all()
    return removed

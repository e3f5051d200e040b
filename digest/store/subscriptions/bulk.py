"""Many subscribers at once: read by their addresses, added, and walked through."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import func, insert, select
from sqlalchemy.orm import Session

from digest.domain import Interests, Schedule, Subscriber, SubscriberStatus
from digest.packed import encode, filters_of
from digest.store.session import chunks
from digest.store.subscriptions.addresses import key
from digest.store.subscriptions.interests import as_json, filter_ids
from digest.store.subscriptions.selection import Condition, clauses
from digest.store.subscriptions.subscribers import Consent, from_row
from digest.store.subscriptions.tables import ConsentRow, SubscriberRow


@dataclass(frozen=True, slots=True)
class NewSubscriber:
    """Somebody to be added. `due`: the moment and the local date of their first digest."""

    email: str
    status: SubscriberStatus
    interests: Interests
    schedule: Schedule
    created_at: datetime
    due: tuple[datetime, date] | None = None
    paused_until: datetime | None = None
    consent: Consent | None = None


def by_addresses(session: Session, emails: Iterable[str]) -> dict[str, Subscriber]:
    """Return those who have one of these addresses, in any spelling, by the key of their address."""
    wanted = select(SubscriberRow.__table__)
    return {
        row.email_key: from_row(row)
        for chunk in chunks({key(email) for email in emails})
        for row in session.execute(wanted.where(SubscriberRow.email_key.in_(chunk)))
    }


def add_many(session: Session, people: Sequence[NewSubscriber]) -> None:
    """Add people who aren't there yet, with their consents. The database refuses an address that is."""
    for chunk in chunks(people):
        _add(session, chunk)


def _add(session: Session, people: Sequence[NewSubscriber]) -> None:
    ids = filter_ids(session, {text for person in people for text in filters_of(person.interests)})
    session.execute(insert(SubscriberRow), [_values(person, ids) for person in people])
    consented = {key(person.email): person.consent for person in people if person.consent}
    if not consented:
        return
    found = select(SubscriberRow.id, SubscriberRow.email_key).where(SubscriberRow.email_key.in_(consented))
    numbers = {row.email_key: row.id for row in session.execute(found)}
    session.execute(
        insert(ConsentRow),
        [
            {
                "subscriber_id": numbers[address],
                "at": consent.at,
                "wording": consent.wording,
                "how": consent.how,
                "details": dict(consent.details),
            }
            for address, consent in consented.items()
        ],
    )


def walk(
    session: Session, where: Sequence[Condition] = (), *, after_id: int = 0, size: int = 1000
) -> Iterator[list[tuple[Subscriber, Consent | None]]]:
    """Yield who meets the conditions, by number, each with their last consent, some at a time."""
    wanted = select(SubscriberRow.__table__).where(*clauses(where)).order_by(SubscriberRow.id).limit(size)
    while rows := session.execute(wanted.where(SubscriberRow.id > after_id)).all():
        after_id = rows[-1].id
        consents = _last_consents(session, [row.id for row in rows])
        yield [(from_row(row), consents.get(row.id)) for row in rows]


def count(session: Session, status: SubscriberStatus | None = None) -> int:
    """How many subscribers there are, with a status or with any."""
    wanted = select(func.count()).select_from(SubscriberRow)
    if status is not None:
        wanted = wanted.where(SubscriberRow.status == status)
    return session.scalar(wanted) or 0


def topic_readers(session: Session, *, everybody: bool = False) -> Counter[str]:
    """Count the active subscribers, or everybody, who ticked each topic."""
    wanted = select(SubscriberRow.interests)
    if not everybody:
        wanted = wanted.where(SubscriberRow.status == SubscriberStatus.ACTIVE)
    rows = session.scalars(wanted.execution_options(yield_per=1000))
    return Counter(slug for row in rows for slug in row.get("topics", ()))


def _last_consents(session: Session, ids: Sequence[int]) -> dict[int, Consent]:
    found: dict[int, Consent] = {}
    for chunk in chunks(ids):
        wanted = (
            select(ConsentRow.__table__).where(ConsentRow.subscriber_id.in_(chunk)).order_by(ConsentRow.id)
        )
        for row in session.execute(wanted):
            found[row.subscriber_id] = Consent(row.at, row.wording, row.how, row.details)
    return found


def _values(person: NewSubscriber, ids: Mapping[str, int]) -> dict[str, object]:
    interests, schedule = person.interests, person.schedule
    return {
        "email": person.email,
        "email_key": key(person.email),
        "status": person.status,
        "interests": as_json(interests),
        "packed": encode(interests, ids),
        "frequency": schedule.frequency,
        "weekday": schedule.weekday,
        "at": schedule.at,
        "timezone": schedule.timezone,
        "quiet_days": schedule.quiet_days,
        "next_due_at": person.due[0] if person.due else None,
        "next_due_on": person.due[1] if person.due else None,
        "created_at": person.created_at,
        "confirmed_at": person.consent.at if person.consent else None,
        "paused_until": person.paused_until,
    }

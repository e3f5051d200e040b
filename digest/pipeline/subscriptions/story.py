"""Tells one subscriber's story, for an operator who is asked why nothing came: all that is kept of them."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

from digest.domain import Delivery, DeliveryState, Frequency, Subscriber, SubscriberStatus
from digest.due import is_wanted
from digest.pipeline.installation import Installation
from digest.serializers import WEEKDAYS
from digest.store import deliveries, papers, session
from digest.store.community import votes
from digest.store.session import Session
from digest.store.subscriptions import mutes, subscribers, suppressions, transactional
from digest.store.subscriptions.subscribers import Consent
from digest.store.subscriptions.transactional import TransactionalEmail
from digest.tokens import address_hashes


@dataclass(frozen=True, slots=True)
class Story:
    """All about a subscriber. `papers`: canonical ids of the papers in deliveries and votes, by number."""

    subscriber: Subscriber
    consents: Sequence[Consent]
    deliveries: Sequence[Delivery]
    emails: Sequence[TransactionalEmail]
    votes: Mapping[int, datetime]
    mutes: Mapping[str, datetime]
    papers: Mapping[int, str]
    is_suppressed: bool


def read_story(installation: Installation, email: str) -> Story:
    """Read everything about a subscriber. Raises UnknownError that names the nearest address."""
    with session.reading(installation.engine) as db:
        found = subscribers.get(db, email)
        got = deliveries.of_subscriber(db, found.id)
        voted = votes.votes_of(db, found.id)
        return Story(
            subscriber=found,
            consents=subscribers.consents(db, found.id),
            deliveries=got,
            emails=transactional.of_subscriber(db, found.id),
            votes=voted,
            mutes=mutes.mutes(db, found.id),
            papers=papers.canonical_ids(db, {*voted, *(pk for row in got for pk in row.papers)}),
            is_suppressed=_is_suppressed(installation, db, found),
        )


def why(story: Story, day: date, now: datetime) -> str:
    """Say in a sentence what came of a day's digest (the subscriber's own date), and why."""
    rows = [row for row in story.deliveries if row.issue_date == day]
    if rows:
        return _of_delivery(rows[0])
    return next(_of_day(story.subscriber, day, now))


def _of_day(found: Subscriber, day: date, now: datetime) -> Iterator[str]:
    """The reasons that there may be for a day without a row, the first of them the one that counts."""
    zone = ZoneInfo(found.schedule.timezone)
    joined = found.created_at.astimezone(zone).date()
    if day > now.astimezone(zone).date():
        yield f"{day} is yet to come; the next digest is due at {_moment(found.next_due_at)}."
    if joined > day:
        yield f"They joined later, on {joined}."
    if found.confirmed_at is None or found.confirmed_at.astimezone(zone).date() > day:
        yield "They had not confirmed yet: only who confirmed gets digests."
    if not is_wanted(found.schedule, day):
        yield f"{day} is a {day:%A}, and they get digests {_often(found)}."
    if found.status is SubscriberStatus.PAUSED:
        yield f"They are paused until {_moment(found.paused_until)}."
    if found.status is not SubscriberStatus.ACTIVE:
        yield f"They are {found.status} now, and nothing was prepared for that day."
    if found.next_due_at and found.next_due_at.astimezone(zone).date() <= day:
        yield f"Nothing was prepared yet; due since {_moment(found.next_due_at)}: digest doctor says why."
    yield (
        "Nothing was prepared for that day. Either no round ran, or their schedule or status was another"
        " then: how those were before they changed is not kept."
    )


def _of_delivery(row: Delivery) -> str:
    match row.state:
        case DeliveryState.SENT:
            return f"It was sent with {len(row.papers)} papers; the server said: {row.reply or 'nothing'}."
        case DeliveryState.SKIPPED:
            return f"There was no mail: {row.reason}."
        case DeliveryState.QUEUED | DeliveryState.DEFERRED | DeliveryState.SENDING:
            last_reply = f" The last answer was: {row.reply}." if row.reply else ""
            return f"It waits to be sent ({row.state}, {row.attempts} attempts).{last_reply}"
        case DeliveryState.UNCERTAIN:
            return "The connection dropped after the message was sent: nobody knows whether it arrived."
        case _:
            why_so = row.reply or row.reason or "no reason is kept"
            return f"Its state is {row.state}: {why_so}."


def _often(found: Subscriber) -> str:
    if found.schedule.frequency is Frequency.WEEKLY:
        return f"weekly on {WEEKDAYS[found.schedule.weekday]}"
    return f"{found.schedule.frequency}"


def _is_suppressed(installation: Installation, db: Session, found: Subscriber) -> bool:
    return bool(suppressions.among(db, address_hashes(found.email, installation.keys)))


def _moment(at: datetime | None) -> str:
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M} UTC" if at else "an unknown time"

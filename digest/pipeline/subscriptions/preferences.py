"""Changes what subscribers change about their own subscription, by the links in their mail.

Each takes a subscriber's number, is safe to repeat, and does nothing for somebody who is gone.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from digest.domain import Frequency, Interests, Schedule, Subscriber, SubscriberStatus
from digest.due import next_due
from digest.errors import InputError
from digest.languages import deferred
from digest.pipeline.installation import Installation
from digest.pipeline.subscriptions import rate_limits
from digest.pipeline.subscriptions.changes import audited
from digest.pipeline.subscriptions.signup import LOCK, WORDING, WORDING_VERSION
from digest.pipeline.subscriptions.validate import read_display_name, read_interests
from digest.store import session
from digest.store.session import Session
from digest.store.subscriptions import bulk, interests, mutes, signups, subscribers, transactional
from digest.store.subscriptions.subscribers import Consent
from digest.store.subscriptions.transactional import TransactionalKind

MUTED_FOR = timedelta(days=7)
LONGEST_PAUSE = timedelta(days=366)
READERS = frozenset({SubscriberStatus.ACTIVE, SubscriberStatus.PAUSED})  # who get digests, now or later
GONE = frozenset({SubscriberStatus.UNSUBSCRIBED, SubscriberStatus.SUPPRESSED})


def person(installation: Installation, number: int) -> Subscriber | None:
    """Return the subscriber of this number, or None. Raises UnreadableError where the row can't be read."""
    with session.reading(installation.engine) as db:
        return subscribers.by_id(db, number)


def addressee(installation: Installation, number: int) -> Subscriber | None:
    """Return the subscriber of this number, or None; for leaving and erasing, whatever their row holds."""
    with session.reading(installation.engine) as db:
        return subscribers.addressee(db, number)


def by_address(installation: Installation, email: str, *, leaving: bool = False) -> Subscriber:
    """Return the subscriber with this address. Raises UnknownError that names the nearest.

    `leaving`: they leave or are erased, whatever their row holds; else it raises UnreadableError.
    """
    with session.reading(installation.engine) as db:
        return (subscribers.get_addressee if leaving else subscribers.get)(db, email)


def save(
    installation: Installation, number: int, interests: Interests, schedule: Schedule, now: datetime
) -> None:
    """Keep what somebody chose. Terms that are muted stay so, unless they are now excluded for good."""

    def change(db: Session, known: Subscriber) -> None:
        muted = mutes.mutes(db, number)
        for filter_text in set(muted) & set(interests.exclude):
            mutes.unmute(db, number, filter_text)
        exclude = tuple(dict.fromkeys([*interests.exclude, *muted]))
        due = next_due(schedule, now) if schedule != known.schedule else None
        subscribers.save(
            db, number, interests=replace(interests, exclude=exclude), schedule=schedule, due=due
        )

    _change(installation, number, change, act="edit", now=now)


def choose_name(installation: Installation, number: int, name: str, now: datetime) -> None:
    """Choose the name that others see, '' for none. Raises InputError for one that can't be used."""
    wanted = read_display_name(name)

    def change(db: Session, _known: Subscriber) -> None:
        subscribers.set_display_name(db, number, wanted)

    _change(installation, number, change, act="name", now=now)


def pause(installation: Installation, number: int, until: datetime, now: datetime) -> None:
    """Pause a digest until a time. Raises InputError unless it lies within the next year."""
    check_pause(until, now)

    def change(db: Session, known: Subscriber) -> None:
        pause_all(db, [(known, until)])

    _change(installation, number, change, act="pause", now=now)


def pause_all(db: Session, pauses: Iterable[tuple[Subscriber, datetime]]) -> None:
    """Pause the digests of those who get any, each until a time, by a statement for each time."""
    by_end: dict[datetime, list[int]] = {}
    for known, until in pauses:
        if known.status in READERS:
            by_end.setdefault(until, []).append(known.id)
    for until, numbers in by_end.items():
        subscribers.set_statuses(db, numbers, SubscriberStatus.PAUSED, paused_until=until)


def check_pause(until: datetime, now: datetime) -> None:
    """Raise InputError unless a pause may end at this time."""
    if not now < until <= now + LONGEST_PAUSE:
        message = deferred("a pause ends between tomorrow and a year from now")
        raise InputError(message, fix=deferred("choose another day"))


def resume(installation: Installation, number: int, now: datetime) -> None:
    """End a pause."""

    def change(db: Session, known: Subscriber) -> None:
        if known.status is SubscriberStatus.PAUSED:
            wake(db, [known], now)

    _change(installation, number, change, act="resume", now=now)


def wake(db: Session, people: Sequence[Subscriber], now: datetime) -> None:
    """Make people active again, due next after now."""
    subscribers.set_statuses(db, [each.id for each in people], SubscriberStatus.ACTIVE)
    bulk.set_due(db, {each.id: next_due(each.schedule, now) for each in people})


def less_often(installation: Installation, number: int, now: datetime) -> None:
    """Send a digest once a week instead of more often."""

    def change(db: Session, known: Subscriber) -> None:
        if known.schedule.frequency in {Frequency.DAILY, Frequency.WEEKDAYS}:
            schedule = replace(known.schedule, frequency=Frequency.WEEKLY)
            subscribers.save(db, number, schedule=schedule, due=next_due(schedule, now))

    _change(installation, number, change, act="less-often", now=now)


def leave(installation: Installation, number: int, now: datetime, *, goodbye: bool) -> None:
    """Unsubscribe, at once; links of requests that weren't confirmed stop working.

    `goodbye`: say so by mail. One-click unsubscribing (RFC 8058) is silent: its user is done with our mail.
    """

    def change(db: Session, known: Subscriber) -> None:
        leave_all(installation, db, [known], now, goodbye=goodbye)

    _change(installation, number, change, act="unsubscribe", now=now, read=subscribers.addressee)


def leave_all(
    installation: Installation, db: Session, people: Iterable[Subscriber], now: datetime, *, goodbye: bool
) -> None:
    """Unsubscribe those who haven't left, as `leave` does, in some statements for all of them."""
    staying = [each for each in people if each.status not in GONE]
    if not staying:
        return
    session.serialise(db, LOCK)
    numbers = [each.id for each in staying]
    subscribers.set_statuses(db, numbers, SubscriberStatus.UNSUBSCRIBED, left_at=now)
    signups.void(db, *numbers)
    if goodbye:
        kind = TransactionalKind.GOODBYE
        may = rate_limits.take_all(db, installation.keys, [each.email for each in staying], kind, now)
        transactional.add_all(db, kind, [n for n, is_free in zip(numbers, may, strict=True) if is_free], now)


def email_preferences_link(installation: Installation, number: int, now: datetime) -> None:
    """Email somebody the link to their preferences; few times a day, and not where mail doesn't arrive."""
    _email_link(installation, number, TransactionalKind.PREFERENCES, now)


def email_erase_link(installation: Installation, number: int, now: datetime) -> None:
    """Email somebody the link that erases everything about them; few times a day, as above."""
    _email_link(installation, number, TransactionalKind.ERASE, now)


def _email_link(installation: Installation, number: int, kind: TransactionalKind, now: datetime) -> None:

    def change(db: Session, known: Subscriber) -> None:
        session.serialise(db, LOCK)
        if known.status is not SubscriberStatus.SUPPRESSED and rate_limits.take(
            db, installation.keys, known.email, kind, now
        ):
            transactional.add(db, kind, number, now)

    _change(installation, number, change, act="link", now=now, read=subscribers.addressee)


def resubscribe(installation: Installation, number: int, now: datetime) -> None:
    """Undo an unsubscribing: somebody who had confirmed before is active again, and the ledger says so."""

    def change(db: Session, known: Subscriber) -> None:
        if known.status is SubscriberStatus.UNSUBSCRIBED and known.confirmed_at:
            details = {"wording_version": WORDING_VERSION}
            subscribers.add_consent(
                db, number, Consent(now, WORDING, "came back by the link in a mail", details)
            )
            wake(db, [known], now)

    _change(installation, number, change, act="resubscribe", now=now)


def mute(installation: Installation, number: int, text: str, now: datetime) -> None:
    """Leave out papers that a filter selects, for seven days. Raises FilterError."""

    def change(db: Session, known: Subscriber) -> None:
        (filter_text,) = read_interests(interests.topics(db), exclude=[text]).exclude
        if filter_text not in known.interests.exclude:
            exclude = (*known.interests.exclude, filter_text)
            subscribers.save(db, number, interests=replace(known.interests, exclude=exclude))
        elif filter_text not in mutes.mutes(db, number):
            return  # excluded for good
        mutes.mute(db, number, filter_text, now + MUTED_FOR)

    _change(installation, number, change, act="mute", now=now)


def exclude(installation: Installation, number: int, text: str, now: datetime) -> None:
    """Leave out papers that a filter selects, for good. Raises FilterError."""

    def change(db: Session, known: Subscriber) -> None:
        (filter_text,) = read_interests(interests.topics(db), exclude=[text]).exclude
        mutes.unmute(db, number, filter_text)
        kept = tuple(dict.fromkeys([*known.interests.exclude, filter_text]))
        subscribers.save(db, number, interests=replace(known.interests, exclude=kept))

    _change(installation, number, change, act="exclude", now=now)


def include(installation: Installation, number: int, filter_text: str, now: datetime) -> None:
    """End an exclusion, whether for good or for a while."""

    def change(db: Session, known: Subscriber) -> None:
        mutes.unmute(db, number, filter_text)
        kept = tuple(each for each in known.interests.exclude if each != filter_text)
        subscribers.save(db, number, interests=replace(known.interests, exclude=kept))

    _change(installation, number, change, act="include", now=now)


def unmute(installation: Installation, number: int, filter_text: str, now: datetime) -> None:
    """End a mute before its time."""

    def change(db: Session, known: Subscriber) -> None:
        end_mute(db, known, filter_text)

    _change(installation, number, change, act="unmute", now=now)


def end_mute(db: Session, known: Subscriber, filter_text: str) -> None:
    """Drop a mute and the exclusion that it was."""
    if mutes.unmute(db, known.id, filter_text):
        kept = tuple(each for each in known.interests.exclude if each != filter_text)
        subscribers.save(db, known.id, interests=replace(known.interests, exclude=kept))


def muted(installation: Installation, number: int) -> dict[str, datetime]:
    """Return, by filter, when its mute ends."""
    with session.reading(installation.engine) as db:
        return mutes.mutes(db, number)


def _change(
    installation: Installation,
    number: int,
    change: Callable[[Session, Subscriber], None],
    *,
    act: str,
    now: datetime,
    read: Callable[[Session, int], Subscriber | None] = subscribers.by_id,
) -> None:
    """Read somebody and change them in one transaction, which the audit knows of; nothing where they are
    gone."""
    with session.transaction(installation.engine) as db:
        known = read(db, number)
        if known:
            with audited(installation, db, number, act, now):
                change(db, known)

"""Lets an operator add, look at and edit subscribers. What they do themselves is in `preferences`."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from digest.domain import Frequency, Interests, Role, Schedule, Subscriber, SubscriberStatus, Topic
from digest.due import next_due
from digest.errors import InputError, RefusedError
from digest.pipeline.installation import Installation
from digest.pipeline.subscriptions import preferences, signup
from digest.pipeline.subscriptions.changes import audited
from digest.pipeline.subscriptions.validate import (
    known_topics,
    read_address,
    read_display_name,
    read_interests,
    read_schedule,
    subscribe,
)
from digest.serializers import WEEKDAYS, subscriber_object
from digest.store import session
from digest.store.community import audit
from digest.store.session import Session
from digest.store.subscriptions import bulk, snapshots, subscribers, suppressions
from digest.tokens import address_hashes

_LISTS = ("topics", "filters", "exclude")


@dataclass(frozen=True, slots=True)
class Edit:
    """A change of one subscriber: `before` and `after`, which differ in these fields."""

    before: Subscriber
    after: Subscriber

    @property
    def is_of_digests(self) -> bool:
        """Whether interests or the schedule change."""
        before, after = self.before, self.after
        return (before.interests, before.schedule) != (after.interests, after.schedule)

    @property
    def changed(self) -> list[tuple[str, Any, Any]]:
        """Each field that changes, with its value before and after."""
        old, new = subscriber_object(self.before), subscriber_object(self.after)
        return [(name, old[name], new[name]) for name in old if old[name] != new[name]]


def add(
    installation: Installation,
    email: str,
    interests: Interests,
    schedule: Schedule,
    now: datetime,
    *,
    consent: str | None,
) -> tuple[Subscriber, bool]:
    """Add a subscriber; without `consent` they are asked by mail. Returns them, and whether they are asked:
    the limits of mails to an address may forbid it. Raises InputError."""
    with session.transaction(installation.engine) as db:
        added = subscribe(
            installation, db, email=email, interests=interests, schedule=schedule, now=now, consent=consent
        )
        is_asked = consent is not None or signup.invite(installation, db, added, now)
        where = f"subscriber:{added.id}"
        made = snapshots.snapshot(db, added.id)
        audit.record(db, installation.actor, "subscriber.add", where, None, made, now=now)
        return added, is_asked


def ask_again(installation: Installation, email: str, now: datetime) -> Subscriber:
    """Ask a pending or unsubscribed person by mail once more. Raises RefusedError where that isn't due."""
    with session.transaction(installation.engine) as db:
        found = subscribers.get(db, email)
        if found.status not in {SubscriberStatus.PENDING, SubscriberStatus.UNSUBSCRIBED}:
            raise RefusedError(f"{found.email} is {found.status}: there is nothing to confirm")
        if suppressions.among(db, address_hashes(found.email, installation.keys)):
            fix = f"digest suppressions lift {found.email}"
            raise RefusedError(f"{found.email} is suppressed: no mail goes there", fix=fix)
        if not signup.invite(installation, db, found, now):
            raise RefusedError(f"{found.email} had enough mails to confirm", fix="try again later")
        after, where = {"asked": True}, f"subscriber:{found.id}"
        audit.record(db, installation.actor, "subscriber.invite", where, None, after, now=now)
    return found


def planned(installation: Installation, before: Subscriber, changes: Mapping[str, Any]) -> Edit:
    """Work out an edit, with the topics that there are; nothing is written. See `plan`."""
    return plan(known_topics(installation), before, changes)


def plan(listed: Sequence[Topic], before: Subscriber, changes: Mapping[str, Any]) -> Edit:
    """Work out an edit; nothing is written. `listed`: the topics that there are.

    `changes`: by field, as it is typed: `email`, `topics`, `filters`, `exclude` (whole lists), `add_…` and
    `remove_…` for each of those, `min_upvotes`, `top`, `max_papers`, `front`, `about_only`, `frequency`,
    `weekday`, `at`, `timezone`, `quiet_days`, `language`, `role`, `display_name`.
    Raises UnknownError, InputError or FilterError.
    """
    kept, times = before.interests, before.schedule
    limits = ("min_upvotes", "top", "max_papers", "about_only", "front")
    wanted: dict[str, Any] = {name: changes.get(name, getattr(kept, name)) for name in limits}
    for name in _LISTS:
        wanted[name] = _listed(name, getattr(kept, name), changes)
    unwanted: dict[str, Any] = {name: changes.get(f"remove_{name}", ()) for name in _LISTS}
    interests = _without(read_interests(listed, **wanted), read_interests(listed, **unwanted))
    schedule = read_schedule(
        frequency=changes.get("frequency", times.frequency),
        weekday=changes.get("weekday", WEEKDAYS[times.weekday]),
        at=changes.get("at", f"{times.at:%H:%M}"),
        timezone=changes.get("timezone", times.timezone),
        quiet_days=changes.get("quiet_days", times.quiet_days),
        language=changes.get("language", times.language),
    )
    address = read_address(changes["email"]) if "email" in changes else before.email
    chosen = changes.get("display_name")
    after = replace(
        before,
        email=address,
        interests=interests,
        schedule=schedule,
        role=Role(changes.get("role", before.role)),
        display_name=before.display_name if chosen is None else read_display_name(chosen),
    )
    return Edit(before, after)


def carry_out(installation: Installation, edit: Edit, now: datetime) -> Subscriber:
    """Write an edit, and return the subscriber as they are then. Raises InputError where the new address is
    somebody's already, or must not be written to."""
    with (
        session.transaction(installation.engine) as db,
        audited(installation, db, edit.before.id, "edit", now),
    ):
        write_all(installation, db, [edit], now)
    return preferences.by_address(installation, edit.after.email)


def write_all(installation: Installation, db: Session, edits: Sequence[Edit], now: datetime) -> None:
    """Write edits of different people: interests and schedules by a statement for all, addresses, roles and
    names one by one. Raises as `carry_out` does."""
    for before, after in ((edit.before, edit.after) for edit in edits):
        if after.email != before.email:
            if suppressions.among(db, address_hashes(after.email, installation.keys)):
                raise InputError(f"{after.email} is suppressed: no mail goes there")
            subscribers.move(db, before.id, after.email)
        if after.role is not before.role:
            subscribers.set_role(db, before.id, after.role)
        if after.display_name != before.display_name:
            subscribers.set_display_name(db, before.id, after.display_name)
    chosen = [_chosen(edit, now) for edit in edits if edit.is_of_digests]
    if chosen:
        bulk.Adder(db).change(chosen)


def _chosen(edit: Edit, now: datetime) -> bulk.ChangedSubscriber:
    before, after = edit.before, edit.after
    never = after.schedule.frequency is Frequency.NEVER
    moved = after.schedule != before.schedule and before.status is SubscriberStatus.ACTIVE
    due = next_due(after.schedule, now) if moved else None
    return bulk.ChangedSubscriber(before.id, after.interests, after.schedule, moved or never, due)


def give_role(installation: Installation, email: str, role: Role, now: datetime) -> Subscriber:
    """Give a subscriber a role; their sessions end where it is another one. Raises UnknownError."""
    before = preferences.by_address(installation, email)
    return carry_out(installation, Edit(before, replace(before, role=role)), now)


def with_roles(installation: Installation) -> list[Subscriber]:
    """Return the curators and admins."""
    with session.reading(installation.engine) as db:
        return subscribers.with_roles(db)


def pause_until(found: Subscriber, day: date) -> datetime:
    """Return the moment at which a pause until a day ends: midnight on the subscriber's clock."""
    return datetime.combine(day, time(), tzinfo=ZoneInfo(found.schedule.timezone)).astimezone(UTC)


def _without(interests: Interests, unwanted: Interests) -> Interests:
    left: dict[str, Any] = {}
    for name in _LISTS:
        there, gone = getattr(interests, name), getattr(unwanted, name)
        missing = next((text for text in gone if text not in there), None)
        if missing:
            raise InputError(
                f"{missing!r} is none of the {name}", fix=f"they are: {'; '.join(there) or 'none'}"
            )
        left[name] = tuple(text for text in there if text not in gone)
    return replace(interests, **left)


def _listed(name: str, kept: Sequence[str], changes: Mapping[str, Any]) -> list[str]:
    given = [text for text in changes.get(name, kept) if text.strip()]
    return [*given, *changes.get(f"add_{name}", ())]

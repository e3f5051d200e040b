"""Subscribes by double opt-in: a request, an email that asks, a link, then an active subscriber, on record.

A request is only written down while somebody waits for an answer (`ask`); what is to be done about it is
decided afterwards (`settle`), so that no answer, by its words or its time, says whether an address is known.
"""

import hashlib
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from functools import partial
from zoneinfo import ZoneInfo

from digest.domain import Actor, Interests, Schedule, Subscriber, SubscriberStatus
from digest.due import next_due
from digest.errors import TokenError
from digest.languages import deferred, gettext
from digest.pipeline import failures
from digest.pipeline.failures import Part
from digest.pipeline.installation import Installation, acting
from digest.pipeline.mail.links import Purpose, opened
from digest.pipeline.subscriptions import rate_limits
from digest.pipeline.subscriptions.changes import audited
from digest.store import session
from digest.store.session import Session
from digest.store.subscriptions import interests as interest_rows
from digest.store.subscriptions import signups, subscribers, suppressions, transactional
from digest.store.subscriptions.signups import Signup
from digest.store.subscriptions.subscribers import Consent
from digest.store.subscriptions.transactional import TransactionalKind
from digest.tokens import address_hashes, network_hash

WORDING_VERSION = "2026-11"  # change it with the words: the ledger keeps both
WORDING = deferred(
    "Send me papers that fit what I chose here, by e-mail, as often as I chose."
    " I can change this or leave at any time, by a link in every mail."
)
CONFIRM_WITHIN = timedelta(hours=48)
LOCK = "joining"  # one process at a time counts and decides
_CHUNK = 100
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Visitor:
    """Who asks: by which door (web, api, operator), from where, and the `nonce` of the browser's cookie."""

    how: str
    ip: str = ""
    user_agent: str = ""
    nonce: str = ""

    @property
    def browser(self) -> str:
        """What is kept of the browser's nonce: enough to know it again, useless to whoever reads it."""
        return hashlib.sha256(self.nonce.encode()).hexdigest() if self.nonce else ""


class Confirmation(StrEnum):
    """What became of following a confirmation link."""

    DONE = "done"
    ASK = "ask"  # from another browser: one button
    OVER = "over"  # forged, too late, or the request is gone


def ask(
    installation: Installation,
    *,
    email: str,
    interests: Interests,
    schedule: Schedule,
    visitor: Visitor,
    now: datetime,
) -> timedelta | None:
    """Write a request down. Where this network asked too often nothing is kept: returns how long to wait."""
    with session.transaction(installation.engine) as db:
        wait = rate_limits.wait_of_network(
            db, installation.keys, visitor.ip, installation.signups_per_hour, now
        )
        if wait is None:
            signups.add(db, _signup(email, interests, schedule, visitor, now))
        return wait


def settle(installation: Installation, now: datetime) -> int:
    """Decide what is to be done about the requests that came in; returns how many were decided.

    A request that can't be decided is set aside with its reason, and stops no other.
    """
    settled = 0
    while True:
        with session.transaction(installation.engine) as db:
            session.serialise(db, LOCK)
            waiting = signups.undecided(db, _CHUNK)
            chunk = _Chunk(installation, db, now)
            failures.each(
                db, Part.SIGNUP, waiting, chunk.decide, now=now, set_aside=partial(_set_aside, db, now)
            )
        settled += chunk.decided
        if chunk.left:
            _log.error(
                "alarm: %d confirmations within an hour; further ones wait",
                installation.confirmations_per_hour,
            )
            return settled
        if not waiting:
            return settled


@dataclass(slots=True)
class _Chunk:
    """The requests of one transaction: how many were decided, and how many have to wait."""

    installation: Installation
    db: Session
    now: datetime
    decided: int = 0
    left: int = 0

    def decide(self, number: int) -> None:
        signup = signups.get(self.db, number)
        if signup is None or _decide(self.installation, self.db, signup, self.now):
            self.decided += 1
        else:
            self.left += 1


def _set_aside(db: Session, now: datetime, number: int, error: str) -> None:
    signups.set_aside(db, number, error, now)


def invite(installation: Installation, db: Session, subscriber: Subscriber, now: datetime) -> bool:
    """Ask a pending subscriber by mail, for the operator; False where the caps forbid it now."""
    session.serialise(db, LOCK)
    if not rate_limits.take(db, installation.keys, subscriber.email, TransactionalKind.CONFIRM, now):
        return False
    request = _signup(subscriber.email, subscriber.interests, subscriber.schedule, Visitor("operator"), now)
    number = signups.add(db, request, subscriber_id=subscriber.id)
    transactional.add(db, TransactionalKind.CONFIRM, subscriber.id, now, signup_id=number)
    return True


def confirm(
    installation: Installation, token: str, visitor: Visitor, now: datetime, *, pressed: bool
) -> Confirmation:
    """Follow a confirmation link. Without `pressed` only the browser that asked confirms by it.

    Following it again, or while subscribed, changes nothing and is a success.
    """
    try:
        number = opened(installation, Purpose.CONFIRM, token)
    except TokenError:
        return Confirmation.OVER
    with session.transaction(installation.engine) as db:
        session.serialise(db, LOCK)
        signup = signups.get(db, number)
        subscriber = _asker(db, signup)
        if signup is None or subscriber is None or subscriber.status is SubscriberStatus.SUPPRESSED:
            return Confirmation.OVER
        subscribed = subscriber.status in {SubscriberStatus.ACTIVE, SubscriberStatus.PAUSED}
        if signup.confirmed_at or now > signup.at + CONFIRM_WITHIN:
            return Confirmation.DONE if subscribed else Confirmation.OVER
        same_browser = bool(signup.browser) and signup.browser == visitor.browser
        if not (pressed or same_browser):
            return Confirmation.DONE if subscribed else Confirmation.ASK
        signups.confirm(db, signup.id, now)
        if not subscribed:
            network = network_hash(visitor.ip, installation.keys)
            hands = acting(installation, Actor(f"subscriber:{subscriber.id}", "email", network))
            with audited(hands, db, subscriber.id, "confirm", now):
                _activate(installation, db, signup, _record(signup, visitor, now, same_browser=same_browser))
        return Confirmation.DONE


@dataclass(frozen=True, slots=True)
class FirstDigest:
    """When a new subscriber's first digest comes, on their own clock, and what it is about."""

    at: datetime
    timezone: str
    subjects: tuple[str, ...]  # titles of topics, then filters; none: what trends


def first_digest(installation: Installation, token: str) -> FirstDigest | None:
    """Tell whom a confirmation link subscribed what to expect; None while nothing is due to them."""
    try:
        number = opened(installation, Purpose.CONFIRM, token)
    except TokenError:
        return None
    with session.reading(installation.engine) as db:
        subscriber = _asker(db, signups.get(db, number))
        known = {topic.slug: topic.title for topic in interest_rows.topics(db)}
    return expected(subscriber, known) if subscriber else None


def expected(subscriber: Subscriber, titles: Mapping[str, str]) -> FirstDigest | None:
    """Return a subscriber's next digest; `titles`: of topics by slug."""
    if subscriber.status is not SubscriberStatus.ACTIVE or subscriber.next_due_at is None:
        return None
    zone = subscriber.schedule.timezone
    wanted = subscriber.interests
    subjects = (*(titles[slug] for slug in wanted.topics if slug in titles), *wanted.filters)
    return FirstDigest(subscriber.next_due_at.astimezone(ZoneInfo(zone)), zone, subjects)


def _asker(db: Session, signup: Signup | None) -> Subscriber | None:
    if signup is None or signup.subscriber_id is None:
        return None
    return subscribers.by_id(db, signup.subscriber_id)


def _signup(email: str, interests: Interests, schedule: Schedule, visitor: Visitor, now: datetime) -> Signup:
    return Signup(
        email=email,
        interests=interests,
        schedule=schedule,
        at=now,
        how=visitor.how,
        wording=gettext(WORDING),
        wording_version=WORDING_VERSION,
        ip=visitor.ip,
        user_agent=visitor.user_agent,
        browser=visitor.browser,
    )


def _decide(installation: Installation, db: Session, signup: Signup, now: datetime) -> bool:
    """Queue the mail that a request deserves, or forget it; False where it has to wait."""
    subscriber = subscribers.find(db, signup.email)
    hashes = address_hashes(signup.email, installation.keys)
    if suppressions.among(db, hashes) or (subscriber and subscriber.status is SubscriberStatus.SUPPRESSED):
        signups.remove(db, [signup.id])
    elif subscriber and subscriber.status in {SubscriberStatus.ACTIVE, SubscriberStatus.PAUSED}:
        if rate_limits.take(db, installation.keys, subscriber.email, TransactionalKind.ALREADY, now):
            transactional.add(db, TransactionalKind.ALREADY, subscriber.id, now)
        signups.remove(db, [signup.id])
    elif rate_limits.is_flood(db, installation.confirmations_per_hour, now):
        return False
    elif rate_limits.take(db, installation.keys, signup.email, TransactionalKind.CONFIRM, now):
        person = subscriber or _pending(db, signup, now)
        signups.decide(db, signup.id, subscriber_id=person.id, now=now)
        transactional.add(db, TransactionalKind.CONFIRM, person.id, now, signup_id=signup.id)
    else:
        signups.remove(db, [signup.id])
    return True


def _pending(db: Session, signup: Signup, now: datetime) -> Subscriber:
    return subscribers.add(
        db,
        email=signup.email,
        status=SubscriberStatus.PENDING,
        interests=signup.interests,
        schedule=signup.schedule,
        now=now,
        due=None,
    )


def _activate(installation: Installation, db: Session, signup: Signup, consent: Consent) -> None:
    number = signup.subscriber_id or 0
    subscribers.save(db, number, interests=signup.interests, schedule=signup.schedule)
    subscribers.confirm(db, number, consent, due=next_due(signup.schedule, consent.at))
    rate_limits.answered(db, installation.keys, signup.email)
    if rate_limits.take(db, installation.keys, signup.email, TransactionalKind.WELCOME, consent.at):
        transactional.add(db, TransactionalKind.WELCOME, number, consent.at)


def _record(signup: Signup, visitor: Visitor, now: datetime, *, same_browser: bool) -> Consent:
    """What shows that somebody agreed, to which words and how (GDPR, article 7(1))."""
    details = {
        "wording_version": signup.wording_version,
        "asked_at": signup.at.isoformat(),
        "asked_by": signup.how,
        "asked_ip": signup.ip,
        "asked_user_agent": signup.user_agent,
        "topics": list(signup.interests.topics),
        "filters": list(signup.interests.filters),
        "confirmed_ip": visitor.ip,
        "confirmed_user_agent": visitor.user_agent,
        "same_browser": same_browser,
        "seconds_to_confirm": int((now - signup.at).total_seconds()),
    }
    return Consent(at=now, wording=signup.wording, how=f"{signup.how}, confirmed by mail", details=details)

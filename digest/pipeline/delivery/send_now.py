"""Sends one subscriber today's digest at once, by the same steps and in the same ledger as every other.

One digest per subscriber and local date holds here too: who has today's digest gets no other.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from digest.domain import Delivery, DeliveryState, Frequency, Subscriber, SubscriberStatus
from digest.errors import RefusedError
from digest.pipeline.delivery.worker import DeliveryWorker
from digest.pipeline.installation import Installation
from digest.pipeline.issues.open import open_for
from digest.pipeline.issues.preview import preview
from digest.pipeline.mail.build import check_sender
from digest.store import deliveries, papers, session
from digest.store.community import audit
from digest.store.session import Session
from digest.store.subscriptions import subscribers, suppressions
from digest.tokens import address_hashes

_WAITING = {DeliveryState.QUEUED, DeliveryState.DEFERRED}
_OPEN = {*_WAITING, DeliveryState.SKIPPED}


@dataclass(frozen=True, slots=True)
class SentNow:
    """A subscriber, the ledger row of their digest today, and the canonical ids of its papers by number."""

    subscriber: Subscriber
    delivery: Delivery
    papers: Mapping[int, str]


def check_sendable(installation: Installation, email: str, now: datetime) -> Subscriber:
    """Return the subscriber who may be sent today's digest now.

    Raises UnknownError for an unknown address, RefusedError where no digest may go there or today's has gone,
    and ConfigError while no sender is set up.
    """
    check_sender(installation)
    with session.reading(installation.engine) as db:
        subscriber = subscribers.get(db, email)
        if suppressions.among(db, address_hashes(subscriber.email, installation.keys)):
            fix = f"digest suppressions lift {subscriber.email}"
            raise RefusedError(f"{subscriber.email} is suppressed: no mail goes there", fix=fix)
        if subscriber.status is not SubscriberStatus.ACTIVE:
            raise RefusedError(f"{subscriber.email} is {subscriber.status}", fix=_fix(subscriber))
        if subscriber.schedule.frequency is Frequency.NEVER:
            fix = f"digest subscribers edit {subscriber.email} --frequency daily"
            raise RefusedError(f"{subscriber.email} wants no digest", fix=fix)
        row = _of_today(db, subscriber, now)
    if row and row.state not in _OPEN:
        because = f" ({row.reason})" if row.reason else ""
        raise RefusedError(
            f"the digest of {row.issue_date} for {subscriber.email} is {row.state} already{because}:"
            " nobody gets two on one day",
            fix=f"digest subscribers show {subscriber.email} --why {row.issue_date}",
        )
    return subscriber


def send_now(installation: Installation, email: str, now: datetime) -> SentNow:
    """Send a subscriber today's digest now, whenever they are due; returns what became of it.

    A digest of today that waits in the ledger is delivered before its time; else an issue is opened for them
    alone, also where there was nothing for them today before. Raises what `check_sendable` raises,
    RefusedError where there is nothing for them now (then nothing is written, and their digest comes at its
    hour), and DeliveryError when the mail server can't be used: the row waits for the next round then.
    """
    subscriber = check_sendable(installation, email, now)
    with session.reading(installation.engine) as db:
        row = _of_today(db, subscriber, now)
    if row is None or row.state is DeliveryState.SKIPPED:
        found = preview(installation, subscriber, now)
        if found.digest is None:
            msg = f"there is nothing to send to {subscriber.email} now: {found.skip_reason}"
            raise RefusedError(msg, fix=f"digest preview {subscriber.email}")
        open_for(installation, subscriber, now, instead_of=row.id if row else None)
        with session.reading(installation.engine) as db:
            row = _of_today(db, subscriber, now)
    if row and row.state in _WAITING:
        with DeliveryWorker(installation) as worker:
            worker.deliver_due(now, only=row.id)
    _record(installation, subscriber.id, now)
    with session.reading(installation.engine) as db:
        row = _of_today(db, subscriber, now)
        if row is None:  # erased meanwhile, with their rows
            raise RefusedError(f"{subscriber.email} is gone", fix="digest subscribers list")
        return SentNow(subscriber, row, papers.canonical_ids(db, set(row.papers)))


def _record(installation: Installation, number: int, now: datetime) -> None:
    with session.transaction(installation.engine) as db:
        where = f"subscriber:{number}"
        audit.record(db, installation.actor, "digest.send", where, None, {"sent": True}, now=now)


def _of_today(db: Session, subscriber: Subscriber, now: datetime) -> Delivery | None:
    today = now.astimezone(ZoneInfo(subscriber.schedule.timezone)).date()
    rows = deliveries.of_subscriber(db, subscriber.id, limit=3)
    return next((row for row in rows if row.issue_date == today), None)


def _fix(subscriber: Subscriber) -> str:
    if subscriber.status is SubscriberStatus.PAUSED:
        return f"digest subscribers resume {subscriber.email}"
    return f"digest subscribers resend-confirmation {subscriber.email}"

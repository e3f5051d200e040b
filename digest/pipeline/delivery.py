"""Ledger rows that are due → messages handed over → rows that say what became of them.

A chunk of rows is claimed with a lease; `sending` is committed for a row just before its message enters
DATA. What is killed before that goes back to `queued` when the lease ends; what is killed after it becomes
`uncertain` and is never sent again by itself.
"""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from digest.compose import compose
from digest.deliver import Envelope, Transport, asked_to_wait, open_transport
from digest.domain import (
    Delivery,
    DeliveryState,
    Digest,
    Issue,
    Receipt,
    SkipReason,
    Subscriber,
    SubscriberStatus,
)
from digest.errors import DeliveryError
from digest.pipeline.edition import choose, edition
from digest.pipeline.installation import Installation
from digest.pipeline.message import check_sender, envelope
from digest.store import deliveries, session, subscribers, suppressions
from digest.tokens import address_hash

LEASE = timedelta(minutes=15)  # longer than the ten minutes that a server may take for its last reply
STALE = timedelta(hours=20)  # an older issue is yesterday's news
BACK_OFF = tuple(timedelta(minutes=m) for m in (1, 5, 15, 30, 60, 120))
GIVE_UP = timedelta(hours=12)  # after the issue was due


@dataclass(frozen=True, slots=True)
class _Ready:
    """A claimed row with its message."""

    delivery: Delivery
    issue: Issue
    envelope: Envelope


def deliver_due(installation: Installation, now: datetime, *, limit: int = 100) -> int:
    """Claim and deliver one chunk of at most `limit` rows; returns how many were claimed, 0 = none are due.

    Raises DeliveryError when the mail server can't be used at all (the rows are queued again) and
    ConfigError when the sender isn't set up.
    """
    check_sender(installation)
    with session.transaction(installation.engine) as db:
        deliveries.expire(db, before=now - STALE, now=now)
        claimed = deliveries.claim(db, now=now, limit=limit, lease=LEASE)
    if claimed:
        ready = _prepare(installation, claimed, now)
        asyncio.run(_hand_over_all(installation, ready, now))
    return len(claimed)


def sweep(installation: Installation, now: datetime) -> int:
    """Settle rows whose worker is gone (their lease is over); returns how many there were."""
    with session.transaction(installation.engine) as db:
        return deliveries.sweep(db, now)


def promised(
    installation: Installation, claimed: Sequence[Delivery], people: Mapping[int, Subscriber]
) -> dict[int, Digest | None]:
    """By delivery id: the digest that its row promised, its papers in their order with their reasons.

    What the subscriber doesn't want any more is left out; None where nothing stays.
    """
    with session.reading(installation.engine) as db:
        issues = {issue.id: issue for issue in deliveries.issues_by_id(db, {d.issue_id for d in claimed})}
    digests: dict[int, Digest | None] = {}
    for issue in issues.values():
        rows = [d for d in claimed if d.issue_id == issue.id]
        found = edition(installation, issue.opened_at)
        readers = [people[d.subscriber_id] for d in rows]
        chosen = choose(installation, found, readers, but={d.id for d in rows})
        for row, reader in zip(rows, readers, strict=True):
            kept = tuple(match for match in chosen[reader.id] if match.paper.pk in row.papers)
            digests[row.id] = compose(reader, issue, kept, found.topics_of(reader), found.notes)
    return digests


def _prepare(installation: Installation, claimed: Sequence[Delivery], now: datetime) -> list[_Ready]:
    """Look a last time whether each row may still be sent, and write its message."""
    with session.reading(installation.engine) as db:
        people = subscribers.by_ids(db, [d.subscriber_id for d in claimed])
        hashes = {s.id: address_hash(s.email, installation.keys) for s in people.values()}
        suppressed = suppressions.among(db, hashes.values())
    digests = promised(installation, claimed, people)
    ready: list[_Ready] = []
    for delivery in claimed:
        subscriber, digest = people[delivery.subscriber_id], digests[delivery.id]
        reason = _why_not(subscriber, hashes[subscriber.id] in suppressed)
        if digest and not reason:
            mail = envelope(installation, digest, message_id=delivery.message_id, now=now)
            ready.append(_Ready(delivery, digest.issue, mail))
        else:
            skipped = Receipt(DeliveryState.SKIPPED)
            _settle(installation, delivery, skipped, now, reason=reason or SkipReason.NO_MATCH)
    return ready


def _why_not(subscriber: Subscriber, suppressed: bool) -> SkipReason | None:
    if suppressed or subscriber.status is SubscriberStatus.SUPPRESSED:
        return SkipReason.SUPPRESSED
    if subscriber.status is SubscriberStatus.PAUSED:
        return SkipReason.PAUSED
    return None if subscriber.status is SubscriberStatus.ACTIVE else SkipReason.INACTIVE


async def _hand_over_all(installation: Installation, ready: Sequence[_Ready], now: datetime) -> None:
    transport = open_transport(installation.smtp_url, connections=installation.smtp_connections)
    try:
        done = await asyncio.gather(
            *(_hand_over(installation, transport, item, now) for item in ready), return_exceptions=True
        )
    finally:
        await transport.close()
    for failure in done:
        if failure is not None:
            raise failure


async def _hand_over(installation: Installation, transport: Transport, item: _Ready, now: datetime) -> None:
    def before_body() -> bool:
        with session.transaction(installation.engine) as db:
            return deliveries.begin_sending(db, item.delivery.id, item.delivery.claim_token, now)

    try:
        receipt = await transport.hand_over(item.envelope, before_body=before_body)
    except DeliveryError as error:
        _settle_receipt(installation, item, Receipt(DeliveryState.QUEUED, error.message), now)
        raise
    _settle_receipt(installation, item, receipt, now)


def _settle_receipt(installation: Installation, item: _Ready, receipt: Receipt, now: datetime) -> None:
    if receipt.state not in {DeliveryState.QUEUED, DeliveryState.DEFERRED}:
        _settle(installation, item.delivery, receipt, now)
        return
    wait = BACK_OFF[min(item.delivery.attempts, len(BACK_OFF)) - 1]
    again = now + max(wait, timedelta(seconds=asked_to_wait(receipt.reply) or 0))
    if again < item.issue.due_at + GIVE_UP:
        _settle(installation, item.delivery, receipt, now, next_attempt_at=again)
        return
    late = Receipt(DeliveryState.EXPIRED, receipt.reply)
    _settle(installation, item.delivery, late, now, reason="put off until it was too late")


def _settle(
    installation: Installation,
    delivery: Delivery,
    receipt: Receipt,
    now: datetime,
    *,
    reason: str = "",
    next_attempt_at: datetime | None = None,
) -> None:
    with session.transaction(installation.engine) as db:
        ours = deliveries.settle(
            db,
            delivery.id,
            delivery.claim_token,
            state=receipt.state,
            reply=receipt.reply,
            reason=reason,
            now=now,
            next_attempt_at=next_attempt_at,
        )
        if ours and receipt.suppress:
            subscriber = subscribers.by_ids(db, [delivery.subscriber_id])[delivery.subscriber_id]
            suppressions.add(
                db, address_hash(subscriber.email, installation.keys), reason=receipt.reply, now=now
            )
            subscribers.set_status(db, subscriber.id, SubscriberStatus.SUPPRESSED)

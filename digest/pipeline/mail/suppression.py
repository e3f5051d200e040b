"""Suppresses dead addresses: nothing is written to them any more, also after an erasure."""

from datetime import datetime

from digest.domain import DeliveryState, SubscriberStatus
from digest.pipeline.installation import Installation
from digest.store import deliveries
from digest.store.session import Session
from digest.store.subscriptions import subscribers, suppressions
from digest.tokens import address_hash

SOFT_MOST, SOFT_OF = 3, 5  # so many mails that came back, of so many in a row, and an address counts as dead


def suppress(
    installation: Installation, db: Session, subscriber_id: int, *, reason: str, now: datetime
) -> None:
    """Suppress the address of a subscriber, for a reason in a mail server's words; nothing where they are
    gone. Safe to repeat: the first reason stays."""
    known = subscribers.addressee(db, subscriber_id)
    if known is None:
        return
    suppressions.add(db, address_hash(known.email, installation.keys), reason=reason, now=now)
    subscribers.set_status(db, subscriber_id, SubscriberStatus.SUPPRESSED, left_at=now)


def suppress_if_often(installation: Installation, db: Session, delivery_id: int, now: datetime) -> None:
    """Suppress an address after a soft bounce if too many of any five in a row did, this one too.

    Not simply of the last five: a server may try for days, so later mails are still on their way.
    """
    row = deliveries.find(db, delivery_id)
    if row is None:  # erased meanwhile
        return
    bounced = [state is DeliveryState.BOUNCED for state in deliveries.states_around(db, row, SOFT_OF - 1)]
    windows = (bounced[start : start + SOFT_OF] for start in range(len(bounced)))
    if any(sum(window) >= SOFT_MOST for window in windows):
        reason = f"{SOFT_MOST} of {SOFT_OF} mails came back: {row.reply}"
        suppress(installation, db, row.subscriber_id, reason=reason, now=now)

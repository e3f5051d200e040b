"""A subscriber whose address is dead → nothing is written to it any more, also after an erasure."""

from datetime import datetime

from digest.domain import SubscriberStatus
from digest.pipeline.installation import Installation
from digest.store import subscribers, suppressions
from digest.store.session import Session
from digest.tokens import address_hash


def suppress(
    installation: Installation, db: Session, subscriber_id: int, *, reason: str, now: datetime
) -> None:
    """Suppress the address of a subscriber, for a reason in a mail server's words; nothing where they are
    gone. Safe to repeat: the first reason stays."""
    known = subscribers.by_ids(db, [subscriber_id]).get(subscriber_id)
    if known is None:
        return
    suppressions.add(db, address_hash(known.email, installation.keys), reason=reason, now=now)
    subscribers.set_status(db, subscriber_id, SubscriberStatus.SUPPRESSED)

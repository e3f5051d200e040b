"""Makes, renews and ends a subscriber's own feed: a link that only they know."""

from datetime import datetime

from digest.domain import Subscriber, SubscriberStatus
from digest.errors import TokenError
from digest.pipeline.installation import Installation
from digest.store import session
from digest.store.community import audit
from digest.store.subscriptions import feeds, subscribers
from digest.tokens import sign, verify

_PURPOSE = "feed"
_READ_BY = {SubscriberStatus.ACTIVE, SubscriberStatus.PAUSED}


def feed_path(installation: Installation, subscriber_id: int) -> str:
    """Return the path of a subscriber's feed without its ending; '' where they have none."""
    with session.reading(installation.engine) as db:
        number = feeds.feed_of(db, subscriber_id)
    return f"/feed/{sign(_PURPOSE, number, installation.keys)}" if number else ""


def renew_feed(installation: Installation, subscriber_id: int, now: datetime) -> None:
    """Give a subscriber a feed with a new link; the one before is dead from now on."""
    with session.transaction(installation.engine) as db:
        feeds.end_feed(db, subscriber_id)
        if subscribers.by_ids(db, [subscriber_id]):
            feeds.add_feed(db, subscriber_id, now)
            where = f"subscriber:{subscriber_id}"
            audit.record(db, installation.actor, "feed.renew", where, None, {"feed": "new link"}, now=now)


def end_feed(installation: Installation, subscriber_id: int, now: datetime) -> None:
    """End a subscriber's feed."""
    with session.transaction(installation.engine) as db:
        if not feeds.feed_of(db, subscriber_id):
            return
        feeds.end_feed(db, subscriber_id)
        where = f"subscriber:{subscriber_id}"
        audit.record(db, installation.actor, "feed.end", where, {"feed": "link"}, None, now=now)


def owner_of(installation: Installation, token: str) -> Subscriber | None:
    """Return whose feed a link leads to; None for a forged or ended one, and for who has left."""
    try:
        number = verify(_PURPOSE, token, installation.keys)
    except TokenError:
        return None
    with session.reading(installation.engine) as db:
        owner = feeds.owner_of(db, number)
        found = subscribers.by_id(db, owner) if owner else None
    return found if found and found.status in _READ_BY else None

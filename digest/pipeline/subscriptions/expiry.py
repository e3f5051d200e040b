"""What ends by itself: pauses, mutes, requests that nobody confirmed, counts that no cap looks at."""

from datetime import datetime, timedelta

from digest.pipeline.installation import Installation
from digest.pipeline.subscriptions import rate_limits
from digest.pipeline.subscriptions.preferences import end_mute, wake
from digest.store import session
from digest.store.subscriptions import attempts, mutes, signups, subscribers, transactional

UNCONFIRMED_KEPT = timedelta(days=7)
NOTICES_KEPT = timedelta(days=90)


def keep_up(installation: Installation, now: datetime) -> int:
    """End what is over; returns how many pauses, mutes and requests there were. Safe to repeat."""
    with session.transaction(installation.engine) as db:
        over = subscribers.pauses_over(db, now)
        for known in over:
            wake(db, known, now)
        ended = mutes.mutes_over(db, now)
        for number, filter_text in ended:
            end_mute(db, subscribers.by_ids(db, [number])[number], filter_text)
        gone = signups.purge(db, before=now - UNCONFIRMED_KEPT)
        attempts.purge(db, before=now - rate_limits.LONGEST)
        transactional.purge(db, before=now - NOTICES_KEPT)
    return len(over) + len(ended) + gone

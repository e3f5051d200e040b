"""What ends by itself: pauses, mutes, requests that nobody confirmed, counts that no cap looks at."""

from datetime import datetime, timedelta

from digest.pipeline import caps
from digest.pipeline.choices import end_mute, wake
from digest.pipeline.installation import Installation
from digest.store import attempts, notices, session, signups, subscribers, wishes

UNCONFIRMED_KEPT = timedelta(days=7)
NOTICES_KEPT = timedelta(days=90)


def keep_up(installation: Installation, now: datetime) -> int:
    """End what is over; returns how many pauses, mutes and requests there were. Safe to repeat."""
    with session.transaction(installation.engine) as db:
        over = subscribers.pauses_over(db, now)
        for known in over:
            wake(db, known, now)
        ended = wishes.mutes_over(db, now)
        for number, filter_text in ended:
            end_mute(db, subscribers.by_ids(db, [number])[number], filter_text)
        gone = signups.purge(db, before=now - UNCONFIRMED_KEPT)
        attempts.purge(db, before=now - caps.LONGEST)
        notices.purge(db, before=now - NOTICES_KEPT)
    return len(over) + len(ended) + gone

"""Ends what ends by itself: pauses, mutes, requests that nobody confirmed, counts that no cap looks at."""

from datetime import datetime, timedelta

from digest.pipeline import failures
from digest.pipeline.failures import Part
from digest.pipeline.installation import Installation
from digest.pipeline.subscriptions import rate_limits
from digest.pipeline.subscriptions.preferences import end_mute, wake
from digest.store import session
from digest.store.community import audit, sessions
from digest.store.monitoring import failures as kept_failures
from digest.store.monitoring import heartbeats
from digest.store.subscriptions import attempts, bulk, mutes, signups, subscribers, transactional

UNCONFIRMED_KEPT = timedelta(days=7)
SESSIONS_KEPT = timedelta(days=30)  # since they were last used
SIGNINS_KEPT = timedelta(days=1)
AUDIT_KEPT = timedelta(days=365)
NOTICES_KEPT = timedelta(days=90)
HEARTBEATS_KEPT = timedelta(days=1)  # of workers that are gone


def keep_up(installation: Installation, now: datetime) -> int:
    """End what is over; returns how many pauses, mutes and requests there were. Safe to repeat."""
    with session.transaction(installation.engine) as db:

        def end_pause(number: int) -> None:
            wake(db, [subscribers.by_ids(db, [number])[number]], now)

        def end(muted: tuple[int, str]) -> None:
            number, filter_text = muted
            end_mute(db, subscribers.by_ids(db, [number])[number], filter_text)

        over = failures.each(db, Part.PAUSE, bulk.pauses_over(db, now), end_pause, now=now)
        ended = failures.each(
            db,
            Part.MUTE,
            mutes.mutes_over(db, now),
            end,
            name=lambda muted: f"of subscriber {muted[0]}",
            now=now,
        )
    with session.transaction(installation.engine) as db:
        gone = signups.purge(db, before=now - UNCONFIRMED_KEPT)
        attempts.purge(db, before=now - rate_limits.LONGEST)
        transactional.purge(db, before=now - NOTICES_KEPT)
        sessions.purge(db, used_before=now - SESSIONS_KEPT, asked_before=now - SIGNINS_KEPT)
        audit.purge(db, before=now - AUDIT_KEPT)
        kept_failures.purge(db, before=now - failures.KEPT)
        heartbeats.purge(db, before=now - HEARTBEATS_KEPT)
    return over + ended + gone

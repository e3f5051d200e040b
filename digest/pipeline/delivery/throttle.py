"""Plans when each message may leave, and slows, stops or resumes recipient domains by their replies.

All processes of an installation share the paces, which stand in the database.
"""

import logging
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta

from digest.deliver import asked_to_wait, refuses_us, wants_time
from digest.domain import DeliveryState, Receipt
from digest.pipeline.installation import Installation
from digest.store import session
from digest.store.community import audit
from digest.store.deliveries import domain_limits
from digest.store.session import Session
from digest.throttle import (
    CAME_BACK,
    EVERYBODY,
    NO_LIMITS,
    Limits,
    Throttle,
    admit,
    resumed,
    slowed,
    speed,
    stopped,
)

HORIZON = timedelta(seconds=30)  # a message that leaves later isn't held by a worker until then

_LOOK = "see `digest deliveries domains`"  # the reply stays there: it may hold an address

log = logging.getLogger(__name__)


def plan(
    installation: Installation, domains: Mapping[int, str], now: datetime
) -> tuple[dict[int, datetime], dict[int, datetime]]:
    """Return, by delivery id, when those leave that are admitted, and when the others ask again.

    `domains`: delivery id → recipient domain, in the order in which they wait.
    """
    limits, horizon = installation.limits, now + min(HORIZON, installation.lease / 4)
    leave = dict.fromkeys(domains, now)
    refetch_days: dict[int, datetime] = {}
    with session.transaction(installation.engine) as db:
        limited = _limited(db, limits, set(domains.values()))
        if not limited:
            return leave, refetch_days
        found = domain_limits.held(db, limited, now)
        for domain in sorted(found, key=lambda name: name == EVERYBODY):  # everybody: of those that are left
            ids = [one for one, its in domains.items() if one in leave and domain in (its, EVERYBODY)]
            admitted = admit(found[domain], len(ids), limits, now, horizon)
            found[domain] = admitted.pace
            may = len(admitted.leave)
            leave |= {one: max(at, leave[one]) for one, at in zip(ids[:may], admitted.leave, strict=True)}
            for one, at in zip(ids[may:], admitted.refetch_days, strict=True):
                refetch_days[one] = at
                del leave[one]
        domain_limits.save(db, found.values())
    return leave, refetch_days


def _limited(db: Session, limits: Limits, domains: set[str]) -> set[str]:
    """Those of these domains whose pace counts, and `*` where there is one for all together."""
    if limits.domain or limits.warm_up_since:
        limited = set(domains)
    else:
        limited = {pace.domain for pace in domain_limits.known(db, domains).values()}
    return limited | ({EVERYBODY} if limits.everybody else set())


def is_trouble(receipt: Receipt) -> bool:
    """Return whether a reply says that nothing more should go to its domain now."""
    return wants_time(receipt.reply) or (
        receipt.state in {DeliveryState.FAILED, DeliveryState.BOUNCED} and refuses_us(receipt.reply)
    )


def apply_reply(installation: Installation, domain: str, receipt: Receipt, now: datetime) -> Throttle:
    """Slow down or stop a domain after such a reply; the operator is told once, in the log."""
    with session.transaction(installation.engine) as db:
        before = domain_limits.held(db, {domain}, now)[domain]
        if wants_time(receipt.reply):
            seconds = asked_to_wait(receipt.reply)
            wait = timedelta(seconds=seconds) if seconds else None
            after = slowed(before, installation.limits, now, receipt.reply, wait)
        else:
            after = stopped(before, now, receipt.reply)
        domain_limits.save(db, [after])
    if after.stopped_until and not before.stopped_until:
        log.error("%s refuses our mail; nothing goes there until %s: %s", domain, after.stopped_until, _LOOK)
    elif after.slowed_at != before.slowed_at:
        log.warning("%s asks for time; it gets %.3g mails a second: %s", domain, after.rate, _LOOK)
    return after


def slow_for_refusals(installation: Installation, domain: str, words: str, now: datetime) -> None:
    """Slow down a domain whose servers sent digests back for a fault of ours; the operator is told once.

    One that is slow or stopped already stays as it is: reports that come back late say nothing new.
    """
    with session.transaction(installation.engine) as db:
        before = domain_limits.held(db, {domain}, now)[domain]
        if before.stopped_until or speed(before, NO_LIMITS, now):
            return
        domain_limits.save(db, [slowed(before, installation.limits, now, f"{CAME_BACK}{words}")])
    log.error("%s sends our mail back for a fault of ours; it gets less for a while: %s", domain, _LOOK)


def resume_if_stopped(installation: Installation, domains: Iterable[str], now: datetime) -> None:
    """Resume those of these domains that were stopped: one of them has just taken a message."""
    wanted = set(domains)
    with session.transaction(installation.engine) as db:
        stopped_now = {p.domain for p in domain_limits.known(db, wanted).values() if p.stopped_until}
        if not stopped_now:
            return
        again = [resumed(pace, now) for pace in domain_limits.held(db, stopped_now, now).values()]
        domain_limits.save(db, again)
    for pace in again:
        log.warning("%s takes our mail again", pace.domain)


def troubled(installation: Installation) -> list[Throttle]:
    """Return the throttles of recipient domains that asked for time or refused us."""
    with session.reading(installation.engine) as db:
        return domain_limits.troubled(db)


def resume(installation: Installation, domains: Sequence[str], now: datetime) -> list[str]:
    """Resume stopped domains because the operator says so; returns those that were stopped."""
    with session.transaction(installation.engine) as db:
        known = domain_limits.known(db, domains)
        was = {name: pace for name, pace in known.items() if pace.stopped_until}
        domain_limits.save(db, [resumed(pace, now) for pace in was.values()])
        for name, pace in sorted(was.items()):
            before = {"stopped_until": pace.stopped_until}
            audit.record(db, installation.actor, "domain.resume", f"domain:{name}", before, None, now=now)
    return sorted(was)

"""Keeps what is wrong now as rows, and emails the operator what began and what is over.

A row counts as told when the mail server has taken its mail. After a doubt it is told again: a lost alarm is
worse than a doubled one. Never: an error for its caller, or a wait that holds up a digest for long.
"""

import asyncio
import hashlib
import logging
from collections.abc import Sequence
from datetime import datetime

from digest.deliver import Envelope, Timeouts
from digest.domain import Alarm, DeliveryState
from digest.errors import DigestError
from digest.pipeline import failures
from digest.pipeline.failures import Part
from digest.pipeline.installation import Installation
from digest.pipeline.mail.build import finalize, message_name, sender_address
from digest.pipeline.mail.outbox import ALARMS, LEASE, HandedOver, connected, hand_over
from digest.pipeline.monitoring import conditions
from digest.store import session
from digest.store.monitoring import alarms

MOST = 50  # alarms in one mail; the others come in the next
TIMEOUTS = Timeouts(greeting=30, command=30, reply=60)

log = logging.getLogger(__name__)


def watch(installation: Installation, now: datetime) -> int:
    """Note what is wrong and what is over, and tell the operator what isn't told yet; returns how many were
    told. Without an operator's address the rows are kept for `digest doctor`, and nobody is told."""
    failures.note_left_out(installation, now)
    _note(installation, now)
    if not installation.operator_mail:
        return 0
    with session.transaction(installation.engine) as db:
        claimed = alarms.claim(db, now=now, limit=MOST, lease=LEASE)
    return _tell(installation, claimed, now) if claimed else 0


def _note(installation: Installation, now: datetime) -> None:
    with session.transaction(installation.engine) as db:
        found = conditions.standing(db, now)
        before = {alarm.key for alarm in alarms.known(db) if alarm.over_at is None}
        ended = before - {alarm.key for alarm in found}
        alarms.note(db, found, {key: conditions.ending(db, key) for key in sorted(ended)}, now)
        if not installation.operator_mail:
            alarms.drop_over(db)
    for alarm in found:
        if alarm.key not in before:
            log.warning("alarm: %s", alarm.title)


def _tell(installation: Installation, claimed: Sequence[Alarm], now: datetime) -> int:
    came = asyncio.run(_hand_over(installation, claimed, now))
    receipt = came.receipt
    if came.error and not isinstance(
        came.error, DigestError
    ):  # those: no server, or a template, or a setting
        log.error("a mail of alarms can't be written", exc_info=came.error)
        if len(claimed) > 1:  # one of them: each is told alone
            return sum(_tell(installation, [alarm], now) for alarm in claimed)
        failures.note(installation, Part.ALARM, claimed[0].key, came.error, now)
    with session.transaction(installation.engine) as db:
        if receipt.state is DeliveryState.SENT:
            alarms.mark_notified(db, claimed, now)
            return len(claimed)
        wait = ALARMS.wait(max(alarm.attempts for alarm in claimed))
        alarms.put_back(db, claimed, until=now + wait, reply=receipt.reply)
    log.error("the operator couldn't be told of %d alarms; next try in %s", len(claimed), wait)
    return 0


async def _hand_over(installation: Installation, claimed: Sequence[Alarm], now: datetime) -> HandedOver:
    async def begin() -> bool:
        with session.reading(installation.engine) as db:
            return alarms.begin_sending(db, claimed, now)

    async with connected(installation, timeouts=TIMEOUTS) as transport:
        return await hand_over(transport, lambda: _envelope(installation, claimed, now), begin, ALARMS)


def _envelope(installation: Installation, claimed: Sequence[Alarm], now: datetime) -> Envelope:
    sender, to = sender_address(installation), installation.operator_mail
    name = message_name(installation, _number(claimed))
    message = installation.renderer.alarm(
        installation.site,
        began=[alarm for alarm in claimed if alarm.over_at is None],
        over=[alarm for alarm in claimed if alarm.over_at is not None],
    )
    return finalize(installation, message, to, sender=sender, message_id=name, now=now)


def _number(claimed: Sequence[Alarm]) -> int:
    """The same for the same alarms, so that a mail that came twice has one Message-ID."""
    notified = " ".join(f"{alarm.key} {alarm.since} {alarm.over_at}" for alarm in claimed)
    return int.from_bytes(hashlib.sha256(notified.encode()).digest()[:8])

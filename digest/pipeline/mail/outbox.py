"""Hands over one claimed email, and says what to write into its row: the protocol of every outbox.

claim → render → MAIL, RCPT, DATA accepted → begin: `sending` is committed → body → settle

`store/leases.py` keeps the rows. The outboxes differ by policy alone: digests and transactional emails leave
at most once (one whose body may have left stays `uncertain`), alarms at least once (a lost one is worse
than a doubled one). Never: an email sent without its claim, or an error of one email that stops the others.
"""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta

from digest.deliver import TIMEOUTS, Envelope, Timeouts, Transport, asked_to_wait, open_transport
from digest.domain import DeliveryState, Receipt
from digest.errors import DeliveryError
from digest.pipeline import failures
from digest.pipeline.installation import Installation

LEASE = timedelta(minutes=15)  # of few emails: longer than the ten minutes that a server may take to reply
_AGAIN = {DeliveryState.QUEUED, DeliveryState.DEFERRED}


def _minutes(*waits: int) -> tuple[timedelta, ...]:
    return tuple(timedelta(minutes=wait) for wait in waits)


@dataclass(frozen=True, slots=True)
class Policy:
    """How the emails of one outbox are tried again; `give_up`: how long after one was due, None = never."""

    at_most_once: bool
    back_off: tuple[timedelta, ...]
    give_up: timedelta | None

    def wait(self, attempts: int) -> timedelta:
        """Return how long an email waits after so many attempts (from 1 on)."""
        return self.back_off[min(attempts, len(self.back_off)) - 1]


DIGESTS = Policy(at_most_once=True, back_off=_minutes(1, 5, 15, 30, 60, 120), give_up=timedelta(hours=12))
TRANSACTIONAL = DIGESTS
ALARMS = Policy(at_most_once=False, back_off=_minutes(1, 5, 15, 60, 120, 360), give_up=None)


@dataclass(frozen=True, slots=True)
class HandedOver:
    """What came of handing over one email.

    `refused`: its claim was over, or it wasn't wanted any more; `error`: the mail server can't be used
    (DeliveryError), or something that nobody foresaw.
    """

    receipt: Receipt
    refused: bool = False
    error: Exception | None = None


async def hand_over(
    transport: Transport,
    envelope: Callable[[], Envelope | None],
    begin: Callable[[], Awaitable[bool]],
    policy: Policy,
) -> HandedOver:
    """Write an email and hand it over; `begin` commits that its body is about to leave, False: it mustn't.

    No envelope: nobody wants the email any more.
    Raises only what isn't this email's fault (`failures.is_its_fault`), DeliveryError excepted.
    """
    begun = refused = False

    async def before_body() -> bool:
        nonlocal begun, refused
        begun = await begin()
        refused = not begun
        return begun

    try:
        mail = envelope()
        if mail is None:
            return HandedOver(Receipt(DeliveryState.SKIPPED, "no longer wanted"))
        receipt = await transport.hand_over(mail, before_body=before_body)
    except DeliveryError as error:
        return HandedOver(Receipt(DeliveryState.QUEUED, error.message), refused, error)
    except Exception as error:
        if not failures.is_its_fault(error):
            raise
        in_doubt = begun and policy.at_most_once
        state = DeliveryState.UNCERTAIN if in_doubt else DeliveryState.DEFERRED
        return HandedOver(Receipt(state, failures.words(error)), refused, error)
    return HandedOver(receipt, refused)


def next_step(
    policy: Policy,
    receipt: Receipt,
    *,
    attempts: int,
    now: datetime,
    due_at: datetime,
    useless_at: datetime | None = None,
) -> tuple[DeliveryState, datetime]:
    """Return the state to write for a receipt, and when the email is tried again (`now` where it isn't).

    What is to be tried again waits longer each time, and as long as the server asked for. It expires when the
    policy gives up what was due at `due_at`, or when it is of no use any more.
    """
    if receipt.state not in _AGAIN:
        return receipt.state, now
    again = now + max(policy.wait(attempts), timedelta(seconds=asked_to_wait(receipt.reply) or 0))
    ends = [due_at + policy.give_up] if policy.give_up else []
    if useless_at:
        ends.append(useless_at)
    expired = any(again >= end for end in ends)
    return DeliveryState.EXPIRED if expired else receipt.state, again


@asynccontextmanager
async def connected(
    installation: Installation, *, connections: int = 1, timeouts: Timeouts = TIMEOUTS
) -> AsyncIterator[Transport]:
    """Connect to the mail server for a few emails; the connections are closed at the end."""
    transport = open_transport(installation.smtp_url, connections=connections, timeouts=timeouts)
    try:
        yield transport
    finally:
        await transport.close()

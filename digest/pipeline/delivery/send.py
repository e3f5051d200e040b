"""Hands over the messages of one chunk, each when it may leave, and returns outcomes for the ledger.

What a reply says of the whole domain is heeded at once: the rest of the chunk for that domain goes back.
"""

import asyncio
import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from digest.deliver import Envelope, Transport
from digest.domain import Delivery, DeliveryState, Issue, Receipt, Subscriber
from digest.errors import DeliveryError
from digest.pipeline import failures
from digest.pipeline.clock import Clock
from digest.pipeline.delivery import throttle
from digest.pipeline.delivery.ledger_writer import LedgerWriter, Settled
from digest.pipeline.failures import Part
from digest.pipeline.installation import Installation
from digest.pipeline.mail.outbox import DIGESTS, hand_over, next_step
from digest.store.deliveries import Outcome
from digest.store.session import DBAPIError
from digest.throttle import Throttle, domain_of

_MAY_BE_THERE = {DeliveryState.SENT, DeliveryState.UNCERTAIN}
log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Ready:
    """A claimed row with its message, and when that may leave; `shown`: what the message shows, packed."""

    delivery: Delivery
    issue: Issue
    subscriber: Subscriber
    envelope: Envelope
    leaves_at: datetime
    shown: bytes | None = None

    @property
    def domain(self) -> str:
        return domain_of(self.envelope.recipient)

    @property
    def useless_at(self) -> datetime | None:
        """When the subscriber's next digest is due: this one is of no use any more."""
        due = self.subscriber.next_due_at
        return due if due and due > self.issue.due_at else None


class BatchSender:
    """One chunk under way. At no moment are more messages in doubt than `installation.smtp_connections`."""

    def __init__(self, installation: Installation, transport: Transport, clock: Clock) -> None:
        self._installation = installation
        self._transport = transport
        self._clock = clock
        self._ledger_writer = LedgerWriter(installation, clock)
        self._halted: dict[str, Throttle] = {}
        self._took: set[str] = set()
        self._failure: DeliveryError | DBAPIError | None = None
        self._broken: list[tuple[Ready, Exception]] = []

    async def run(self, ready: Sequence[Ready]) -> None:
        """Hand all over. Raises DeliveryError when the mail server can't be used at all, and DBAPIError when
        the database was away for too long; what wasn't handed over is waiting again, or will be."""
        waiting = iter(sorted(ready, key=lambda item: item.leaves_at))
        async with asyncio.TaskGroup() as group:
            for _ in range(self._installation.smtp_connections):
                group.create_task(self._slot(waiting))
        await self._ledger_writer.drain()
        for item, error in self._broken:
            await asyncio.to_thread(
                failures.note, self._installation, Part.DELIVERY, item.delivery.id, error, self._clock.now()
            )
        if self._took:
            await asyncio.to_thread(
                throttle.resume_if_stopped, self._installation, self._took, self._clock.now()
            )
        if self._failure:
            raise self._failure

    async def _slot(self, waiting: Iterator[Ready]) -> None:
        for item in waiting:
            early = (item.leaves_at - self._clock.now()).total_seconds()
            if early > 0:
                await asyncio.sleep(early)
            with self._ledger_writer.slot():
                await self._one(item)

    async def _one(self, item: Ready) -> None:
        if self._failure:
            words = self._failure.message if isinstance(self._failure, DeliveryError) else ""
            self._put_back(item, self._clock.now() + DIGESTS.wait(1), words)
        elif item.domain in self._halted:
            pace = self._halted[item.domain]
            self._put_back(item, max(pace.next_at, pace.stopped_until or pace.next_at), "")
        else:
            try:
                await self._hand_over(item)
            except DBAPIError as error:  # its row comes back when the lease ends
                self._failure = self._failure or error

    async def _hand_over(self, item: Ready) -> None:
        came = await hand_over(
            self._transport, lambda: item.envelope, lambda: self._ledger_writer.begin(item.delivery), DIGESTS
        )
        receipt = came.receipt
        if isinstance(came.error, DeliveryError):
            self._failure = self._failure or came.error
        elif came.error:
            log.error("delivery %d failed and is set aside", item.delivery.id, exc_info=came.error)
            self._broken.append((item, came.error))
        if came.refused:  # the next claim finds out why
            self._put_back(item, self._clock.now(), receipt.reply)
            return
        self._settle(item, receipt)
        if receipt.state is DeliveryState.SENT:
            self._took.add(item.domain)
        elif throttle.is_trouble(receipt):
            self._halted[item.domain] = await asyncio.to_thread(
                throttle.apply_reply, self._installation, item.domain, receipt, self._clock.now()
            )

    def _put_back(self, item: Ready, until: datetime, reply: str) -> None:
        """It wasn't tried: the attempt doesn't count."""
        row = item.delivery
        attempts = row.attempts - 1
        outcome = Outcome(row.id, row.claim_token, DeliveryState.QUEUED, reply, row.reason, attempts, until)
        self._ledger_writer.settle(Settled(outcome))

    def _settle(self, item: Ready, receipt: Receipt) -> None:
        row, now = item.delivery, self._clock.now()
        state, again = next_step(
            DIGESTS,
            receipt,
            attempts=row.attempts,
            now=now,
            due_at=item.issue.due_at,
            useless_at=item.useless_at,
        )
        expired = state is DeliveryState.EXPIRED
        reason = "put off until it was too late" if expired else row.reason  # a quiet day's row keeps its own
        shown = item.shown if state in _MAY_BE_THERE else None
        outcome = Outcome(row.id, row.claim_token, state, receipt.reply, reason, row.attempts, again, shown)
        self._ledger_writer.settle(Settled(outcome, row.subscriber_id if receipt.suppress else None))

"""Writes marks and outcomes of messages to the ledger, those of one moment in one transaction.

A connection's next message is marked `sending` in no earlier transaction than the one that settles its last:
at every moment there are at most as many `sending` rows as connections. While the database is away, everybody
waits; a message whose mark isn't written isn't sent, and an outcome isn't forgotten.
"""

import asyncio
import contextlib
import time
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from digest.domain import Delivery, DeliveryState
from digest.pipeline import failures
from digest.pipeline.clock import Clock
from digest.pipeline.failures import Part
from digest.pipeline.installation import Installation
from digest.pipeline.mail.suppression import suppress, suppress_if_often
from digest.store import deliveries, session
from digest.store.deliveries import Outcome
from digest.store.monitoring import failures as kept_failures
from digest.store.session import DBAPIError

STALE = timedelta(hours=20)  # an older issue expires
PATIENCE = 30.0  # seconds that the database may be away in the middle of a chunk
PAUSE = 0.2  # seconds between two tries to reach it
COMPANY = 0.005  # seconds that a mark waits for those of other slots: about what a commit takes


_Marks = list[tuple[Delivery, asyncio.Future[bool]]]


class Settled(NamedTuple):
    """An outcome; `suppress`: the subscriber whose address is dead."""

    outcome: Outcome
    suppress: int | None = None


class LedgerWriter:
    """Writes for one chunk. To be used in one event loop, and drained at its end."""

    def __init__(self, installation: Installation, clock: Clock) -> None:
        self._installation = installation
        self._clock = clock
        self._patience = min(PATIENCE, installation.lease.total_seconds() / 3)
        self._marks: _Marks = []
        self._settled: list[Settled] = []
        self._writer: asyncio.Task[None] | None = None
        self._slots = 0  # on the way to a mark
        self._came = asyncio.Event()

    @contextlib.contextmanager
    def slot(self) -> Iterator[None]:
        """Let the marks of others wait a moment for this message's mark, while it is on its way."""
        self._slots += 1
        try:
            yield
        finally:
            self._slots -= 1
            self._came.set()

    async def begin(self, delivery: Delivery) -> bool:
        """Mark a message as `sending`. False: it mustn't be sent. Raises DBAPIError: no database."""
        marked: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        self._marks.append((delivery, marked))
        self._came.set()
        self._wake()
        return await marked

    def settle(self, settled: Settled) -> None:
        """Note what became of a message; it is written with the next marks, or by `drain`."""
        self._settled.append(settled)

    async def drain(self) -> None:
        """Write what is left. Raises DBAPIError: the database is away."""
        while self._writer or self._settled:
            self._wake()
            if self._writer:
                await self._writer

    def _wake(self) -> None:
        if self._writer is None:
            self._writer = asyncio.create_task(self._write())

    async def _write(self) -> None:
        """Write until nothing is left to write. What came while a transaction ran goes into the next."""
        marks: _Marks = []
        try:
            while self._marks or self._settled:
                await self._wait_for_company()
                marks, self._marks = self._marks, []
                settled, self._settled = self._settled, []
                await self._write_together(marks, settled)
        except Exception as error:
            _fail([*marks, *self._marks], error)  # who came while it was tried would wait for ever
            self._marks = []
            raise
        finally:
            self._writer = None

    async def _wait_for_company(self) -> None:
        """Until the marks of all slots are here or a moment is over: one commit does for all of them."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(COMPANY):
                while len(self._marks) < self._slots:
                    self._came.clear()
                    await self._came.wait()

    async def _write_together(self, marks: _Marks, settled: Sequence[Settled]) -> None:
        claimed = [delivery for delivery, _ in marks]
        deadline = time.monotonic() + self._patience
        while True:
            try:
                ours = await asyncio.to_thread(self._commit, claimed, settled, self._clock.now())
            except DBAPIError:
                if time.monotonic() > deadline:
                    raise
                await asyncio.sleep(PAUSE)
            else:
                break
        for delivery, marked in marks:
            if not marked.done():
                marked.set_result(delivery.id in ours)

    def _commit(self, claimed: Sequence[Delivery], settled: Sequence[Settled], now: datetime) -> set[int]:
        with session.transaction(self._installation.engine) as db:

            def suppress_one(one: Settled) -> None:
                row = one.outcome
                if one.suppress is not None and deliveries.holds(db, row.delivery_id, row.claim_token):
                    suppress(self._installation, db, one.suppress, reason=row.reply, now=now)

            def count_one(one: Settled) -> None:
                suppress_if_often(self._installation, db, one.outcome.delivery_id, now)

            # What follows from one bounce mustn't undo that others were sent: each has its savepoint.
            dead = [one for one in settled if one.suppress is not None]
            soft = [
                one for one in settled if one.outcome.state is DeliveryState.BOUNCED and one.suppress is None
            ]
            if dead:
                failures.each(db, Part.DELIVERY, dead, suppress_one, name=_number, now=now)
            deliveries.settle(db, [one.outcome for one in settled], now)
            again = [one for one in settled if one.outcome.attempts > 1]
            kept_failures.clear(db, Part.DELIVERY, [str(_number(one)) for one in again if _is_sent(one)])
            if soft:
                failures.each(db, Part.DELIVERY, soft, count_one, name=_number, now=now)
            if not claimed:
                return set()
            lease = self._installation.lease
            return deliveries.begin_sending(db, claimed, now=now, lease=lease, due_after=now - STALE)


def _number(one: Settled) -> int:
    return one.outcome.delivery_id


def _is_sent(one: Settled) -> bool:
    return one.outcome.state is DeliveryState.SENT


def _fail(marks: _Marks, error: Exception) -> None:
    for _, marked in marks:
        if not marked.done():
            marked.set_exception(error)

"""Sends the ledger's rows that are due, and writes down what became of them.

A chunk of rows is claimed with a lease; `sending` is committed for a row just before its message enters
DATA. What is killed before that goes back to `queued` when the lease ends; what is killed after it becomes
`uncertain` and is never sent again by itself.
"""

import asyncio
import gc
import logging
import sys
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from types import TracebackType
from typing import Self

from digest import shown
from digest.deliver import TIMEOUTS, Timeouts, Transport, open_transport
from digest.domain import (
    Delivery,
    DeliveryState,
    Digest,
    Issue,
    SkipReason,
    Subscriber,
    SubscriberStatus,
)
from digest.errors import ConfigError, DeliveryError, InputError
from digest.pipeline import failures
from digest.pipeline.clock import Clock
from digest.pipeline.delivery import throttle
from digest.pipeline.delivery.contents import DigestBuilder
from digest.pipeline.delivery.ledger_writer import STALE
from digest.pipeline.delivery.send import BatchSender, Ready
from digest.pipeline.failures import Part
from digest.pipeline.installation import Installation
from digest.pipeline.mail.build import check_sender, envelope, write
from digest.pipeline.mail.outbox import DIGESTS
from digest.store import deliveries, session
from digest.store.deliveries import Outcome
from digest.store.subscriptions import subscribers, suppressions
from digest.throttle import domain_of
from digest.tokens import address_hashes

CHUNK = 200
LOOK_AGAIN = timedelta(minutes=1)  # after which papers are read anew, and old issues given up
# Objects between two rounds of Python's collector; with its own 700 it took a fifth of the time.
COLLECT_AFTER = 50_000


log = logging.getLogger(__name__)


class DeliveryWorker:
    """Delivers chunk after chunk; keeps editions, connections and its event loop. Not for threads."""

    def __init__(self, installation: Installation) -> None:
        self._installation = installation
        self._builder = DigestBuilder(installation)
        self._runner = asyncio.Runner(loop_factory=_new_loop())
        self._transport: Transport | None = None
        self._looked_at: datetime | None = None
        # Set here and not on entering: a Celery worker makes one for its whole life and never enters it.
        self._collector = gc.get_threshold()
        gc.set_threshold(COLLECT_AFTER, *self._collector[1:])

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.hang_up()
        self._runner.close()
        gc.set_threshold(*self._collector)

    def deliver_due(self, now: datetime, *, limit: int = CHUNK, only: int | None = None) -> int:
        """Claim and deliver one chunk of at most `limit` rows; returns how many, 0 = none are due.

        `only`: the id of one row, which is delivered before its time, too.
        Raises DeliveryError when the mail server can't be used at all (the rows are queued again), DBAPIError
        when the database is away, and ConfigError when the sender isn't set up.
        """
        check_sender(self._installation)
        clock = Clock(now)
        self._look_again(now)
        with session.transaction(self._installation.engine) as db:
            lease = self._installation.lease
            claimed = deliveries.claim(db, now=now, limit=limit, lease=lease, only=only)
        ready = self._prepare_each(claimed, clock) if claimed else []
        if ready:
            self._runner.run(self._hand_over(ready, clock))
        return len(claimed)

    def hang_up(self) -> None:
        """Close the connections to the mail server; the next chunk opens them again."""
        if self._transport:
            self._runner.run(self._transport.close())
            self._transport = None

    def _look_again(self, now: datetime) -> None:
        if self._looked_at is None or not timedelta(0) <= now - self._looked_at < LOOK_AGAIN:
            with session.transaction(self._installation.engine) as db:
                deliveries.expire(db, before=now - STALE, now=now)
            if self._looked_at:
                self._builder = DigestBuilder(self._installation)
                gc.collect()  # the papers and the many reasons of before: they refer to one another
            self._looked_at = now

    async def _hand_over(self, ready: Sequence[Ready], clock: Clock) -> None:
        here = self._installation
        if self._transport is None:
            self._transport = open_transport(
                here.smtp_url, connections=here.smtp_connections, timeouts=_timeouts(here.lease)
            )
        await BatchSender(here, self._transport, clock).run(ready)

    def _prepare_each(self, claimed: Sequence[Delivery], clock: Clock) -> list[Ready]:
        """`_prepare` of all rows together; where that fails, of each alone, and those that fail wait.

        Raises what fails for every row of more than one, and what isn't their fault; the rows wait then, too.
        """
        try:
            return self._prepare(claimed, clock)
        except Exception as error:
            if not _is_of_one_row(error):
                self._put_back(claimed, clock.now(), error)
                raise
            log.warning("a chunk can't be prepared (%s); each row is, alone", failures.words(error))
            broken = error
        ready: list[Ready] = []
        wrong: list[tuple[Delivery, Exception]] = []
        for row in claimed:
            try:
                ready += self._prepare([row], clock)
            except Exception as error:
                if not _is_of_one_row(error):
                    self._put_back(claimed, clock.now(), error)
                    raise
                wrong.append((row, error))
        for row, its_error in wrong:
            log.warning("delivery %d is set aside: %s", row.id, failures.words(its_error))
            failures.note(self._installation, Part.DELIVERY, row.id, its_error, clock.now())
            self._put_back([row], clock.now(), its_error)
        if len(wrong) == len(claimed) > 1:
            raise broken
        return ready

    def _put_back(self, rows: Sequence[Delivery], now: datetime, error: Exception) -> None:
        """Let go of claimed rows that couldn't be prepared: they are tried again, after a longer wait each
        time, as after a refusal, until their issue is too old."""
        outcomes = [
            Outcome(
                row.id,
                row.claim_token,
                DeliveryState.DEFERRED,
                row.reply,
                f"it couldn't be prepared: {failures.words(error)}",
                row.attempts,
                now + DIGESTS.wait(row.attempts),
            )
            for row in rows
        ]
        try:
            with session.transaction(self._installation.engine) as db:
                deliveries.settle(db, outcomes, now)
        except failures.AWAY:
            log.warning("%d deliveries can't be put back: they return when their lease ends", len(rows))

    def _prepare(self, claimed: Sequence[Delivery], clock: Clock) -> list[Ready]:
        """Look a last time whether each row may still be sent, and now, and write its message."""
        here, now = self._installation, clock.now()
        people, issues, suppressed = _load(here, claimed)
        outcomes: list[Outcome] = []
        wanted: list[Delivery] = []
        for row in claimed:
            if row.subscriber_id not in people:  # erased since, with their rows
                continue
            ended = _ended(row, people[row.subscriber_id], issues[row.issue_id], suppressed, now)
            if ended:
                outcomes.append(ended)
            else:
                wanted.append(row)
        domains = {row.id: domain_of(people[row.subscriber_id].email) for row in wanted}
        leave, wait = throttle.plan(here, domains, now)
        outcomes += [_waiting(row, wait[row.id]) for row in wanted if row.id in wait]
        built = list(self._build([row for row in wanted if row.id in leave], people, leave, now))
        outcomes += [each for each in built if isinstance(each, Outcome)]
        if outcomes:
            with session.transaction(here.engine) as db:
                deliveries.settle(db, outcomes, now)
        return [each for each in built if isinstance(each, Ready)]

    def _build(
        self,
        rows: Sequence[Delivery],
        people: Mapping[int, Subscriber],
        leave: Mapping[int, datetime],
        now: datetime,
    ) -> Iterator[Ready | Outcome]:
        """Write the message of each row; one that can't be written is settled."""
        digests = self._builder.digests(rows, people) if rows else {}
        for row in rows:
            digest = digests[row.id]
            if digest is None:
                yield _outcome(row, DeliveryState.SKIPPED, row.reason or SkipReason.NO_MATCH, now)
                continue
            try:
                written = write(self._installation, digest)
                mail = envelope(self._installation, digest, written, message_id=row.message_id, now=now)
            except InputError as error:  # this address or this paper; the others aren't to blame
                yield _outcome(row, DeliveryState.FAILED, error.message, now)
            else:
                kept = shown.encode(written.shown) if written.shown else None
                yield Ready(row, digest.issue, people[row.subscriber_id], mail, leave[row.id], kept)


def deliver_due(installation: Installation, now: datetime, *, limit: int = CHUNK) -> int:
    """Deliver one chunk (see `DeliveryWorker.deliver_due`) and hang up."""
    with DeliveryWorker(installation) as delivery_worker:
        return delivery_worker.deliver_due(now, limit=limit)


def sweep(installation: Installation, now: datetime) -> int:
    """Settle rows whose worker is gone (their lease is over); returns how many there were."""
    with session.transaction(installation.engine) as db:
        return deliveries.sweep(db, now)


def promised(
    installation: Installation, rows: Sequence[Delivery], people: Mapping[int, Subscriber]
) -> dict[int, Digest | None]:
    """See `DigestBuilder.digests`."""
    return DigestBuilder(installation).digests(rows, people)


def _is_of_one_row(error: Exception) -> bool:
    """Whether an error may be about one row: not the database's, and not a setting's or the mail server's."""
    return failures.is_its_fault(error) and not isinstance(error, (ConfigError, DeliveryError))


def _load(
    installation: Installation, claimed: Sequence[Delivery]
) -> tuple[Mapping[int, Subscriber], Mapping[int, Issue], set[int]]:
    """The subscribers and issues of rows by id, and the ids of subscribers whose address is suppressed."""
    with session.reading(installation.engine) as db:
        people = subscribers.by_ids(db, [row.subscriber_id for row in claimed])
        issues = deliveries.issues_by_id(db, {row.issue_id for row in claimed})
        suppressed = _suppressed(installation, db, people.values())
    return people, {issue.id: issue for issue in issues}, suppressed


def _suppressed(installation: Installation, db: session.Session, people: Collection[Subscriber]) -> set[int]:
    """The ids of those whose address is suppressed, under whichever key."""
    hashes = {s.id: address_hashes(s.email, installation.keys) for s in people}
    found = suppressions.among(db, {one for each in hashes.values() for one in each})
    return {id_ for id_, each in hashes.items() if not found.isdisjoint(each)}


def _ended(
    row: Delivery, subscriber: Subscriber, issue: Issue, suppressed: Collection[int], now: datetime
) -> Outcome | None:
    """Why a row must not be sent any more."""
    if issue.due_at < now - STALE:
        return _outcome(row, DeliveryState.EXPIRED, "not sent in time; the issue expired", now)
    if subscriber.id in suppressed or subscriber.status is SubscriberStatus.SUPPRESSED:
        return _outcome(row, DeliveryState.SKIPPED, SkipReason.SUPPRESSED, now)
    if subscriber.status is SubscriberStatus.PAUSED:
        return _outcome(row, DeliveryState.SKIPPED, SkipReason.PAUSED, now)
    if subscriber.status is not SubscriberStatus.ACTIVE:
        return _outcome(row, DeliveryState.SKIPPED, SkipReason.INACTIVE, now)
    return None


def _outcome(row: Delivery, state: DeliveryState, reason: str, now: datetime) -> Outcome:
    return Outcome(row.id, row.claim_token, state, "", reason, row.attempts, now)


def _waiting(row: Delivery, until: datetime) -> Outcome:
    """It wasn't its turn: the attempt doesn't count, and what it was told last stays."""
    state = DeliveryState.DEFERRED if row.reply else DeliveryState.QUEUED
    return Outcome(row.id, row.claim_token, state, row.reply, row.reason, row.attempts - 1, until)


def _timeouts(lease: timedelta) -> Timeouts:
    """The usual ones, cut so that a reply is over before the lease is."""
    most = lease.total_seconds() * 2 / 3
    return Timeouts(
        greeting=min(TIMEOUTS.greeting, most),
        command=min(TIMEOUTS.command, most),
        reply=min(TIMEOUTS.reply, most),
    )


def _new_loop() -> Callable[[], asyncio.AbstractEventLoop] | None:
    """uvloop's, where there is one: twice as fast with many connections."""
    if sys.platform == "win32" or sys.implementation.name != "cpython":
        return None
    import uvloop  # noqa: PLC0415 - not installed elsewhere

    return uvloop.new_event_loop

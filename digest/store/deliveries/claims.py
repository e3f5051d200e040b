"""The life of one row, from claim to outcome. Every change names the state or the token that it expects.

queued ─claim→ queued, with token and lease ─begin_sending→ sending ─settle→ sent, deferred, failed …
A lease that ends gives a claimed row back, and makes a `sending` one `uncertain` (`sweep`).
"""

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from sqlalchemy import ColumnElement, and_, bindparam, case, exists, select, text, update
from sqlalchemy.orm import Session

from digest.domain import Delivery, DeliveryState, SubscriberStatus
from digest.store.deliveries.ledger import by_ids
from digest.store.deliveries.tables.deliveries import WAITING, DeliveryRow
from digest.store.deliveries.tables.issues import IssueRow
from digest.store.leases import FREE, Outbox
from digest.store.session import chunks
from digest.store.subscriptions.tables.subscribers import SubscriberRow

MOST_LOST = 3  # claims in a row without an outcome; one more and the row is put aside
_ALONE = 2  # as many, and the row is claimed alone: its neighbours mustn't be put aside with it
_OPEN = {DeliveryState.QUEUED, DeliveryState.DEFERRED}

_ROW = DeliveryRow.__table__
_OUTBOX = Outbox(
    _ROW,
    at_most_once=True,
    outcome=("state", "reply", "reason", "attempts", "settled_at", "next_attempt_at", "shown"),
    settled={"lost": 0},
    may_leave=(
        exists().where(
            SubscriberRow.id == _ROW.c.subscriber_id, SubscriberRow.status == SubscriberStatus.ACTIVE
        ),
        exists().where(IssueRow.id == _ROW.c.issue_id, IssueRow.due_at >= bindparam("due_after")),
    ),
)


class Outcome(NamedTuple):
    """What became of a claimed row. `attempts`: how many it has had; `queued` and `deferred` rows come again
    at `next_attempt_at`. `shown`: what a message showed that may be there, packed (see `digest.shown`)."""

    delivery_id: int
    claim_token: str
    state: DeliveryState
    reply: str
    reason: str
    attempts: int
    next_attempt_at: datetime
    shown: bytes | None = None


def claim(
    session: Session, *, now: datetime, limit: int, lease: timedelta, only: int | None = None
) -> list[Delivery]:
    """Take at most `limit` waiting rows whose time has come, for `lease`; the longest waiting first.

    No row is given to two callers. All rows of one claim carry one token; each counts one attempt more. What
    lost workers hold is swept first. `only`: the id of one row, which is taken whenever its time comes.
    """
    sweep(session, now)
    wanted = DeliveryRow.next_attempt_at <= now if only is None else DeliveryRow.id == only
    waiting = (
        select(DeliveryRow.id, DeliveryRow.lost)
        .where(text(WAITING), wanted, DeliveryRow.lease_until.is_(None))
        .order_by(DeliveryRow.next_attempt_at, DeliveryRow.id)
        .limit(limit)
        .with_for_update(skip_locked=True)  # SQLite has no such words: there the whole transaction is alone
    )
    rows = session.execute(waiting).all()
    ids = [number for number, lost in rows if lost < _ALONE] or [number for number, _ in rows[:1]]
    _OUTBOX.hold(session, ids, until=now + lease)
    return [row for chunk in chunks(ids) for row in by_ids(session, chunk)]


def begin_sending(
    session: Session, claimed: Sequence[Delivery], *, now: datetime, lease: timedelta, due_after: datetime
) -> set[int]:
    """Note that these messages are about to leave, before their bodies do; returns the ids of those that may.

    The others must not: their claim is over, their subscriber isn't active any more, or their issue was due
    before `due_after`. All in one statement, so that who unsubscribes before it gets nothing.
    """
    held = [(each.id, each.claim_token) for each in claimed]
    return _OUTBOX.begin_sending(session, held, now=now, until=now + lease, due_after=due_after)


def settle(session: Session, outcomes: Iterable[Outcome], now: datetime) -> None:
    """Write what became of claimed rows and let go of them. Rows whose claim is over aren't changed."""
    _OUTBOX.settle(session, ((one.delivery_id, one.claim_token, _columns(one, now)) for one in outcomes))


def _columns(one: Outcome, now: datetime) -> dict[str, object]:
    return {
        "state": one.state,
        "reply": one.reply,
        "reason": one.reason,
        "attempts": one.attempts,
        "settled_at": None if one.state in _OPEN else now,
        "next_attempt_at": one.next_attempt_at,
        "shown": one.shown,
    }


def holds(session: Session, delivery_id: int, claim_token: str) -> bool:
    """Return whether a claim is still good, for who is about to write more than its outcome."""
    return _OUTBOX.holds(session, delivery_id, claim_token)


def sweep(session: Session, now: datetime) -> int:
    """Settle what workers left behind whose lease is over; returns how many rows.

    `sending` becomes `uncertain`. A claimed row goes back, or, after more than 3 claims in a row without an
    outcome, becomes `failed`: whatever it is, it takes its worker down.
    """
    poison = DeliveryRow.lost >= MOST_LOST
    reason = case(
        (DeliveryRow.state == DeliveryState.SENDING, "the worker was lost after the body was begun"),
        (poison, f"quarantined: more than {MOST_LOST} workers were lost over it"),
        else_=DeliveryRow.reason,
    )
    return _OUTBOX.sweep(session, now, poison=poison, reason=reason, lost=DeliveryRow.lost + 1)


def expire(session: Session, *, before: datetime, now: datetime) -> int:
    """Give up waiting rows of issues that were due before a time and that nobody holds; returns how many."""
    old = select(IssueRow.id).where(IssueRow.due_at < before)
    values = {
        "state": DeliveryState.EXPIRED,
        "reason": "not sent in time; the issue expired",
        "settled_at": now,
    }
    nobody = DeliveryRow.lease_until.is_(None)
    given_up = update(DeliveryRow).where(text(WAITING), DeliveryRow.issue_id.in_(old), nobody)
    return len(session.scalars(given_up.values(**values, **FREE).returning(DeliveryRow.id)).all())


def again(
    session: Session, ids: Collection[int], *, among: Collection[DeliveryState], now: datetime
) -> list[int]:
    """Queue rows in one of these states once more, as the operator says; returns the ids of those that were.

    They go out now, if their issue is fresh enough; their attempts count from the start.
    """
    values = {"state": DeliveryState.QUEUED, "next_attempt_at": now, "attempts": 0, "lost": 0}
    return _decide(session, ids, among, {**values, "settled_at": None})


def mark_sent(session: Session, ids: Collection[int], now: datetime) -> list[int]:
    """Resolve uncertain deliveries as sent, as the operator says; returns the ids of those that were."""
    return _decide(session, ids, {DeliveryState.UNCERTAIN}, {"state": DeliveryState.SENT, "settled_at": now})


def _decide(
    session: Session, ids: Collection[int], among: Collection[DeliveryState], values: dict[str, object]
) -> list[int]:
    done: list[int] = []
    for chunk in chunks(sorted(ids)):
        named: ColumnElement[bool] = and_(DeliveryRow.id.in_(chunk), DeliveryRow.state.in_(among))
        free = and_(named, DeliveryRow.lease_until.is_(None))
        changed = update(DeliveryRow).where(free).values(**values, reason="resolved by the operator")
        done += session.scalars(changed.returning(DeliveryRow.id))
    return done

"""The life of one row, from claim to outcome. Every change names the state or the token that it expects.

queued ─claim→ queued, with token and lease ─begin_sending→ sending ─settle→ sent, deferred, failed …
A lease that ends gives a claimed row back, and makes a `sending` one `uncertain` (`sweep`).
"""

from datetime import datetime, timedelta
from secrets import token_hex

from sqlalchemy import and_, case, or_, select, text, update
from sqlalchemy.orm import Session

from digest.domain import Delivery, DeliveryState
from digest.store.deliveries.ledger import by_ids
from digest.store.models import WAITING, DeliveryRow, IssueRow
from digest.store.session import chunks

LAST_REPLY = timedelta(minutes=15)  # a server may take ten for its last reply: RFC 5321, 4.5.3.2.6
MOST_LOST = 3  # claims in a row without an outcome; one more and the row is put aside
_OPEN = {DeliveryState.QUEUED, DeliveryState.DEFERRED}
_FREE = {"claim_token": "", "lease_until": None}


def claim(session: Session, *, now: datetime, limit: int, lease: timedelta) -> list[Delivery]:
    """Take at most `limit` waiting rows whose time has come, for `lease`; the longest waiting first.

    No row is given to two callers. All rows of one claim carry one token; each counts one attempt more. What
    lost workers hold is swept first.
    """
    sweep(session, now)
    waiting = (
        select(DeliveryRow.id)
        .where(text(WAITING), DeliveryRow.next_attempt_at <= now, DeliveryRow.lease_until.is_(None))
        .order_by(DeliveryRow.next_attempt_at, DeliveryRow.id)
        .limit(limit)
        .with_for_update(skip_locked=True)  # SQLite has no such words: there the whole transaction is alone
    )
    ids = list(session.scalars(waiting))
    claimed = {
        "state": DeliveryState.QUEUED,
        "claim_token": token_hex(8),
        "lease_until": now + lease,
        "attempts": DeliveryRow.attempts + 1,
    }
    found: list[Delivery] = []
    for chunk in chunks(ids):
        session.execute(update(DeliveryRow).where(DeliveryRow.id.in_(chunk)).values(**claimed))
        found += by_ids(session, chunk)
    return found


def begin_sending(session: Session, delivery_id: int, claim_token: str, now: datetime) -> bool:
    """Note that a message is about to leave, before its body does. False: it must not, the claim is over."""
    ours = and_(
        DeliveryRow.id == delivery_id,
        DeliveryRow.claim_token == claim_token,
        DeliveryRow.state == DeliveryState.QUEUED,
        DeliveryRow.lease_until > now,
    )
    changed = (
        update(DeliveryRow).where(ours).values(state=DeliveryState.SENDING, lease_until=now + LAST_REPLY)
    )
    return session.scalar(changed.returning(DeliveryRow.id)) is not None


def settle(
    session: Session,
    delivery_id: int,
    claim_token: str,
    *,
    state: DeliveryState,
    reply: str,
    reason: str,
    now: datetime,
    next_attempt_at: datetime | None = None,
) -> bool:
    """Write what became of a claimed row and let go of it. False: the claim is over, nothing was changed.

    `queued` and `deferred` rows come again at `next_attempt_at` (now, where it isn't given).
    """
    if not claim_token:  # what rows have that nobody holds
        return False
    ours = and_(DeliveryRow.id == delivery_id, DeliveryRow.claim_token == claim_token)
    values = {
        "state": state,
        "reply": reply,
        "reason": reason,
        "lost": 0,
        "settled_at": None if state in _OPEN else now,
        "next_attempt_at": next_attempt_at or now,
    }
    changed = update(DeliveryRow).where(ours).values(**values, **_FREE).returning(DeliveryRow.id)
    return session.scalar(changed) is not None


def sweep(session: Session, now: datetime) -> int:
    """Settle what workers left behind whose lease is over; returns how many rows.

    `sending` becomes `uncertain`. A claimed row goes back, or, after more than 3 claims in a row without an
    outcome, becomes `failed`: whatever it is, it takes its worker down.
    """
    over = select(DeliveryRow.id).where(DeliveryRow.lease_until <= now).with_for_update(skip_locked=True)
    ids = list(session.scalars(over))
    body = DeliveryRow.state == DeliveryState.SENDING
    poison = DeliveryRow.lost >= MOST_LOST
    values = {
        "state": case(
            (body, DeliveryState.UNCERTAIN), (poison, DeliveryState.FAILED), else_=DeliveryState.QUEUED
        ),
        "reason": case(
            (body, "the worker was lost after the body was begun"),
            (poison, f"quarantined: more than {MOST_LOST} workers were lost over it"),
            else_=DeliveryRow.reason,
        ),
        "settled_at": case((or_(body, poison), now), else_=None),
        "lost": DeliveryRow.lost + 1,
    }
    for chunk in chunks(ids):
        session.execute(update(DeliveryRow).where(DeliveryRow.id.in_(chunk)).values(**values, **_FREE))
    return len(ids)


def expire(session: Session, *, before: datetime, now: datetime) -> int:
    """Give up waiting rows of issues that were due before a time and that nobody holds; returns how many."""
    old = select(IssueRow.id).where(IssueRow.due_at < before)
    values = {
        "state": DeliveryState.EXPIRED,
        "reason": "it could not be sent in time: yesterday's news",
        "settled_at": now,
    }
    nobody = DeliveryRow.lease_until.is_(None)
    given_up = update(DeliveryRow).where(text(WAITING), DeliveryRow.issue_id.in_(old), nobody)
    return len(session.scalars(given_up.values(**values, **_FREE).returning(DeliveryRow.id)).all())


def resolve(session: Session, delivery_id: int, *, state: DeliveryState, now: datetime) -> bool:
    """End a doubt as the operator says: `uncertain` becomes `sent`, or `queued` again. False: it is none."""
    doubtful = and_(DeliveryRow.id == delivery_id, DeliveryRow.state == DeliveryState.UNCERTAIN)
    values = {
        "state": state,
        "reason": "resolved by the operator",
        "settled_at": None if state in _OPEN else now,
        "next_attempt_at": now,
    }
    return (
        session.scalar(update(DeliveryRow).where(doubtful).values(**values).returning(DeliveryRow.id))
        is not None
    )

"""Mails about a subscription, each a row: queued, claimed with a lease and a token, sent once or never.

queued ─claim→ queued, with token and lease ─begin_sending→ sending ─settle→ sent, queued again, failed …
A lease that ends gives a claimed row back, and makes a `sending` one `uncertain`: it is never sent again.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy import case, delete, select, text, update
from sqlalchemy.orm import Session

from digest.domain import DeliveryState
from digest.store.leases import take
from digest.store.subscriptions.tables import QUEUED, NoticeRow


class TransactionalKind(StrEnum):
    """Which mail it is; the name of its folder of templates."""

    CONFIRM = "confirm"
    ALREADY = "already"
    WELCOME = "welcome"
    GOODBYE = "goodbye"
    PREFERENCES = "preferences"
    ERASE = "erase"


@dataclass(frozen=True, slots=True)
class TransactionalEmail:
    """One mail about a subscription; `signup_id`: the request that it asks to confirm."""

    id: int
    kind: TransactionalKind
    subscriber_id: int
    signup_id: int | None
    created_at: datetime
    state: DeliveryState
    attempts: int = 0
    claim_token: str = ""
    reply: str = ""


def add(
    session: Session,
    kind: TransactionalKind,
    subscriber_id: int,
    now: datetime,
    *,
    signup_id: int | None = None,
) -> None:
    """Queue a mail."""
    row = NoticeRow(
        kind=kind,
        subscriber_id=subscriber_id,
        signup_id=signup_id,
        state=DeliveryState.QUEUED,
        attempts=0,
        claim_token="",
        next_attempt_at=now,
        created_at=now,
        reply="",
    )
    session.add(row)
    session.flush()


def claim(session: Session, *, now: datetime, limit: int, lease: timedelta) -> list[TransactionalEmail]:
    """Take at most `limit` waiting mails for `lease`, longest waiting first; no two callers get the same."""
    sweep(session, now)
    waiting = (
        select(NoticeRow)
        .where(text(QUEUED), NoticeRow.next_attempt_at <= now, NoticeRow.lease_until.is_(None))
        .where(NoticeRow.kind.in_(TransactionalKind))  # a newer version's may be there after going back
        .order_by(NoticeRow.next_attempt_at, NoticeRow.id)
        .limit(limit)
    )
    return [_notice(row) for row in take(session, waiting, until=now + lease)]


def begin_sending(session: Session, notice: TransactionalEmail, *, now: datetime, lease: timedelta) -> bool:
    """Note that a mail is about to leave, before its body does. False: the claim is over."""
    ours = update(NoticeRow).where(
        NoticeRow.id == notice.id,
        NoticeRow.claim_token == notice.claim_token,
        NoticeRow.state == DeliveryState.QUEUED,
        NoticeRow.lease_until > now,
    )
    changed = ours.values(state=DeliveryState.SENDING, lease_until=now + lease).returning(NoticeRow.id)
    return session.scalar(changed) is not None


def settle(
    session: Session,
    notice: TransactionalEmail,
    *,
    state: DeliveryState,
    reply: str,
    now: datetime,
    next_attempt_at: datetime | None = None,
) -> bool:
    """Write what became of a claimed mail; `queued` ones come again at `next_attempt_at`. False: not ours."""
    ours = update(NoticeRow).where(
        NoticeRow.id == notice.id, NoticeRow.claim_token == notice.claim_token, NoticeRow.claim_token != ""
    )
    values = {
        "state": state,
        "reply": reply,
        "claim_token": "",
        "lease_until": None,
        "next_attempt_at": next_attempt_at or now,
        "settled_at": None if state is DeliveryState.QUEUED else now,
    }
    return session.scalar(ours.values(**values).returning(NoticeRow.id)) is not None


def sweep(session: Session, now: datetime) -> None:
    """Let go of mails whose worker is gone."""
    body = NoticeRow.state == DeliveryState.SENDING
    values = {
        "state": case((body, DeliveryState.UNCERTAIN), else_=DeliveryState.QUEUED),
        "settled_at": case((body, now), else_=None),
        "claim_token": "",
        "lease_until": None,
    }
    session.execute(update(NoticeRow).where(NoticeRow.lease_until <= now).values(**values))


def of_subscriber(session: Session, subscriber_id: int) -> list[TransactionalEmail]:
    """All mails about this subscription, oldest first."""
    rows = select(NoticeRow).where(NoticeRow.subscriber_id == subscriber_id).order_by(NoticeRow.id)
    return [_notice(row) for row in session.scalars(rows)]


def oldest_waiting(session: Session) -> datetime | None:
    """Since when the longest waiting mail has waited; None where none waits."""
    waiting = select(NoticeRow.next_attempt_at).where(text(QUEUED))
    return session.scalar(waiting.order_by(NoticeRow.next_attempt_at).limit(1))


def purge(session: Session, *, before: datetime) -> None:
    """Forget mails settled before a time."""
    session.execute(delete(NoticeRow).where(NoticeRow.settled_at < before))


def _notice(row: NoticeRow) -> TransactionalEmail:
    return TransactionalEmail(
        id=row.id,
        kind=TransactionalKind(row.kind),
        subscriber_id=row.subscriber_id,
        signup_id=row.signup_id,
        created_at=row.created_at,
        state=DeliveryState(row.state),
        attempts=row.attempts,
        claim_token=row.claim_token,
        reply=row.reply,
    )

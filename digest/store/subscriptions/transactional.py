"""Keeps mails about a subscription, each a row: queued, claimed with a lease and a token, sent once or never.

queued ─claim→ queued, with token and lease ─begin_sending→ sending ─settle→ sent, queued again, failed …
A lease that ends gives a claimed row back, and makes a `sending` one `uncertain`: it is never sent again.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy import delete, insert, select, text
from sqlalchemy.orm import Session

from digest.domain import DeliveryState
from digest.store.leases import Outbox
from digest.store.session import write
from digest.store.subscriptions.tables.notices import QUEUED, NoticeRow

_OUTBOX = Outbox(
    NoticeRow.__table__, at_most_once=True, outcome=("state", "reply", "next_attempt_at", "settled_at")
)


class TransactionalKind(StrEnum):
    """Which mail it is; the name of its folder of templates."""

    CONFIRM = "confirm"
    ALREADY = "already"
    WELCOME = "welcome"
    GOODBYE = "goodbye"
    PREFERENCES = "preferences"
    ERASE = "erase"
    PROPOSAL = "proposal"
    QUEUE = "queue"
    SIGNIN = "signin"


@dataclass(frozen=True, slots=True)
class TransactionalEmail:
    """One mail about a subscription.

    `signup_id`, `signin_id`: the request that it has the link for; `proposal_id`: what it tells of.
    """

    id: int
    kind: TransactionalKind
    subscriber_id: int
    signup_id: int | None
    created_at: datetime
    state: DeliveryState
    attempts: int = 0
    claim_token: str = ""
    reply: str = ""
    proposal_id: int | None = None
    signin_id: int | None = None


def add(
    session: Session,
    kind: TransactionalKind,
    subscriber_id: int,
    now: datetime,
    *,
    signup_id: int | None = None,
    proposal_id: int | None = None,
    signin_id: int | None = None,
) -> None:
    """Queue a mail."""
    row = NoticeRow(
        kind=kind,
        subscriber_id=subscriber_id,
        signup_id=signup_id,
        proposal_id=proposal_id,
        signin_id=signin_id,
        state=DeliveryState.QUEUED,
        attempts=0,
        claim_token="",
        next_attempt_at=now,
        created_at=now,
        reply="",
    )
    session.add(row)
    session.flush()


def add_all(session: Session, kind: TransactionalKind, subscriber_ids: Iterable[int], now: datetime) -> None:
    """Queue a mail of a kind to each of these subscribers."""
    made = {
        "kind": kind,
        "state": DeliveryState.QUEUED,
        "attempts": 0,
        "claim_token": "",
        "next_attempt_at": now,
        "created_at": now,
        "reply": "",
    }
    write(session, insert(NoticeRow), [made | {"subscriber_id": number} for number in subscriber_ids])


def claim(session: Session, *, now: datetime, limit: int, lease: timedelta) -> list[TransactionalEmail]:
    """Take at most `limit` waiting mails for `lease`, longest waiting first; no two callers get the same."""
    _OUTBOX.sweep(session, now)
    waiting = (
        select(NoticeRow.id)
        .where(text(QUEUED), NoticeRow.next_attempt_at <= now, NoticeRow.lease_until.is_(None))
        .where(NoticeRow.kind.in_(TransactionalKind))  # a newer version's may be there after going back
        .order_by(NoticeRow.next_attempt_at, NoticeRow.id)
        .limit(limit)
    )
    ids = _OUTBOX.claim(session, waiting, until=now + lease)
    rows = select(NoticeRow).where(NoticeRow.id.in_(ids)).order_by(NoticeRow.next_attempt_at, NoticeRow.id)
    return [_notice(row) for row in session.scalars(rows.execution_options(populate_existing=True))]


def begin_sending(session: Session, notice: TransactionalEmail, *, now: datetime, lease: timedelta) -> bool:
    """Note that a mail is about to leave, before its body does. False: the claim is over."""
    held = [(notice.id, notice.claim_token)]
    return bool(_OUTBOX.begin_sending(session, held, now=now, until=now + lease))


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
    values = {
        "state": state,
        "reply": reply,
        "next_attempt_at": next_attempt_at or now,
        "settled_at": None if state is DeliveryState.QUEUED else now,
    }
    return bool(_OUTBOX.settle(session, [(notice.id, notice.claim_token, values)]))


def of_subscriber(session: Session, subscriber_id: int) -> list[TransactionalEmail]:
    """Return all mails about this subscription, oldest first."""
    rows = select(NoticeRow).where(NoticeRow.subscriber_id == subscriber_id).order_by(NoticeRow.id)
    return [_notice(row) for row in session.scalars(rows)]


def last_of(session: Session, subscriber_id: int, kind: TransactionalKind) -> datetime | None:
    """Return when the last mail of a kind was queued for somebody; None where there is none."""
    rows = select(NoticeRow.created_at).where(
        NoticeRow.subscriber_id == subscriber_id, NoticeRow.kind == kind
    )
    return session.scalar(rows.order_by(NoticeRow.created_at.desc()).limit(1))


def oldest_waiting(session: Session) -> datetime | None:
    """Return since when the longest waiting mail has waited; None where none waits."""
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
        proposal_id=row.proposal_id,
        signin_id=row.signin_id,
    )

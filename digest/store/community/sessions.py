"""Keeps who is signed in where, and the requests to sign in that were mailed a link."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from digest.store.community.tables.sessions import SessionRow
from digest.store.community.tables.signins import SigninRow


@dataclass(frozen=True, slots=True)
class SignIn:
    """A request to sign in. `browser`: a hash that knows the asking browser again."""

    id: int
    email: str
    next_path: str
    browser: str
    at: datetime
    subscriber_id: int | None
    used_at: datetime | None


@dataclass(frozen=True, slots=True)
class Kept:
    """A browser in which somebody is signed in."""

    id: int
    subscriber_id: int
    signed_in_at: datetime
    used_at: datetime
    browser_name: str
    network: str


def ask(session: Session, email: str, *, next_path: str, browser: str, now: datetime) -> None:
    """Keep a request to sign in, whoever's address it is."""
    session.add(SigninRow(email=email, next_path=next_path, browser=browser, at=now))
    session.flush()


def undecided(session: Session, limit: int) -> list[int]:
    """Return the numbers of the oldest requests that nobody looked at yet."""
    wanted = select(SigninRow.id).where(SigninRow.decided_at.is_(None)).order_by(SigninRow.id).limit(limit)
    return list(session.scalars(wanted))


def decide(session: Session, number: int, subscriber_id: int | None, now: datetime) -> None:
    """Note whose request it is; None where nobody is mailed. The typed address is forgotten."""
    changed = update(SigninRow).where(SigninRow.id == number)
    session.execute(changed.values(subscriber_id=subscriber_id, decided_at=now, email=""))


def get(session: Session, number: int) -> SignIn | None:
    """Return the request of this number, or None."""
    row = session.get(SigninRow, number)
    if row is None:
        return None
    return SignIn(row.id, row.email, row.next_path, row.browser, row.at, row.subscriber_id, row.used_at)


def use(session: Session, number: int, now: datetime) -> bool:
    """Use a link up; False where it was before (one of two callers at once wins)."""
    mine = update(SigninRow).where(SigninRow.id == number, SigninRow.used_at.is_(None))
    return session.scalar(mine.values(used_at=now).returning(SigninRow.id)) is not None


def open_session(
    session: Session, subscriber_id: int, token_hash: str, *, browser_name: str, network: str, now: datetime
) -> int:
    """Keep a new session and return its number."""
    row = SessionRow(
        token_hash=token_hash,
        subscriber_id=subscriber_id,
        signed_in_at=now,
        used_at=now,
        browser_name=browser_name,
        network=network,
    )
    session.add(row)
    session.flush()
    return row.id


def find(session: Session, token_hash: str, *, used_since: datetime) -> Kept | None:
    """Return the session of this cookie that was used since a time, or None."""
    wanted = select(SessionRow).where(SessionRow.token_hash == token_hash, SessionRow.used_at >= used_since)
    row = session.scalars(wanted).first()
    return None if row is None else _kept(row)


def touch(session: Session, number: int, now: datetime) -> None:
    """Note that a session was used."""
    session.execute(update(SessionRow).where(SessionRow.id == number).values(used_at=now))


def of_subscriber(session: Session, subscriber_id: int, *, used_since: datetime) -> list[Kept]:
    """Return the sessions of a subscriber, the last used first."""
    wanted = select(SessionRow).where(
        SessionRow.subscriber_id == subscriber_id, SessionRow.used_at >= used_since
    )
    return [_kept(row) for row in session.scalars(wanted.order_by(SessionRow.used_at.desc(), SessionRow.id))]


def end(session: Session, subscriber_id: int, numbers: Sequence[int] | None = None) -> list[int]:
    """End these sessions of a subscriber, or all; returns the numbers of those that there were."""
    gone = delete(SessionRow).where(SessionRow.subscriber_id == subscriber_id)
    if numbers is not None:
        gone = gone.where(SessionRow.id.in_(list(numbers)))
    return list(session.scalars(gone.returning(SessionRow.id)))


def purge(session: Session, *, used_before: datetime, asked_before: datetime) -> None:
    """Drop sessions that ended by not being used, and requests of before a time."""
    session.execute(delete(SessionRow).where(SessionRow.used_at < used_before))
    session.execute(delete(SigninRow).where(SigninRow.at < asked_before))


def _kept(row: SessionRow) -> Kept:
    return Kept(row.id, row.subscriber_id, row.signed_in_at, row.used_at, row.browser_name, row.network)

"""Keeps the tokens of the API, each as a hash (made elsewhere)."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from digest.domain import Role
from digest.store.community.tables.api_tokens import TokenRow
from digest.store.readable import readable
from digest.store.session import is_among


@dataclass(frozen=True, slots=True)
class Token:
    """A subscriber's token: what it is for, by which role it acts, and when it was last used or revoked."""

    id: int
    subscriber_id: int
    label: str
    scope: Role
    created_at: datetime
    used_at: datetime | None
    revoked_at: datetime | None


def add(
    session: Session, subscriber_id: int, token_hash: str, *, label: str, scope: Role, now: datetime
) -> Token:
    """Keep a new token."""
    row = TokenRow(
        token_hash=token_hash, subscriber_id=subscriber_id, label=label, scope=scope, created_at=now
    )
    session.add(row)
    session.flush()
    return _token(row)


def find(session: Session, token_hash: str) -> Token | None:
    """Return the token with this hash, unless it was revoked; None where there is none."""
    wanted = select(TokenRow).where(TokenRow.token_hash == token_hash, TokenRow.revoked_at.is_(None))
    row = session.scalars(wanted).first()
    return _token(row) if row else None


def get(session: Session, number: int) -> Token | None:
    """Return the token of this number, revoked or not."""
    row = session.get(TokenRow, number, populate_existing=True)
    return _token(row) if row else None


def listing(session: Session, subscriber_id: int | None = None) -> list[Token]:
    """Return all tokens, or those of a subscriber, by number; revoked ones too."""
    wanted = select(TokenRow).order_by(TokenRow.id)
    if subscriber_id is not None:
        wanted = wanted.where(TokenRow.subscriber_id == subscriber_id)
    return readable(session.scalars(wanted), _token, lambda row: f"token {row.id}")


def numbers_of(session: Session, subscriber_ids: Collection[int]) -> list[int]:
    """Return the numbers of the tokens of these subscribers, revoked ones too."""
    return list(
        session.scalars(select(TokenRow.id).where(is_among(session, TokenRow.subscriber_id, subscriber_ids)))
    )


def touch(session: Session, number: int, now: datetime) -> None:
    """Note that a token was used."""
    session.execute(update(TokenRow).where(TokenRow.id == number).values(used_at=now))


def set_revoked(session: Session, number: int, at: datetime | None) -> None:
    """Revoke a token; None: let it work again."""
    session.execute(update(TokenRow).where(TokenRow.id == number).values(revoked_at=at))


def remove(session: Session, number: int) -> None:
    """Remove a token, as if it had never been."""
    row = session.get(TokenRow, number)
    if row:
        session.delete(row)
        session.flush()


def _token(row: TokenRow) -> Token:
    return Token(
        row.id, row.subscriber_id, row.label, Role(row.scope), row.created_at, row.used_at, row.revoked_at
    )

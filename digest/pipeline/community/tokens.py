"""Makes, lists, revokes and recognises tokens by which scripts act for a subscriber in the API.

A token acts by its scope, a role, and never by more than the role that its subscriber has now. It is shown
once; kept is a hash.
"""

import hashlib
import re
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from digest.domain import Actor, Role, Subscriber
from digest.errors import InputError, RefusedError, UnknownError
from digest.pipeline.installation import Installation, acting
from digest.store import session
from digest.store.community import audit, tokens
from digest.store.community.tokens import Token
from digest.store.subscriptions import subscribers
from digest.tokens import network_hash

__all__ = ["Caller", "Token", "create", "find", "listing", "revoke"]

PREFIX = "dgst_"  # so that scanners of leaked secrets know one
LONGEST_LABEL = 60
MOST = 20  # tokens of one subscriber that work
TOUCH = timedelta(hours=1)  # how exactly the last use is kept
_TOKEN = re.compile(r"dgst_[A-Za-z0-9_-]{43}")  # 256 bits in base64url


@dataclass(frozen=True, slots=True)
class Caller:
    """Whoever calls the API with a token: the subscriber, and the installation in the token's hands."""

    subscriber: Subscriber
    scope: Role
    hands: Installation

    def may(self, role: Role) -> bool:
        """Tell whether both the token's scope and its subscriber's role, as it is now, include a role."""
        return self.scope.includes(role) and self.subscriber.role.includes(role)


def create(
    installation: Installation, email: str, *, label: str, scope: Role, now: datetime, dry_run: bool = False
) -> tuple[Token, str]:
    """Make a token for a subscriber; return it with its text, which nobody can read again.

    Raises UnknownError, InputError for a label that can't be shown, and RefusedError where the subscriber
    hasn't the role, or has very many tokens.
    """
    name = " ".join(label.split())
    if not name or len(name) > LONGEST_LABEL or not name.isprintable():
        raise InputError(f"label: {label[:60]!r} is not a line of at most {LONGEST_LABEL} characters")
    text = PREFIX + secrets.token_urlsafe(32)
    with session.transaction(installation.engine) as db:
        owner = subscribers.get(db, email)
        if not owner.role.includes(scope):
            fix = f"digest subscribers edit {owner.email} --role {scope}"
            raise RefusedError(f"{owner.email} is a {owner.role}, so no token acts as {scope}", fix=fix)
        if sum(1 for each in tokens.listing(db, owner.id) if not each.revoked_at) >= MOST:
            raise RefusedError(f"{owner.email} has {MOST} tokens", fix="digest tokens revoke ID")
        made = tokens.add(db, owner.id, _hash(text), label=name, scope=scope, now=now)
        after = {"subscriber": owner.id, "name": name, "scope": scope}
        audit.record(db, installation.actor, "token.create", f"token:{made.id}", None, after, now=now)
        if dry_run:
            db.rollback()
    return made, text


def listing(installation: Installation, email: str = "") -> list[tuple[Token, str]]:
    """Return all tokens, or a subscriber's, each with the address of its owner. Raises UnknownError."""
    with session.reading(installation.engine) as db:
        owner = subscribers.get(db, email).id if email else None
        found = tokens.listing(db, owner)
        people = subscribers.by_ids(db, {each.subscriber_id for each in found})
    return [(each, people[each.subscriber_id].email) for each in found if each.subscriber_id in people]


def revoke(installation: Installation, number: int, now: datetime, *, dry_run: bool = False) -> Token:
    """Revoke a token: it works no more, at once. Safe to repeat. Raises UnknownError."""
    with session.transaction(installation.engine) as db:
        found = tokens.get(db, number)
        if found is None:
            raise UnknownError(f"there is no token {number}", fix="digest tokens list")
        if found.revoked_at or dry_run:
            return found
        tokens.set_revoked(db, number, now)
        before, after = {"revoked_at": None}, {"revoked_at": now}
        audit.record(db, installation.actor, "token.revoke", f"token:{number}", before, after, now=now)
        return tokens.get(db, number) or found


def find(installation: Installation, text: str, ip: str, now: datetime) -> Caller | None:
    """Return who calls with a token; None where it is none, or was revoked."""
    if not _TOKEN.fullmatch(text):
        return None
    with session.reading(installation.engine) as db:
        found = tokens.find(db, _hash(text))
        owner = subscribers.by_id(db, found.subscriber_id) if found else None
    if found is None or owner is None:
        return None
    if found.used_at is None or now > found.used_at + TOUCH:
        with session.transaction(installation.engine) as db:
            tokens.touch(db, found.id, now)
    actor = Actor(f"token:{found.id}", "api", network_hash(ip, installation.keys))
    return Caller(owner, found.scope, acting(installation, actor))


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()

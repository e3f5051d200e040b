"""Opens sessions by a mailed link: a random cookie, of which only a hash is kept.

The cookie is signed by the site's key, so that one that somebody made up costs no look into the database.
A session lasts 30 days since it was last used, and ends at once when its subscriber's role changes. Who is
behind a cookie is read anew for every request, so a role that was taken away acts no more in open tabs.
"""

import hashlib
import re
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from digest.domain import Actor, Role, Subscriber
from digest.errors import TokenError
from digest.pipeline.installation import Installation
from digest.pipeline.mail.links import opened_signin
from digest.store import session
from digest.store.community import audit, sessions
from digest.store.community.sessions import Kept
from digest.store.session import Session
from digest.store.subscriptions import subscribers
from digest.tokens import Keys, is_signed_text, keyed_code, network_hash, sign_text

__all__ = ["Kept", "Opened", "SignedIn", "begin", "end", "find", "listing", "may_be_ours", "request_of"]

LASTS = timedelta(days=30)  # since it was last used
ADMIN_FOR = timedelta(hours=12)  # since signing in, that an admin may act
TOUCH = timedelta(hours=1)  # how exactly the last use is kept
_TOKEN = re.compile(r"[A-Za-z0-9_-]{65}")  # 256 bits in base64url, and their code
_PURPOSE = "session"  # of the code


@dataclass(frozen=True, slots=True)
class SignedIn:
    """Who is signed in, in which session. `csrf`: what the forms of this session carry."""

    subscriber: Subscriber
    session_id: int
    signed_in_at: datetime
    csrf: str

    def may(self, role: Role) -> bool:
        """Tell whether they have a role, or one that includes it."""
        return self.subscriber.role.includes(role)

    def is_fresh(self, now: datetime) -> bool:
        """Tell whether they signed in so lately that an admin may act."""
        return now <= self.signed_in_at + ADMIN_FOR


@dataclass(frozen=True, slots=True)
class Opened:
    """A session that has begun: the cookie, which is told once, and where to go."""

    token: str
    next_path: str


@dataclass(frozen=True, slots=True)
class Request:
    """A link to sign in that can be used: for whom, and whether this browser asked for it."""

    subscriber: Subscriber
    same_browser: bool


def request_of(installation: Installation, token: str, browser: str, now: datetime) -> Request | None:
    """Return what a link to sign in is for; None where it is forged, over or used. Changes nothing.

    `browser`: the hash of the visiting browser's nonce.
    """
    try:
        number = opened_signin(installation, token, now)
    except TokenError:
        return None
    with session.reading(installation.engine) as db:
        request = sessions.get(db, number)
        if request is None or request.used_at or request.subscriber_id is None:
            return None
        found = subscribers.by_id(db, request.subscriber_id)
    return Request(found, bool(browser) and request.browser == browser) if found else None


def begin(
    installation: Installation,
    token: str,
    now: datetime,
    *,
    browser_name: str = "",
    ip: str = "",
    former: str = "",
) -> Opened | None:
    """Sign in by a mailed link, once; None where it is forged, over or used.

    `former`: the cookie that the browser sent. Its session ends: a new one always has a new id.
    """
    try:
        number = opened_signin(installation, token, now)
    except TokenError:
        return None
    cookie = sign_text(_PURPOSE, secrets.token_urlsafe(32), installation.keys)
    network = network_hash(ip, installation.keys)
    with session.transaction(installation.engine) as db:
        request = sessions.get(db, number)
        if request is None or request.subscriber_id is None or not sessions.use(db, number, now):
            return None
        owner = request.subscriber_id
        if may_be_ours(former, installation.keys) and (known := _find(db, former, now)):
            sessions.end(db, known.subscriber_id, [known.id])
        opened = sessions.open_session(
            db, owner, _hash(cookie), browser_name=browser_name, network=network, now=now
        )
        actor = Actor(f"subscriber:{owner}", "email", network)
        after = {"session": opened, "browser": browser_name}
        audit.record(db, actor, "session.begin", actor.name, None, after, now=now)
    return Opened(cookie, request.next_path)


def find(installation: Installation, token: str, now: datetime) -> SignedIn | None:
    """Return who is signed in by a cookie; None where nobody is. A forged cookie isn't looked up."""
    if not may_be_ours(token, installation.keys):
        return None
    with session.reading(installation.engine) as db:
        kept = _find(db, token, now)
        owner = subscribers.by_id(db, kept.subscriber_id) if kept else None
    if kept is None or owner is None:
        return None
    if now > kept.used_at + TOUCH:
        with session.transaction(installation.engine) as db:
            sessions.touch(db, kept.id, now)
    return SignedIn(owner, kept.id, kept.signed_in_at, keyed_code("csrf", _hash(token), installation.keys))


def may_be_ours(token: str, keys: Keys) -> bool:
    """Return whether a cookie was made here, for a session that may have ended since. Reads no database."""
    return bool(_TOKEN.fullmatch(token)) and is_signed_text(_PURPOSE, token, keys)


def listing(installation: Installation, subscriber_id: int, now: datetime) -> list[Kept]:
    """Return the sessions of a subscriber, the last used first."""
    with session.reading(installation.engine) as db:
        return sessions.of_subscriber(db, subscriber_id, used_since=now - LASTS)


def end(
    installation: Installation, subscriber_id: int, now: datetime, *, session_id: int | None = None
) -> None:
    """End one session of a subscriber, or all of them."""
    with session.transaction(installation.engine) as db:
        numbers = None if session_id is None else [session_id]
        ended = sessions.end(db, subscriber_id, numbers)
        before = {"sessions": ended} if ended else None
        where = f"subscriber:{subscriber_id}"
        audit.record(db, installation.actor, "session.end", where, before, None, now=now)


def _find(db: Session, token: str, now: datetime) -> Kept | None:
    return sessions.find(db, _hash(token), used_since=now - LASTS)


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()

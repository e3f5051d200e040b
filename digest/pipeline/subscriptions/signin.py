"""Mails the link to sign in, which `community.sessions` takes.

As for a sign-up, a request is only written down while somebody waits for an answer (`ask`), and decided
afterwards (`settle`): neither the words nor the time of an answer say whether an address is known.
"""

import logging
from datetime import datetime, timedelta

from digest.domain import SubscriberStatus
from digest.pipeline import failures
from digest.pipeline.failures import Part
from digest.pipeline.installation import Installation
from digest.pipeline.subscriptions import rate_limits
from digest.pipeline.subscriptions.signup import LOCK, Visitor
from digest.store import session
from digest.store.community import sessions
from digest.store.session import Session
from digest.store.subscriptions import subscribers, suppressions, transactional
from digest.store.subscriptions.transactional import TransactionalKind
from digest.tokens import address_hashes

LINK_LASTS = timedelta(minutes=10)
# Who confirmed once may sign in, whatever they get by email now.
MAY_SIGN_IN = frozenset({SubscriberStatus.ACTIVE, SubscriberStatus.PAUSED, SubscriberStatus.UNSUBSCRIBED})
_CHUNK = 100
log = logging.getLogger(__name__)


def ask(
    installation: Installation, *, email: str, next_path: str, visitor: Visitor, now: datetime
) -> timedelta | None:
    """Write a request to sign in down. Where this network asked too often nothing is kept: returns how long
    to wait. `next_path`: where to go then."""
    with session.transaction(installation.engine) as db:
        wait = rate_limits.wait_of_network(
            db, installation.keys, visitor.ip, installation.signups_per_hour, now
        )
        if wait is None:
            sessions.ask(db, email, next_path=next_path, browser=visitor.browser, now=now)
        return wait


def settle(installation: Installation, now: datetime) -> int:
    """Queue the mails that requests deserve; returns how many were looked at. One that can't be decided is
    set aside with its reason, and stops no other."""
    settled = 0
    while True:
        with session.transaction(installation.engine) as db:
            session.serialise(db, LOCK)
            waiting = sessions.undecided(db, _CHUNK)

            def decide(number: int, db: Session = db) -> None:
                _decide(installation, db, number, now)

            def set_aside(number: int, _error: str, db: Session = db) -> None:
                sessions.decide(db, number, None, now)

            failures.each(db, Part.SIGNIN, waiting, decide, now=now, set_aside=set_aside)
        settled += len(waiting)
        if not waiting:
            return settled


def _decide(installation: Installation, db: Session, number: int, now: datetime) -> None:
    request = sessions.get(db, number)
    if request is None:
        return
    found = subscribers.find(db, request.email)
    may = (
        found is not None
        and found.status in MAY_SIGN_IN
        and now <= request.at + LINK_LASTS
        and not suppressions.among(db, address_hashes(found.email, installation.keys))
        and rate_limits.take(db, installation.keys, found.email, TransactionalKind.SIGNIN, now)
    )
    sessions.decide(db, number, found.id if found and may else None, now)
    if found and may:
        transactional.add(db, TransactionalKind.SIGNIN, found.id, now, signin_id=number)

"""Limits how often somebody may be mailed because of what was typed into a form, and who may type how often.

One count for web, API and command line. Kept are keyed hashes and times, never an address or a network.
Callers hold the lock of `joining`, so that two requests at once don't both take the last place.
"""

import ipaddress
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from types import MappingProxyType

from digest.store.session import Session
from digest.store.subscriptions import attempts
from digest.store.subscriptions.addresses import mailbox
from digest.store.subscriptions.transactional import TransactionalKind
from digest.tokens import Keys, address_hash, address_hashes

NETWORK = "network"
HOUR = timedelta(hours=1)
WIDER = 5  # times as many sign-ups may come from the wider network around an address


@dataclass(frozen=True, slots=True)
class Cap:
    """At most so many within a time."""

    most: int
    within: timedelta


# Emails about proposals are as many as those (five a day), and a curator gets one a day about the queue: both
# are counted where they are made. A confirmation that is followed sets its count back, so the longest cap is
# one of mails without an answer.
CAPS = MappingProxyType(
    {
        TransactionalKind.CONFIRM: (
            Cap(1, timedelta(minutes=10)),
            Cap(3, timedelta(days=1)),
            Cap(5, timedelta(days=30)),
        ),
        TransactionalKind.ALREADY: (Cap(1, timedelta(days=1)),),
        TransactionalKind.WELCOME: (Cap(1, timedelta(days=1)),),
        TransactionalKind.GOODBYE: (Cap(1, timedelta(days=1)),),
        TransactionalKind.PREFERENCES: (Cap(1, timedelta(minutes=10)), Cap(3, timedelta(days=1))),
        TransactionalKind.ERASE: (Cap(1, timedelta(minutes=10)), Cap(3, timedelta(days=1))),
        TransactionalKind.SIGNIN: (Cap(3, timedelta(minutes=10)), Cap(10, timedelta(days=1))),
    }
)
LONGEST = max(cap.within for caps in CAPS.values() for cap in caps)


def take(db: Session, keys: Keys, email: str, kind: TransactionalKind, now: datetime) -> bool:
    """Count one mail of this kind to an address; False (and nothing counted) where a cap is reached."""
    return take_all(db, keys, [email], kind, now) == [True]


def take_all(
    db: Session, keys: Keys, emails: Sequence[str], kind: TransactionalKind, now: datetime
) -> list[bool]:
    """Count one mail of this kind to each of these addresses, one after another, as `take` does."""
    owners = [address_hashes(mailbox(email), keys) for email in emails]
    every = {each for hashes in owners for each in hashes}
    made = [(cap, attempts.counts(db, every, kind, since=now - cap.within)) for cap in CAPS[kind]]
    allowed: list[bool] = []
    for hashes in owners:
        is_free = all(sum(counts.get(each, 0) for each in hashes) < cap.most for cap, counts in made)
        allowed.append(is_free)
        for _, counts in made if is_free else ():
            counts[hashes[0]] = counts.get(hashes[0], 0) + 1
    counted = [hashes[0] for hashes, is_free in zip(owners, allowed, strict=True) if is_free]
    attempts.note_all(db, counted, kind, now)
    return allowed


def answered(db: Session, keys: Keys, email: str) -> None:
    """Note that the owner of an address confirmed: what was mailed before doesn't count against them."""
    attempts.forget(db, address_hashes(mailbox(email), keys), use=TransactionalKind.CONFIRM)


def forget(db: Session, keys: Keys, *emails: str) -> None:
    """Drop all counts of these addresses."""
    attempts.forget(db, {each for email in emails for each in address_hashes(mailbox(email), keys)})


def is_flood(db: Session, most: int, now: datetime) -> bool:
    """Return whether `most` confirmations went out within the hour, to whomever."""
    return attempts.count_all(db, TransactionalKind.CONFIRM, since=now - HOUR) >= most


def wait_of_network(db: Session, keys: Keys, ip: str, most: int, now: datetime) -> timedelta | None:
    """Count a sign-up from an address; how long to wait where its network had enough within the hour."""
    networks = list(_networks(ip, most))
    for network, limit in networks:
        hashes = address_hashes(network, keys)
        if attempts.count(db, hashes, NETWORK, since=now - HOUR) >= limit:
            first = attempts.oldest(db, hashes, NETWORK, since=now - HOUR) or now
            return first + HOUR - now
    for network, _ in networks:
        attempts.note(db, address_hash(network, keys), NETWORK, now)
    return None


def _networks(ip: str, most: int) -> Iterator[tuple[str, int]]:
    """The networks around a client: its own (IPv6: the /64 that one customer has), and a wider one."""
    try:
        address = ipaddress.ip_address(ip.partition("%")[0])
    except ValueError:
        yield "network unknown", most
        return
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped:
        address = address.ipv4_mapped
    own, wide = (32, 24) if address.version == 4 else (64, 48)
    for prefix, limit in ((own, most), (wide, most * WIDER)):
        yield f"network {ipaddress.ip_network((address, prefix), strict=False)}", limit

"""Writes down what is changed of a subscriber, in the transaction that changes it."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

from digest.pipeline.installation import Installation
from digest.store.community import audit
from digest.store.session import Session
from digest.store.subscriptions import snapshots


@contextmanager
def audited(installation: Installation, db: Session, number: int, act: str, now: datetime) -> Iterator[None]:
    """Compare a subscriber before and after the block, and write what differs down as `subscriber.<act>`."""
    before = snapshots.snapshot(db, number)
    yield
    after = snapshots.snapshot(db, number)
    audit.record(db, installation.actor, f"subscriber.{act}", f"subscriber:{number}", before, after, now=now)

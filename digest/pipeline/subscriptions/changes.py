"""Writes down what is changed of a subscriber, in the transaction that changes it."""

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from datetime import datetime

from digest.pipeline.installation import Installation
from digest.store.community import audit
from digest.store.session import Session
from digest.store.subscriptions import snapshots


@contextmanager
def audited_all(
    installation: Installation, db: Session, numbers: Collection[int], act: str, now: datetime
) -> Iterator[None]:
    """Compare subscribers before and after the block, and write what differs down as `subscriber.<act>`."""
    before = snapshots.snapshots(db, numbers)
    yield
    after = snapshots.snapshots(db, numbers)
    actor, name = installation.actor, f"subscriber.{act}"
    audit.record_all(
        db,
        [
            audit.Act(actor, name, f"subscriber:{each}", before.get(each), after.get(each), now)
            for each in numbers
        ],
    )


@contextmanager
def audited(installation: Installation, db: Session, number: int, act: str, now: datetime) -> Iterator[None]:
    """Do for one subscriber what `audited_all` does for several."""
    with audited_all(installation, db, [number], act, now):
        yield

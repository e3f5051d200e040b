"""Carries out what the operator decides: try again, send again, take as sent. Counted before done.

In: ids, or an issue, and which states. Out: the rows that it would change, or has changed.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from digest.domain import Delivery, DeliveryState
from digest.errors import InputError, UnknownError
from digest.pipeline.delivery.ledger_writer import STALE
from digest.pipeline.installation import Installation
from digest.store import deliveries, papers, session
from digest.store.community import audit
from digest.store.session import Session

# What may be tried again: the server said no, or we gave up. A bounce that suppressed its address is skipped
# by the last look; a doubt is resolved, never merely retried.
RETRIED = frozenset(
    {DeliveryState.DEFERRED, DeliveryState.FAILED, DeliveryState.EXPIRED, DeliveryState.BOUNCED}
)
DOUBTFUL = frozenset({DeliveryState.UNCERTAIN})


@dataclass(frozen=True, slots=True)
class Picked:
    """Rows that a decision is about, with their addresses; `stale`: how many are too old to be sent."""

    rows: Sequence[tuple[Delivery, str]]
    stale: int


def listing(
    installation: Installation, issue_id: int | None, state: DeliveryState | None, limit: int
) -> tuple[list[tuple[Delivery, str]], Mapping[int, str]]:
    """Return the last deliveries with their addresses, newest first, and the canonical ids of their papers.

    Raises UnknownError for an issue that isn't there.
    """
    with session.reading(installation.engine) as db:
        if issue_id is not None and not deliveries.issues_by_id(db, {issue_id}):
            raise UnknownError(f"there is no issue {issue_id}", fix="digest deliveries list")
        listed = deliveries.listing(db, issue_id=issue_id, state=state, limit=limit)
        return listed, papers.canonical_ids(db, {pk for row, _ in listed for pk in row.papers})


def pick(
    installation: Installation,
    ids: Collection[int],
    issue_id: int | None,
    states: Collection[DeliveryState],
    now: datetime,
) -> Picked:
    """Return the rows named by id, or all of an issue, that are in one of these states.

    Raises InputError where neither or both are named, UnknownError for an id or issue that isn't there.
    """
    if bool(ids) == (issue_id is not None):
        raise InputError("name deliveries by their ids, or one issue", fix="digest deliveries list")
    with session.reading(installation.engine) as db:
        found = deliveries.picked(db, ids=ids, issue_id=issue_id)
        issues = deliveries.issues_by_id(db, {row.issue_id for row, _ in found})
    missing = sorted(set(ids) - {row.id for row, _ in found})
    if missing or not found:
        what = f"no delivery {missing[0]}" if missing else f"no deliveries of issue {issue_id}"
        raise UnknownError(f"there is {what}", fix="digest deliveries list")
    old = {issue.id for issue in issues if issue.due_at < now - STALE}
    rows = [(row, email) for row, email in found if row.state in states]
    return Picked(rows, sum(1 for row, _ in rows if row.issue_id in old))


def send_again(
    installation: Installation, ids: Collection[int], states: Collection[DeliveryState], now: datetime
) -> int:
    """Queue these rows once more, those that are still in one of the states; returns how many."""
    with session.transaction(installation.engine) as db:
        done = deliveries.again(db, ids, among=states, now=now)
        _record(installation, db, "deliveries.retry", len(done), now)
    return len(done)


def mark_sent(installation: Installation, ids: Collection[int], now: datetime) -> int:
    """Take these doubts as sent; returns how many were doubts still."""
    with session.transaction(installation.engine) as db:
        done = deliveries.mark_sent(db, ids, now)
        _record(installation, db, "deliveries.mark-sent", len(done), now)
    return len(done)


def _record(installation: Installation, db: Session, act: str, count: int, now: datetime) -> None:
    after = {"count": count} if count else None
    audit.record(db, installation.actor, act, "deliveries:several", None, after, now=now)

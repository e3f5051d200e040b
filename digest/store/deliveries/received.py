"""What readers have got: when the last message reached each, and which papers those of some days carried."""

from collections import defaultdict
from collections.abc import Collection, Iterable
from datetime import date, datetime
from typing import NamedTuple

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from digest.domain import DeliveryState
from digest.store.deliveries.tables.deliveries import DeliveryRow
from digest.store.deliveries.tables.issues import IssueRow
from digest.store.session import chunks

REACHED = (DeliveryState.SENT, DeliveryState.UNCERTAIN, DeliveryState.COMPLAINED)


class Received(NamedTuple):
    """A message that a reader has: when it was sent, and its papers (`Paper.pk`)."""

    at: datetime
    papers: tuple[int, ...]


def last_received(
    session: Session, readers: Iterable[int], *, since: datetime, but: Collection[int]
) -> dict[int, datetime]:
    """Return, by subscriber, when the issue of their last message since then was opened; `but`: deliveries
    that don't count.
    """
    found: dict[int, datetime] = {}
    for chunk in chunks(sorted(readers)):
        row = DeliveryRow
        wanted = (
            select(row.id, row.subscriber_id, IssueRow.opened_at)
            .join(IssueRow, IssueRow.id == row.issue_id)
            .where(row.subscriber_id.in_(chunk), row.issue_date >= since.date(), row.state.in_(REACHED))
        )
        for number, reader, opened_at in session.execute(wanted):
            if number not in but:
                found[reader] = max(opened_at, found.get(reader, opened_at))
    return found


def received(
    session: Session, readers: Iterable[int], days: Collection[tuple[date, date]]
) -> dict[int, list[Received]]:
    """Return, by subscriber, the messages that reached them with a date within one of these spans."""
    found: defaultdict[int, list[Received]] = defaultdict(list)
    row = DeliveryRow
    spans = or_(*(row.issue_date.between(first, last) for first, last in days))
    for chunk in chunks(sorted(readers)):
        wanted = select(row.subscriber_id, func.coalesce(row.settled_at, row.created_at), row.papers).where(
            row.subscriber_id.in_(chunk), spans, row.state.in_(REACHED)
        )
        for reader, at, papers in session.execute(wanted):
            found[reader].append(Received(at, papers))
    return found

"""Opens issues once, lists them, and says what became of their deliveries."""

from collections.abc import Iterable
from datetime import date, datetime

from sqlalchemy import func, or_, select, text
from sqlalchemy.orm import Session

from digest.domain import DeliveryState, Issue
from digest.store.deliveries.tables.deliveries import WAITING, DeliveryRow
from digest.store.deliveries.tables.issues import IssueRow
from digest.store.session import chunks, insert


def open_issue(session: Session, *, due_at: datetime, date: date, now: datetime) -> Issue:
    """Return the issue of this due time and date; whoever comes first opens it, at `now`."""
    row = insert(session, IssueRow).values(date=date, due_at=due_at, opened_at=now)
    session.execute(row.on_conflict_do_nothing())
    wanted = select(IssueRow).where(IssueRow.date == date, IssueRow.due_at == due_at)
    return _issue(session.scalars(wanted).one())


def issues(session: Session, *, limit: int = 100) -> list[Issue]:
    """Return the last issues, newest first."""
    rows = session.scalars(select(IssueRow).order_by(IssueRow.due_at.desc(), IssueRow.id.desc()).limit(limit))
    return [_issue(row) for row in rows]


def issues_by_id(session: Session, ids: Iterable[int]) -> list[Issue]:
    """Return the issues with these ids; unknown ids are left out."""
    return [
        _issue(row)
        for chunk in chunks(ids)
        for row in session.scalars(select(IssueRow).where(IssueRow.id.in_(chunk)))
    ]


def unfinished(session: Session) -> list[int]:
    """Return the ids of the issues that still have something to deliver, oldest first."""
    rows = select(DeliveryRow.issue_id).where(or_(text(WAITING), DeliveryRow.state == DeliveryState.SENDING))
    return list(session.scalars(rows.distinct().order_by(DeliveryRow.issue_id)))


def count_waiting(session: Session) -> int:
    """Count the deliveries that wait to be sent."""
    return session.scalar(select(func.count()).select_from(DeliveryRow).where(text(WAITING))) or 0


def last_sent(session: Session, issue_id: int, *, limit: int) -> list[datetime]:
    """Return when the last mails of an issue were sent, at most `limit`: the last in the order of rows, which
    is the order in which they are claimed.
    """
    rows = select(DeliveryRow.settled_at).where(
        DeliveryRow.issue_id == issue_id, DeliveryRow.state == DeliveryState.SENT
    )
    found = session.scalars(rows.order_by(DeliveryRow.id.desc()).limit(limit))
    return [at for at in found if at is not None]


def counts(session: Session, issue_id: int) -> dict[DeliveryState, int]:
    """Return how many deliveries of an issue are in each state, none left out: their sum is its audience."""
    rows = select(DeliveryRow.state, func.count()).where(DeliveryRow.issue_id == issue_id)
    found = dict(session.execute(rows.group_by(DeliveryRow.state)).all())
    return {state: found.get(state, 0) for state in DeliveryState}


def _issue(row: IssueRow) -> Issue:
    return Issue(id=row.id, date=row.date, due_at=row.due_at, opened_at=row.opened_at)

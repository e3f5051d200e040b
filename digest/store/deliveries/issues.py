"""Who is due together, and the issue that is opened for them."""

from collections.abc import Iterable
from datetime import date, datetime

from sqlalchemy import func, or_, select, text
from sqlalchemy.orm import Session

from digest.domain import DeliveryState, Issue, Subscriber, SubscriberStatus
from digest.store import subscribers
from digest.store.models import WAITING, DeliveryRow, IssueRow, SubscriberRow
from digest.store.session import chunks, insert

_Due = tuple[datetime, date]


def due_cohorts(session: Session, now: datetime) -> list[_Due]:
    """The due times up to `now` of active subscribers, each with its digest's local date; oldest first."""
    time, day = SubscriberRow.next_due_at, SubscriberRow.next_due_on
    due = select(time, day).where(
        SubscriberRow.status == SubscriberStatus.ACTIVE, time <= now, day.is_not(None)
    )
    rows = session.execute(due.distinct().order_by(time, day))
    return [(at, on) for at, on in rows if at and on]


def due_subscribers(
    session: Session,
    due_at: datetime,
    date: date,
    *,
    after_id: int = 0,
    limit: int = 1000,
) -> list[Subscriber]:
    """A page of the active subscribers of a cohort, by id."""
    page = (
        select(SubscriberRow.id)
        .where(
            SubscriberRow.status == SubscriberStatus.ACTIVE,
            SubscriberRow.next_due_at == due_at,
            SubscriberRow.next_due_on == date,
            SubscriberRow.id > after_id,
        )
        .order_by(SubscriberRow.id)
        .limit(limit)
    )
    ids = list(session.scalars(page))
    found = subscribers.by_ids(session, ids)
    return [found[number] for number in ids]


def open_issue(session: Session, *, due_at: datetime, date: date, now: datetime) -> Issue:
    """The issue of this due time and date; whoever comes first opens it, at `now`."""
    row = insert(session, IssueRow).values(date=date, due_at=due_at, opened_at=now)
    session.execute(row.on_conflict_do_nothing())
    wanted = select(IssueRow).where(IssueRow.date == date, IssueRow.due_at == due_at)
    return _issue(session.scalars(wanted).one())


def issues(session: Session, *, limit: int = 100) -> list[Issue]:
    """The last issues, newest first."""
    rows = session.scalars(select(IssueRow).order_by(IssueRow.due_at.desc(), IssueRow.id.desc()).limit(limit))
    return [_issue(row) for row in rows]


def issues_by_id(session: Session, ids: Iterable[int]) -> list[Issue]:
    """The issues with these ids; unknown ids are left out."""
    return [
        _issue(row)
        for chunk in chunks(ids)
        for row in session.scalars(select(IssueRow).where(IssueRow.id.in_(chunk)))
    ]


def unfinished(session: Session) -> list[int]:
    """The ids of the issues that still have something to deliver, oldest first."""
    rows = select(DeliveryRow.issue_id).where(or_(text(WAITING), DeliveryRow.state == DeliveryState.SENDING))
    return list(session.scalars(rows.distinct().order_by(DeliveryRow.issue_id)))


def counts(session: Session, issue_id: int) -> dict[DeliveryState, int]:
    """How many deliveries of an issue are in each state, none left out: their sum is its audience."""
    rows = select(DeliveryRow.state, func.count()).where(DeliveryRow.issue_id == issue_id)
    found = dict(session.execute(rows.group_by(DeliveryRow.state)).all())
    return {state: found.get(state, 0) for state in DeliveryState}


def _issue(row: IssueRow) -> Issue:
    return Issue(id=row.id, date=row.date, due_at=row.due_at, opened_at=row.opened_at)

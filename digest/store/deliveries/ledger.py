"""Writes rows of the ledger set-wise with the next due times, and reads them back."""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, LargeBinary, Select, delete, func, literal, select, type_coerce, update
from sqlalchemy.orm import Session

from digest.domain import Delivery, DeliveryState, Issue
from digest.store.columns import pack
from digest.store.deliveries.cohorts import MAY_HAVE_COME
from digest.store.deliveries.issues import issues_by_id
from digest.store.deliveries.tables.deliveries import DeliveryRow
from digest.store.deliveries.tables.issues import IssueRow
from digest.store.readable import readable
from digest.store.session import chunks, insert
from digest.store.subscriptions.tables.subscribers import SubscriberRow

_READ = (
    DeliveryRow.id,
    DeliveryRow.issue_id,
    DeliveryRow.subscriber_id,
    DeliveryRow.issue_date,
    DeliveryRow.state,
    DeliveryRow.reason,
    DeliveryRow.attempts,
    DeliveryRow.message_id,
    DeliveryRow.reply,
    DeliveryRow.papers,
    DeliveryRow.claim_token,
    DeliveryRow.window_days,
)


class NewDelivery(NamedTuple):
    """A row to be written: `queued` with papers (`Paper.pk`, best first), or `skipped` with a reason."""

    issue_id: int
    subscriber_id: int
    issue_date: date
    state: DeliveryState
    reason: str = ""
    papers: Sequence[int] = ()
    message_id: str = ""
    window_days: int = 0  # how far back its papers were looked for


def record(session: Session, rows: Sequence[NewDelivery], moves: Mapping[int, tuple[datetime, date]]) -> None:
    """Write rows of one or more issues, and when their subscribers are due next.

    A subscriber who has a row for that date keeps it. `moves`: subscriber id → next due time and its local
    date; only who is still due at the issue's time is moved. Rows count from when their issue was opened.
    """
    issues = {issue.id: issue for issue in issues_by_id(session, {row.issue_id for row in rows})}
    values = [_values(row, issues[row.issue_id]) for row in rows]
    if values:  # on the connection: a session would make an object of each row first
        session.connection().execute(insert(session, DeliveryRow).on_conflict_do_nothing(), values)
    _move(session, {row.subscriber_id: issues[row.issue_id].due_at for row in rows}, moves)


def remove_skipped(session: Session, delivery_id: int) -> None:
    """Remove a row of which nothing was sent, so that its subscriber can have another for that date."""
    row = DeliveryRow
    session.execute(delete(row).where(row.id == delivery_id, row.state == DeliveryState.SKIPPED))


def papers_sent(
    session: Session, subscriber_ids: Iterable[int], *, since: datetime, but: Collection[int] = ()
) -> dict[int, set[int]]:
    """Return, by subscriber, the papers in messages since then that came, may have come, or will come.

    The deliveries `but` (ids) don't count. A paper that was merged into another since counts as both.
    """
    sent: dict[int, set[int]] = defaultdict(set)
    for chunk in chunks(subscriber_ids):
        rows = select(DeliveryRow.id, DeliveryRow.subscriber_id, DeliveryRow.papers).where(
            DeliveryRow.subscriber_id.in_(chunk),
            DeliveryRow.created_at >= since,
            DeliveryRow.state.in_(MAY_HAVE_COME),
        )
        for number, subscriber_id, papers in session.execute(rows):
            if number not in but:
                sent[subscriber_id].update(papers)
    return _with_merged(session, sent)


def listing(
    session: Session, *, issue_id: int | None = None, state: DeliveryState | None = None, limit: int = 100
) -> list[tuple[Delivery, str]]:
    """Return the last deliveries, newest first, each with the subscriber's address."""
    wanted: Select[*tuple[Any, ...]] = select(SubscriberRow.email, *_READ).join(
        SubscriberRow, SubscriberRow.id == DeliveryRow.subscriber_id
    )
    if issue_id is not None:
        wanted = wanted.where(DeliveryRow.issue_id == issue_id)
    if state is not None:
        wanted = wanted.where(DeliveryRow.state == state)
    return _with_address(session, wanted.order_by(DeliveryRow.id.desc()).limit(limit))


def _with_address(session: Session, wanted: Select[*tuple[Any, ...]]) -> list[tuple[Delivery, str]]:
    rows = session.execute(wanted)
    return readable(rows, lambda row: (delivery(row[1:]), row[0]), lambda row: f"delivery {row[1]}")


def picked(
    session: Session, *, ids: Collection[int] = (), issue_id: int | None = None
) -> list[tuple[Delivery, str]]:
    """Return the deliveries with these ids, or all of an issue, by id, each with the subscriber's address."""
    wanted: Select[*tuple[Any, ...]] = select(SubscriberRow.email, *_READ).join(
        SubscriberRow, SubscriberRow.id == DeliveryRow.subscriber_id
    )
    parts = (
        [DeliveryRow.id.in_(chunk) for chunk in chunks(sorted(ids))]
        if issue_id is None
        else [DeliveryRow.issue_id == issue_id]
    )
    return [
        each for part in parts for each in _with_address(session, wanted.where(part).order_by(DeliveryRow.id))
    ]


def with_paper(
    session: Session, paper_pk: int, first: date, last: date, *, limit: int
) -> tuple[dict[DeliveryState, int], list[tuple[Delivery, str]]]:
    """Find the deliveries of issues of these dates that hold a paper: how many are in each state, and the
    newest `limit` with the subscriber's address.
    """
    holds = _holds(session, pack([paper_pk]))
    issues_ = select(IssueRow.id).where(IssueRow.date.between(first, last))
    # Packed numbers of four bytes: what is found may lie across two numbers, so each row is looked at.
    found = select(DeliveryRow.id, DeliveryRow.state, DeliveryRow.papers).where(
        DeliveryRow.issue_id.in_(issues_), holds
    )
    ids: list[int] = []
    counts: Counter[DeliveryState] = Counter()
    rows = readable(
        (row for row in session.execute(found) if paper_pk in row.papers),
        lambda row: (row.id, DeliveryState(row.state)),
        lambda row: f"delivery {row.id}",
    )
    for number, state in rows:
        ids.append(number)
        counts[state] += 1
    return dict(counts), picked(session, ids=sorted(ids, reverse=True)[:limit])[::-1]


def _holds(session: Session, packed: bytes) -> ColumnElement[bool]:
    papers = type_coerce(DeliveryRow.papers, LargeBinary)
    if session.get_bind().dialect.name == "postgresql":
        return func.position(literal(packed, LargeBinary).op("IN")(papers)) > 0
    return func.instr(papers, literal(packed, LargeBinary)) > 0


def of_subscriber(session: Session, subscriber_id: int, *, limit: int = 100) -> list[Delivery]:
    """Return the last deliveries of one subscriber, newest first."""
    wanted: Select[*tuple[Any, ...]] = select(*_READ).where(DeliveryRow.subscriber_id == subscriber_id)
    rows = session.execute(wanted.order_by(DeliveryRow.issue_date.desc()).limit(limit))
    return readable(rows, delivery, lambda row: f"delivery {row.id}")


def has_any(session: Session, subscriber_id: int) -> bool:
    """Return whether a subscriber has a delivery, of whatever state."""
    wanted = select(DeliveryRow.id).where(DeliveryRow.subscriber_id == subscriber_id)
    return session.scalar(wanted.limit(1)) is not None


def sent_to(
    session: Session, subscriber_id: int, *, day: date | None = None, limit: int = 100
) -> list[tuple[Delivery, bytes | None]]:
    """Return the last digests that were sent to a subscriber, newest first, or that of a day.

    Each with what its message showed (see `digest.shown`); None for one of before that was kept.
    """
    wanted: Select[*tuple[Any, ...]] = select(DeliveryRow.shown, *_READ).where(
        DeliveryRow.subscriber_id == subscriber_id, DeliveryRow.state == DeliveryState.SENT
    )
    if day is not None:
        wanted = wanted.where(DeliveryRow.issue_date == day)
    rows = session.execute(wanted.order_by(DeliveryRow.issue_date.desc()).limit(limit))
    return [(delivery(row[1:]), row[0]) for row in rows]


def by_ids(session: Session, ids: Sequence[int]) -> list[Delivery]:
    """Return the rows with these ids, in that order."""
    wanted: Select[*tuple[Any, ...]] = select(*_READ).where(DeliveryRow.id.in_(ids))
    found = {row.id: delivery(row) for row in session.execute(wanted)}
    return [found[number] for number in ids]


def delivery(row: Sequence[Any]) -> Delivery:
    """Return a row of the columns `_READ` as a Delivery."""
    (
        number,
        issue_id,
        subscriber_id,
        issue_date,
        state,
        reason,
        attempts,
        message_id,
        reply,
        papers,
        token,
        window,
    ) = row
    return Delivery(
        id=number,
        issue_id=issue_id,
        subscriber_id=subscriber_id,
        issue_date=issue_date,
        state=DeliveryState(state),
        reason=reason,
        attempts=attempts,
        message_id=message_id,
        reply=reply,
        papers=papers,
        claim_token=token,
        window_days=window,
    )


def _values(row: NewDelivery, issue: Issue) -> dict[str, Any]:
    at = issue.opened_at
    return {
        "issue_id": row.issue_id,
        "subscriber_id": row.subscriber_id,
        "issue_date": row.issue_date,
        "state": row.state,
        "reason": row.reason,
        "attempts": 0,
        "lost": 0,
        "claim_token": "",
        "next_attempt_at": issue.due_at,
        "message_id": row.message_id,
        "reply": "",
        "papers": row.papers,
        "window_days": row.window_days,
        "created_at": at,
        "settled_at": None if row.state is DeliveryState.QUEUED else at,
    }


def _move(session: Session, due: Mapping[int, datetime], moves: Mapping[int, tuple[datetime, date]]) -> None:
    """Set the next due times, one statement for all who move from one time to another together."""
    together: dict[tuple[datetime, datetime, date], list[int]] = defaultdict(list)
    for subscriber_id, (at, on) in moves.items():
        together[due[subscriber_id], at, on].append(subscriber_id)
    for (due_at, at, on), ids in together.items():
        for chunk in chunks(ids):
            still_due = SubscriberRow.id.in_(chunk), SubscriberRow.next_due_at == due_at
            session.execute(
                update(SubscriberRow).where(*still_due).values(next_due_at=at, next_due_on=on),
                execution_options={"synchronize_session": False},
            )


def _with_merged(session: Session, sent: dict[int, set[int]]) -> dict[int, set[int]]:
    if not sent:
        return sent
    from digest.store.papers.reading import merged  # noqa: PLC0415 - most who read the ledger read no papers

    into = merged(session)
    for papers in sent.values():
        papers.update(root for number in papers & into.keys() if (root := into[number]))
    return dict(sent)

"""Who is due together, page by page, as rows that go into arrays: no object for a subscriber is made here."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any

from sqlalchemy import ColumnElement, Row, Select, and_, func, select
from sqlalchemy.orm import Session

from digest.domain import DeliveryState, Frequency, Schedule, SubscriberStatus
from digest.store.deliveries.tables.deliveries import DeliveryRow
from digest.store.readable import readable
from digest.store.session import chunks
from digest.store.subscriptions.tables.subscribers import SubscriberRow

MAY_HAVE_COME = (  # states of a message whose papers the subscriber has, may have, or will have
    DeliveryState.QUEUED,
    DeliveryState.SENDING,
    DeliveryState.SENT,
    DeliveryState.DEFERRED,
    DeliveryState.UNCERTAIN,
    DeliveryState.COMPLAINED,
)


@dataclass(frozen=True, slots=True)
class DuePage:
    """Some subscribers of a cohort by id, and what each asked for: packed interests, the packed numbers of
    the papers that they saved, and the schedule."""

    ids: Sequence[int] = ()
    packed: Sequence[bytes] = ()
    saved: Sequence[bytes | None] = ()
    schedules: Sequence[Schedule] = ()

    def __len__(self) -> int:
        return len(self.ids)

    def part(self, places: Sequence[int]) -> "DuePage":
        """Return some of the subscribers, by their places in this page."""
        return DuePage(
            [self.ids[n] for n in places],
            [self.packed[n] for n in places],
            [self.saved[n] for n in places],
            [self.schedules[n] for n in places],
        )


def due_cohorts(session: Session, now: datetime) -> list[tuple[datetime, date]]:
    """Return the due times up to `now` of active subscribers, each with its digest's local date; oldest
    first. Those that can't be read are left out.
    """
    time, day = SubscriberRow.next_due_at, SubscriberRow.next_due_on
    due = select(time, day).where(
        SubscriberRow.status == SubscriberStatus.ACTIVE, time <= now, day.is_not(None)
    )
    rows: Iterable[Row[Any]] = session.execute(due.distinct().order_by(time, day))

    def read(row: Row[Any]) -> tuple[datetime, date]:
        return row.next_due_at, row.next_due_on

    return readable(rows, read, lambda row: f"due time {row.next_due_at} of {row.next_due_on}")


def count_due(session: Session, now: datetime) -> int:
    """Count the active subscribers whose digest is due now."""
    due = SubscriberRow.status == SubscriberStatus.ACTIVE, SubscriberRow.next_due_at <= now
    return session.scalar(select(func.count()).select_from(SubscriberRow).where(*due)) or 0


def due_ids(session: Session, due_at: datetime, date: date, *, after_id: int, limit: int) -> list[int]:
    """Return the numbers of whom `due_page` gives, whatever else is in their rows."""
    wanted = select(SubscriberRow.id).where(_due(due_at, date, after_id))
    return list(session.scalars(wanted.order_by(SubscriberRow.id).limit(limit)))


def due_page(
    session: Session,
    due_at: datetime,
    date: date,
    *,
    after_id: int = 0,
    last_id: int | None = None,
    limit: int,
) -> DuePage:
    """Return at most `limit` active subscribers of a cohort: the lowest ids above `after_id`, up to
    `last_id` where there is one."""
    row = SubscriberRow
    schedule = row.frequency, row.at, row.timezone, row.weekday, row.quiet_days
    page = select(row.id, row.packed, row.saved, *schedule)
    if last_id is not None:
        page = page.where(row.id <= last_id)
    rows = _raw(session, page.where(_due(due_at, date, after_id)).order_by(row.id).limit(limit))
    if not rows:
        return DuePage()
    ids, packed, saved, *schedules = zip(*rows, strict=True)
    kept: dict[tuple[Any, ...], Schedule] = {}
    for each in set(zip(*schedules, strict=True)):
        frequency, at, timezone, weekday, quiet_days = each
        kept[each] = Schedule(Frequency(frequency), _clock(at), timezone, weekday, bool(quiet_days))
    return DuePage(ids, packed, saved, [kept[each] for each in zip(*schedules, strict=True)])


def history(
    session: Session, due_at: datetime, date: date, *, after_id: int, last_id: int, since: datetime
) -> list[tuple[int, bytes]]:
    """Return the messages since then, to subscribers of a cohort from above `after_id` to `last_id`, that
    came, may have come, or will come: subscriber id and packed numbers of papers, by subscriber.
    """
    wanted = (
        select(DeliveryRow.subscriber_id, DeliveryRow.papers)
        .join(SubscriberRow, SubscriberRow.id == DeliveryRow.subscriber_id)
        .where(
            _due(due_at, date, after_id),
            SubscriberRow.id <= last_id,
            DeliveryRow.created_at >= since,
            DeliveryRow.state.in_(MAY_HAVE_COME),
        )
    )
    return _raw(session, wanted.order_by(DeliveryRow.subscriber_id))


def last_digests(
    session: Session, due_at: datetime, day: date, *, after_id: int, last_id: int
) -> dict[int, date]:
    """Return, by subscriber, the date of the last digest before `day` that came or may have; for the weekly
    readers of a cohort with ids above `after_id` up to `last_id`.
    """
    wanted = (
        select(DeliveryRow.subscriber_id, func.max(DeliveryRow.issue_date))
        .join(SubscriberRow, SubscriberRow.id == DeliveryRow.subscriber_id)
        .where(
            _due(due_at, day, after_id),
            SubscriberRow.id <= last_id,
            SubscriberRow.frequency == Frequency.WEEKLY,
            DeliveryRow.issue_date < day,
            DeliveryRow.state.in_(MAY_HAVE_COME),
        )
        .group_by(DeliveryRow.subscriber_id)
    )
    return dict(session.execute(wanted).all())


def last_digest_before(session: Session, subscriber_id: int, day: date) -> date | None:
    """Return the date of a subscriber's last digest before `day` that came or may have come."""
    return session.scalar(
        select(func.max(DeliveryRow.issue_date)).where(
            DeliveryRow.subscriber_id == subscriber_id,
            DeliveryRow.issue_date < day,
            DeliveryRow.state.in_(MAY_HAVE_COME),
        )
    )


def packed_interests(session: Session, ids: Sequence[int]) -> tuple[list[bytes], list[bytes | None]]:
    """Return what each of these subscribers asks for, packed, and the numbers of the papers that each saved,
    packed, in the order of their ids (ascending)."""
    rows: dict[int, tuple[bytes, bytes | None]] = {}
    row = SubscriberRow
    for chunk in chunks(ids):
        found = _raw(session, select(row.id, row.packed, row.saved).where(row.id.in_(chunk)))
        rows.update((number, (packed, saved)) for number, packed, saved in found)
    return [rows[number][0] for number in ids], [rows[number][1] for number in ids]


def history_of(
    session: Session, ids: Sequence[int], *, since: datetime, but: Collection[int]
) -> list[tuple[int, bytes]]:
    """Return what `history` does, for these subscribers; the deliveries `but` (ids) don't count."""
    found: list[tuple[int, bytes]] = []
    for chunk in chunks(sorted(ids)):
        wanted = select(DeliveryRow.id, DeliveryRow.subscriber_id, DeliveryRow.papers).where(
            DeliveryRow.subscriber_id.in_(chunk),
            DeliveryRow.created_at >= since,
            DeliveryRow.state.in_(MAY_HAVE_COME),
        )
        rows = _raw(session, wanted.order_by(DeliveryRow.subscriber_id))
        found += [(reader, papers) for number, reader, papers in rows if number not in but]
    return found


def _due(due_at: datetime, date: date, after_id: int) -> ColumnElement[bool]:
    return and_(
        SubscriberRow.status == SubscriberStatus.ACTIVE,
        SubscriberRow.next_due_at == due_at,
        SubscriberRow.next_due_on == date,
        SubscriberRow.id > after_id,
    )


def _raw(session: Session, statement: Select[*tuple[Any, ...]]) -> list[Any]:
    """The driver's own tuples: types of columns aren't applied, which costs more than matching does."""
    return list(session.connection().execute(statement).cursor.fetchall())


def _clock(raw: time | str) -> time:
    """A time of day as SQLite's or Postgres's driver gives it."""
    return time.fromisoformat(raw) if isinstance(raw, str) else raw

"""Alarms, each a row as long as something about it is to be told: noted, claimed with a lease, told, dropped.

noted ─claim→ with token and lease ─told→ known ─note (it is over)→ over ─claim, told→ gone
A lease that ends gives a row back, and it is told again: a lost alarm is worse than a doubled one.
"""

from collections.abc import Collection, Mapping
from datetime import datetime, timedelta

from sqlalchemy import delete, or_, select
from sqlalchemy.orm import Session

from digest.domain import Alarm
from digest.store.leases import FREE, Outbox
from digest.store.monitoring.tables.alarms import AlarmRow
from digest.store.session import serialise

_OUTBOX = Outbox(AlarmRow.__table__, at_most_once=False, outcome=("next_attempt_at", "reply"))
_TEXTS = ("title", "detail", "tried", "fix")


def known(session: Session) -> list[Alarm]:
    """Return all alarms, the longest standing first; those that are over and not told yet as well."""
    return [_alarm(row) for row in session.scalars(select(AlarmRow).order_by(AlarmRow.since, AlarmRow.key))]


def note(session: Session, standing: Collection[Alarm], over: Mapping[str, str], now: datetime) -> None:
    """Keep what stands now. `over`: by key, how it ended, of alarms that stood and don't any more.

    What stands already keeps its `since` and isn't told again. What stands again before anybody was told
    that it was over has never ended.
    """
    serialise(session, "alarms")
    rows = {
        row.key: row for row in session.scalars(select(AlarmRow).order_by(AlarmRow.key).with_for_update())
    }
    for alarm in standing:
        row = rows.get(alarm.key)
        if row is None:
            session.add(_row(alarm, now))
            continue
        for name in _TEXTS:
            setattr(row, name, getattr(alarm, name))
        if row.over_at is not None:
            row.over_at, row.attempts, row.next_attempt_at = None, 0, now
    for key, ending in over.items():
        row = rows.get(key)
        if row is not None and row.over_at is None:
            row.over_at, row.detail, row.attempts, row.next_attempt_at = now, ending, 0, now
    session.flush()


def claim(session: Session, *, now: datetime, limit: int, lease: timedelta) -> list[Alarm]:
    """Take at most `limit` alarms that the operator is to be told of; no two callers get the same."""
    untold = or_(AlarmRow.told_at.is_(None), AlarmRow.over_at.is_not(None))
    free = or_(AlarmRow.lease_until.is_(None), AlarmRow.lease_until <= now)
    waiting = (
        select(AlarmRow.key)
        .where(untold, free, AlarmRow.next_attempt_at <= now)
        .order_by(AlarmRow.key)
        .limit(limit)
    )
    keys = _OUTBOX.claim(session, waiting, until=now + lease)
    rows = select(AlarmRow).where(AlarmRow.key.in_(keys)).order_by(AlarmRow.key)
    return [_alarm(row) for row in session.scalars(rows.execution_options(populate_existing=True))]


def begin_sending(session: Session, claimed: Collection[Alarm], now: datetime) -> bool:
    """Return whether the claim is still good. Nothing is noted: alarms are told again after a doubt."""
    held = [(alarm.key, alarm.claim_token) for alarm in claimed]
    return len(_OUTBOX.begin_sending(session, held, now=now, until=now)) == len(claimed)


def mark_notified(session: Session, claimed: Collection[Alarm], now: datetime) -> None:
    """Note that the operator knows; those that are over are dropped, unless they have begun again."""
    for row, alarm in _ours(session, claimed):
        if alarm.over_at is None:
            row.told_at = now
        elif row.over_at == alarm.over_at:
            session.delete(row)
        else:
            row.told_at = None
        row.attempts, row.reply = 0, ""
        for name, value in FREE.items():
            setattr(row, name, value)
    session.flush()


def put_back(session: Session, claimed: Collection[Alarm], *, until: datetime, reply: str) -> None:
    """Let alarms that couldn't be emailed be tried again at `until`."""
    values = {"next_attempt_at": until, "reply": reply}
    _OUTBOX.settle(session, ((alarm.key, alarm.claim_token, values) for alarm in claimed))


def drop_over(session: Session) -> None:
    """Forget what is over: there is nobody to be told."""
    session.execute(delete(AlarmRow).where(AlarmRow.over_at.is_not(None)))


def _ours(session: Session, claimed: Collection[Alarm]) -> list[tuple[AlarmRow, Alarm]]:
    by_key = {alarm.key: alarm for alarm in claimed}
    rows = select(AlarmRow).where(
        AlarmRow.key.in_(by_key), AlarmRow.claim_token.in_({a.claim_token for a in claimed} - {""})
    )
    found = session.scalars(rows.order_by(AlarmRow.key).with_for_update())
    return [(row, by_key[row.key]) for row in found]


def _row(alarm: Alarm, now: datetime) -> AlarmRow:
    texts = {name: getattr(alarm, name) for name in _TEXTS}
    return AlarmRow(
        key=alarm.key, since=alarm.since, attempts=0, next_attempt_at=now, claim_token="", reply="", **texts
    )


def _alarm(row: AlarmRow) -> Alarm:
    return Alarm(
        key=row.key,
        title=row.title,
        detail=row.detail,
        tried=row.tried,
        fix=row.fix,
        since=row.since,
        told_at=row.told_at,
        over_at=row.over_at,
        attempts=row.attempts,
        claim_token=row.claim_token,
        reply=row.reply,
    )

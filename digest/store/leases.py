"""Rows that wait → rows that one caller holds for a while. For ledgers of few rows; that of digests has more.

A row that can be held has a `claim_token` and a `lease_until`, and counts its `attempts`.
"""

from datetime import datetime
from secrets import token_hex
from typing import TypeVar

from sqlalchemy import Select
from sqlalchemy.orm import Session

from digest.store.monitoring.tables import AlarmRow
from digest.store.subscriptions.tables import NoticeRow

Row = TypeVar("Row", AlarmRow, NoticeRow)


def take(session: Session, waiting: Select[Row], *, until: datetime) -> list[Row]:
    """Hold the selected rows, but for those that somebody else is just taking; all carry one token."""
    token = token_hex(8)
    # SQLite has no such words as FOR UPDATE: there the whole transaction is alone.
    rows = list(session.scalars(waiting.with_for_update(skip_locked=True)))
    for row in rows:
        row.claim_token, row.lease_until, row.attempts = token, until, row.attempts + 1
    session.flush()
    return rows

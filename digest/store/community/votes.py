"""Keeps votes: one for each subscriber and paper, taken back at any time."""

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from digest.store.community.tables import VoteRow
from digest.store.session import insert


def vote(session: Session, subscriber_id: int, paper_id: int, now: datetime) -> bool:
    """Vote for a paper (`Paper.pk`); False where they had."""
    row = insert(session, VoteRow).values(subscriber_id=subscriber_id, paper_id=paper_id, at=now)
    return session.scalar(row.on_conflict_do_nothing().returning(VoteRow.paper_id)) is not None


def take_back(session: Session, subscriber_id: int, paper_id: int) -> bool:
    """Take a vote back; False where there was none."""
    gone = delete(VoteRow).where(VoteRow.subscriber_id == subscriber_id, VoteRow.paper_id == paper_id)
    return session.scalar(gone.returning(VoteRow.paper_id)) is not None


def votes_for(session: Session, paper_id: int) -> int:
    """Return how many subscribers voted for a paper."""
    return session.scalar(select(func.count()).where(VoteRow.paper_id == paper_id)) or 0


def votes_of(session: Session, subscriber_id: int) -> Mapping[int, datetime]:
    """Return the papers (`Paper.pk`) that this subscriber voted for, and when."""
    rows = select(VoteRow.paper_id, VoteRow.at).where(VoteRow.subscriber_id == subscriber_id)
    return dict(session.execute(rows.order_by(VoteRow.at)).all())

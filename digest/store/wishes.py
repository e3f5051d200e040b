"""What subscribers do by a link in a mail: mute a term for a while, vote for a paper."""

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from digest.store.joining import MuteRow, VoteRow
from digest.store.session import insert


def mute(session: Session, subscriber_id: int, filter_text: str, until: datetime) -> None:
    """Mute a filter until a time; a mute that is there already ends then instead."""
    row = insert(session, MuteRow).values(subscriber_id=subscriber_id, filter=filter_text, until=until)
    later = row.on_conflict_do_update(index_elements=["subscriber_id", "filter"], set_={"until": until})
    session.execute(later)


def mutes(session: Session, subscriber_id: int) -> dict[str, datetime]:
    """Filter → when its mute ends."""
    rows = select(MuteRow.filter, MuteRow.until).where(MuteRow.subscriber_id == subscriber_id)
    return dict(session.execute(rows.order_by(MuteRow.until)).all())


def unmute(session: Session, subscriber_id: int, filter_text: str) -> bool:
    """End a mute; False where there was none."""
    gone = delete(MuteRow).where(MuteRow.subscriber_id == subscriber_id, MuteRow.filter == filter_text)
    return session.scalar(gone.returning(MuteRow.filter)) is not None


def mutes_over(session: Session, now: datetime) -> list[tuple[int, str]]:
    """(subscriber, filter) of the mutes whose time is over."""
    over = select(MuteRow.subscriber_id, MuteRow.filter).where(MuteRow.until <= now)
    return [(number, filter_text) for number, filter_text in session.execute(over)]


def vote(session: Session, subscriber_id: int, paper_id: int, now: datetime) -> bool:
    """Vote for a paper (`Paper.pk`); False where they had."""
    row = insert(session, VoteRow).values(subscriber_id=subscriber_id, paper_id=paper_id, at=now)
    return session.scalar(row.on_conflict_do_nothing().returning(VoteRow.paper_id)) is not None


def take_back(session: Session, subscriber_id: int, paper_id: int) -> bool:
    """Take a vote back; False where there was none."""
    gone = delete(VoteRow).where(VoteRow.subscriber_id == subscriber_id, VoteRow.paper_id == paper_id)
    return session.scalar(gone.returning(VoteRow.paper_id)) is not None


def votes_for(session: Session, paper_id: int) -> int:
    """How many subscribers voted for a paper."""
    return session.scalar(select(func.count()).where(VoteRow.paper_id == paper_id)) or 0


def votes_of(session: Session, subscriber_id: int) -> Mapping[int, datetime]:
    """Paper (`Paper.pk`) → when this subscriber voted for it."""
    rows = select(VoteRow.paper_id, VoteRow.at).where(VoteRow.subscriber_id == subscriber_id)
    return dict(session.execute(rows.order_by(VoteRow.at)).all())

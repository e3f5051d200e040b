"""Keeps mutes: exclusions of subscribers that end by themselves."""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from digest.store.session import insert, is_among
from digest.store.subscriptions.tables.mutes import MuteRow


def mute(session: Session, subscriber_id: int, filter_text: str, until: datetime) -> None:
    """Mute a filter until a time; a mute that is there already ends then instead."""
    row = insert(session, MuteRow).values(subscriber_id=subscriber_id, filter=filter_text, until=until)
    later = row.on_conflict_do_update(index_elements=["subscriber_id", "filter"], set_={"until": until})
    session.execute(later)


def mutes(session: Session, subscriber_id: int) -> dict[str, datetime]:
    """Return, by filter, when its mute ends."""
    rows = select(MuteRow.filter, MuteRow.until).where(MuteRow.subscriber_id == subscriber_id)
    return dict(session.execute(rows.order_by(MuteRow.until)).all())


def mutes_of(session: Session, ids: Collection[int]) -> dict[int, dict[str, datetime]]:
    """Return `mutes` of each of these subscribers who has any."""
    rows = select(MuteRow.subscriber_id, MuteRow.filter, MuteRow.until)
    found: dict[int, dict[str, datetime]] = {}
    for number, text, until in session.execute(rows.where(is_among(session, MuteRow.subscriber_id, ids))):
        found.setdefault(number, {})[text] = until
    return found


def unmute(session: Session, subscriber_id: int, filter_text: str) -> bool:
    """End a mute; False where there was none."""
    gone = delete(MuteRow).where(MuteRow.subscriber_id == subscriber_id, MuteRow.filter == filter_text)
    return session.scalar(gone.returning(MuteRow.filter)) is not None


def mutes_over(session: Session, now: datetime) -> list[tuple[int, str]]:
    """Return (subscriber, filter) of the mutes whose time is over."""
    over = select(MuteRow.subscriber_id, MuteRow.filter).where(MuteRow.until <= now)
    return [(number, filter_text) for number, filter_text in session.execute(over)]

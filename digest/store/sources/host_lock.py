"""Keeps turns at sites, shared by every process of an installation: who may send the next request, and when.

A turn is a lease: whoever is killed while holding one blocks its site no longer than the lease lasts. Real
time, whatever the clock of a command says: politeness can't be replayed. So turns
run on the clock that all processes share.
"""

from datetime import UTC, datetime, timedelta

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from digest.store.clock import shared_now
from digest.store.session import insert
from digest.store.sources.tables.sites import SiteRow

_LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)


def take(session: Session, site: str, holder: str, *, held: timedelta) -> timedelta:
    """Take the turn of `site` for `holder` and hold it for `held` at most: returns zero.

    Where somebody else has it, or the site rests, nothing is taken: returns how long that may last at most.
    """
    fresh = insert(session, SiteRow).values(site=site, holder="", free_at=_LONG_AGO)
    session.execute(fresh.on_conflict_do_nothing())
    row = session.scalars(select(SiteRow).where(SiteRow.site == site).with_for_update()).one()
    now = shared_now(session)  # after the row is ours: waiting for it took time
    if row.free_at > now:
        return row.free_at - now
    row.holder, row.free_at = holder, now + held
    return timedelta(0)


def is_held(session: Session, site: str) -> bool:
    """Return whether somebody's request is under way at this site, so that it may be free at any moment."""
    return bool(session.scalar(select(SiteRow.holder).where(SiteRow.site == site)))


def release(session: Session, site: str, holder: str, *, rest: timedelta) -> None:
    """End the turn of `holder` and leave the site alone for `rest`. Of no effect once the lease was lost."""
    mine = update(SiteRow).where(SiteRow.site == site, SiteRow.holder == holder)
    session.execute(mine.values(holder="", free_at=shared_now(session) + rest))

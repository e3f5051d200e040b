"""How fast each recipient domain is served, so that a restart doesn't forget it. One row for each domain that
is limited, slowed or stopped, and one for all of them together."""

from collections.abc import Collection, Iterable
from dataclasses import fields
from datetime import datetime

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from digest.store.deliveries.tables.paces import PaceRow
from digest.store.session import chunks, insert
from digest.throttle import Throttle

_FIELDS = tuple(field.name for field in fields(Throttle))


def known(session: Session, domains: Collection[str]) -> dict[str, Throttle]:
    """Return the paces of those of these domains that have one."""
    return {
        row.domain: _pace(row)
        for chunk in chunks(sorted(domains))
        for row in session.scalars(select(PaceRow).where(PaceRow.domain.in_(chunk)))
    }


def held(session: Session, domains: Collection[str], now: datetime) -> dict[str, Throttle]:
    """Return the paces of all these domains, new ones where there is none, held until the
    transaction ends.
    """
    names = sorted(domains)
    for chunk in chunks(names):  # in one order everywhere, so that nobody waits for each other
        fresh = [_values(Throttle(domain, next_at=now)) for domain in chunk]
        session.execute(insert(session, PaceRow).on_conflict_do_nothing(), fresh)
    return {
        row.domain: _pace(row)
        for chunk in chunks(names)
        for row in session.scalars(
            select(PaceRow).where(PaceRow.domain.in_(chunk)).order_by(PaceRow.domain).with_for_update()
        )
    }


def save(session: Session, throttles: Iterable[Throttle]) -> None:
    """Keep these paces."""
    for pace in throttles:
        session.merge(PaceRow(**_values(pace)))
    session.flush()


def troubled(session: Session) -> list[Throttle]:
    """Return the domains that were slowed or stopped, by name."""
    wanted = select(PaceRow).where(or_(PaceRow.slowed_at.is_not(None), PaceRow.stopped_until.is_not(None)))
    return [_pace(row) for row in session.scalars(wanted.order_by(PaceRow.domain))]


def _values(pace: Throttle) -> dict[str, object]:
    return {name: getattr(pace, name) for name in _FIELDS}


def _pace(row: PaceRow) -> Throttle:
    return Throttle(**{name: getattr(row, name) for name in _FIELDS})

"""Keeps proposed papers: each a row with its state, what was typed, and what a site said of the paper."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import delete, func, or_, select, update
from sqlalchemy.orm import Session

from digest.domain import Entry, Proposal, ProposalState
from digest.errors import UnknownError
from digest.languages import deferred
from digest.store.community.tables.proposals import ProposalRow
from digest.store.papers.tables.papers import PaperRow
from digest.store.session import insert, is_among, serialise
from digest.store.subscriptions.tables.subscribers import SubscriberRow

_MOMENTS = ("announced_at", "published_at")
_TUPLES = ("authors", "categories", "keywords")
# What the acts of a proposal change.
STATE = (
    "state", "at", "words", "paper_id", "listed_at", "identity", "subject", "entry", "found_at", "choices",
)  # fmt: skip
_TIMES = ("at", "listed_at")


@dataclass(frozen=True, slots=True)
class Found:
    """What a site said of what was typed: the paper, or the papers that it may mean."""

    entry: Entry | None
    found_at: str = ""
    choices: tuple[Entry, ...] = ()
    identity: str = ""


def lock(session: Session) -> None:
    """Let nobody else propose or decide until this transaction ends: caps are exact."""
    serialise(session, "proposals")


def add(
    session: Session, *, subscriber_id: int | None, typed: str, subject: str, tell: bool, now: datetime
) -> int | None:
    """Add a proposal whose metadata are to be looked up; return its number.

    None where the same person has one of the same subject under way.
    """
    values: dict[str, Any] = {
        "subscriber_id": subscriber_id, "typed": typed, "subject": subject, "identity": "",
        "state": ProposalState.FETCHING, "created_at": now, "at": now, "words": "", "entry": None,
        "found_at": "", "choices": [], "paper_id": None, "listed_at": None, "tell": tell, "attempts": 0,
        "lease_until": None,
    }  # fmt: skip
    row = insert(session, ProposalRow).values(**values).on_conflict_do_nothing()
    return session.scalar(row.returning(ProposalRow.id))


def find(session: Session, number: int) -> Proposal | None:
    """Return a proposal, or None."""
    return next(iter(_read(session, [ProposalRow.id == number], limit=1)), None)


def get(session: Session, number: int) -> Proposal:
    """Return a proposal. Raises UnknownError."""
    found = find(session, number)
    if found is None:
        raise UnknownError(
            deferred("there is no proposal {number}", number=number), fix="digest community list"
        )
    return found


def under_way(session: Session, subscriber_id: int | None, subject: str) -> Proposal | None:
    """Return the proposal of this subject that somebody has under way."""
    mine = [ProposalRow.subscriber_id == subscriber_id, ProposalRow.subject == subject]
    states = [ProposalState.FETCHING, ProposalState.READY, ProposalState.PENDING]
    return next(iter(_read(session, [*mine, ProposalRow.state.in_(states)], limit=1)), None)


def pending_of(session: Session, identity: str) -> Proposal | None:
    """Return the proposal of a paper (by the id that it will have) that waits for a curator."""
    waits = [ProposalRow.identity == identity, ProposalRow.state == ProposalState.PENDING]
    return next(iter(_read(session, waits, limit=1)), None)


def last_listed(session: Session, paper_id: int) -> datetime | None:
    """Return when a proposal listed a paper (`Paper.pk`) again last; None where none did."""
    return session.scalar(select(func.max(ProposalRow.listed_at)).where(ProposalRow.paper_id == paper_id))


def seconds(session: Session, first: Proposal) -> list[Proposal]:
    """Return the proposals that were sent while another one of their paper (`first`) waited, oldest first."""
    identity = select(ProposalRow.identity).where(ProposalRow.id == first.id).scalar_subquery()
    alike = [
        ProposalRow.identity == identity,
        ProposalRow.state == ProposalState.DUPLICATE,
        ProposalRow.paper_id.is_(None),
        ProposalRow.at >= first.at,
        ProposalRow.id != first.id,
    ]
    return _read(session, alike, limit=200)


def in_state(session: Session, states: Collection[ProposalState], limit: int = 200) -> list[Proposal]:
    """Return the proposals in some states, the oldest first."""
    return _read(session, [ProposalRow.state.in_(list(states))], limit=limit)


def of_subscriber(session: Session, subscriber_id: int, limit: int = 100) -> list[Proposal]:
    """Return somebody's proposals, the newest first."""
    return _read(session, [ProposalRow.subscriber_id == subscriber_id], limit=limit, newest=True)


def count(
    session: Session,
    *,
    subscriber_id: int | None = None,
    since: datetime | None = None,
    state: ProposalState | None = None,
) -> int:
    """Count proposals: of somebody, made since a time, in a state."""
    conditions = [
        *([ProposalRow.subscriber_id == subscriber_id] if subscriber_id is not None else []),
        *([ProposalRow.created_at > since] if since else []),
        *([ProposalRow.state == state] if state else []),
    ]
    return session.scalar(select(func.count()).select_from(ProposalRow).where(*conditions)) or 0


def decided(session: Session, subscriber_id: int) -> tuple[int, int]:
    """Return how many proposals of somebody curators accepted and rejected."""
    rows = select(ProposalRow.state, func.count()).where(
        ProposalRow.subscriber_id == subscriber_id,
        ProposalRow.identity != "",
        ProposalRow.state.in_([ProposalState.ACCEPTED, ProposalState.REJECTED]),
    )
    counts: dict[str, int] = dict(session.execute(rows.group_by(ProposalRow.state)).all())
    return counts.get(ProposalState.ACCEPTED, 0), counts.get(ProposalState.REJECTED, 0)


def claim(
    session: Session, now: datetime, lease: timedelta, *, only: int | None = None, limit: int = 10
) -> list[tuple[Proposal, int]]:
    """Take proposals whose metadata are to be looked up, each with how often that was tried before."""
    lock(session)
    free = or_(ProposalRow.lease_until.is_(None), ProposalRow.lease_until <= now)
    due = [ProposalRow.state == ProposalState.FETCHING, free, *([ProposalRow.id == only] if only else [])]
    numbers = list(session.scalars(select(ProposalRow.id).where(*due).order_by(ProposalRow.id).limit(limit)))
    tried: dict[int, int] = dict(
        session.execute(select(ProposalRow.id, ProposalRow.attempts).where(ProposalRow.id.in_(numbers))).all()
    )
    _set(session, numbers, attempts=ProposalRow.attempts + 1, lease_until=now + lease)
    return [(each, tried[each.id]) for each in _read(session, [ProposalRow.id.in_(numbers)], limit=limit)]


def wait(session: Session, number: int, until: datetime) -> None:
    """Look a proposal up again at a time."""
    _set(session, [number], lease_until=until)


def found(session: Session, number: int, what: Found, now: datetime) -> None:
    """Keep what a site said of a proposal, which is ready to be shown back."""
    _set(
        session,
        [number],
        state=ProposalState.READY,
        at=now,
        lease_until=None,
        identity=what.identity,
        found_at=what.found_at,
        entry=_as_json(what.entry) if what.entry else None,
        choices=[_as_json(each) for each in what.choices],
    )


def move(
    session: Session,
    number: int,
    state: ProposalState,
    now: datetime,
    *,
    words: str = "",
    paper_id: int | None = None,
    listed_at: datetime | None = None,
) -> None:
    """Bring a proposal into a state; `listed_at`: when it lists its paper, which is here already, again."""
    _set(
        session, [number], state=state, at=now, words=words, paper_id=paper_id, listed_at=listed_at,
        lease_until=None,
    )  # fmt: skip


def listed(session: Session, *, since: datetime, until: datetime) -> set[int]:
    """Return the papers (`Paper.pk`) that proposals listed again in (since, until]."""
    rows = select(ProposalRow.paper_id).where(ProposalRow.listed_at > since, ProposalRow.listed_at <= until)
    return {number for number in session.scalars(rows) if number}


def read_state(session: Session, number: int) -> dict[str, Any] | None:
    """Return what acts change of a proposal, as JSON has it; None where there is none."""
    session.flush()
    row = session.get(ProposalRow, number, populate_existing=True)
    if row is None:
        return None
    times = {name: getattr(row, name) for name in _TIMES}
    return {name: getattr(row, name) for name in STATE} | {
        name: at and at.isoformat() for name, at in times.items()
    }


def write_state(session: Session, number: int, fields: Mapping[str, Any]) -> None:
    """Put back what `read_state` returned, or some of it."""
    values = {name: value for name, value in fields.items() if name in STATE}
    values |= {name: datetime.fromisoformat(values[name]) for name in _TIMES if values.get(name)}
    _set(session, [number], **values)


def remove(session: Session, number: int) -> None:
    """Let a proposal have never been."""
    session.execute(delete(ProposalRow).where(ProposalRow.id == number))


def stale(session: Session, before: datetime) -> list[Proposal]:
    """Return the proposals that were shown back before a time and never sent."""
    return _read(session, [ProposalRow.state == ProposalState.READY, ProposalRow.at < before], limit=200)


def forget_people(session: Session, ids: Collection[int]) -> None:
    """Let the proposals of people who are erased stand without what they typed."""
    theirs = update(ProposalRow).where(is_among(session, ProposalRow.subscriber_id, ids))
    theirs = theirs.execution_options(synchronize_session=False)
    session.execute(theirs.values(subscriber_id=None, typed="", tell=False))


def _set(session: Session, numbers: Sequence[int], **values: Any) -> None:
    changed = update(ProposalRow).where(ProposalRow.id.in_(numbers)).values(**values)
    session.execute(changed.execution_options(synchronize_session=False))
    session.expire_all()


def _read(session: Session, conditions: Sequence[Any], *, limit: int, newest: bool = False) -> list[Proposal]:
    order = ProposalRow.id.desc() if newest else ProposalRow.id
    rows = (
        select(ProposalRow, SubscriberRow.display_name, PaperRow.canonical_id)
        .outerjoin(SubscriberRow, SubscriberRow.id == ProposalRow.subscriber_id)
        .outerjoin(PaperRow, PaperRow.id == ProposalRow.paper_id)
        .where(*conditions)
        .order_by(order)
        .limit(limit)
    )
    return [_proposal(*row) for row in session.execute(rows.execution_options(populate_existing=True))]


def _proposal(row: ProposalRow, name: str | None, paper: str | None) -> Proposal:
    return Proposal(
        id=row.id,
        typed=row.typed,
        subject=row.subject,
        state=ProposalState(row.state),
        created_at=row.created_at,
        at=row.at,
        subscriber_id=row.subscriber_id,
        by=name or "",
        words=row.words,
        entry=_from_json(row.entry) if row.entry else None,
        found_at=row.found_at,
        choices=tuple(_from_json(each) for each in row.choices),
        paper=paper,
        listed_at=row.listed_at,
        tell=row.tell,
    )


def _as_json(entry: Entry) -> dict[str, Any]:
    """What an entry says of its paper; signals aren't kept: they count where a source observes them."""
    values = asdict(entry) | {"signals": {}}
    return values | {name: values[name] and values[name].isoformat() for name in _MOMENTS}


def _from_json(values: Mapping[str, Any]) -> Entry:
    moments = {name: values[name] and datetime.fromisoformat(values[name]) for name in _MOMENTS}
    tuples = {name: tuple(values[name]) for name in _TUPLES}
    return Entry(**{**values, **moments, **tuples})

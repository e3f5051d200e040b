"""Keeps which papers curators picked for which days, and the signal that follows from it.

The signal of a paper is made anew from its rows whenever one of them changes, so that an act and its undo
leave the store as it was.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from typing import Any

from sqlalchemy import bindparam, delete, func, or_, select, update
from sqlalchemy.orm import Session

from digest.domain import Pick, SignalKind
from digest.store.community.tables.picks import PickRow
from digest.store.papers.tables.signals import SignalRow
from digest.store.session import is_among, serialise
from digest.store.subscriptions.tables.subscribers import SubscriberRow

CURATORS = "picks"  # the source under which picks are observed
_LATELY = 60  # picks that are looked at for changes
_FEW = 500  # papers up to which their picks are looked up by number


# Statements of every page are built once: building one takes longer than SQLite takes to run it.
_PICK, _CURATOR = PickRow.__table__.c, SubscriberRow.__table__.c
_PICKS = (
    select(
        _PICK.paper_id, _PICK.day, _PICK.curator_id, _CURATOR.display_name, _PICK.note, _PICK.at,
        _PICK.position,
    )
    .select_from(PickRow.__table__.outerjoin(SubscriberRow.__table__, _CURATOR.id == _PICK.curator_id))
    .where(_PICK.unpicked_at.is_(None))
)  # fmt: skip
_OF_ALL = _PICKS.where(
    _PICK.at <= bindparam("until", type_=_PICK.at.type), _PICK.day <= bindparam("day", type_=_PICK.day.type)
).order_by(_PICK.day, _PICK.at)
_OF_SOME = _OF_ALL.where(_PICK.paper_id.in_(bindparam("numbers", expanding=True)))
_OF_DAY = _PICKS.where(_PICK.day == bindparam("day", type_=_PICK.day.type)).order_by(
    _PICK.position, _PICK.at, _PICK.id
)


Revision = tuple[tuple[Any, ...], ...]


@dataclass(frozen=True, slots=True)
class PickState:
    """One paper's pick for one day as the audit keeps it."""

    curator_id: int | None
    note: str
    position: int
    at: datetime
    unpicked_at: datetime | None


def read_state(session: Session, paper_id: int, day: date) -> PickState | None:
    """Return the pick of a paper (`Paper.pk`) for a day, also one that was taken back; None without one.

    Nobody else changes picks until this transaction ends.
    """
    serialise(session, "picks")
    row = _row(session, paper_id, day)
    return PickState(row.curator_id, row.note, row.position, row.at, row.unpicked_at) if row else None


def write_state(session: Session, paper_id: int, day: date, state: PickState | None) -> None:
    """Make the pick of a paper for a day what `state` says; None: there is none."""
    row = _row(session, paper_id, day)
    if state is None:
        session.execute(delete(PickRow).where(PickRow.paper_id == paper_id, PickRow.day == day))
    else:
        if row is None:
            row = PickRow(paper_id=paper_id, day=day)
            session.add(row)
        row.curator_id, row.note, row.position = state.curator_id, state.note, state.position
        row.at, row.unpicked_at = state.at, state.unpicked_at
    session.flush()
    _observe(session, paper_id)


def last_position(session: Session, day: date) -> int:
    """Return the highest place among the picks of a day; 0 where there are none."""
    highest = select(func.max(PickRow.position)).where(PickRow.day == day, PickRow.unpicked_at.is_(None))
    return session.scalar(highest) or 0


def positions(session: Session, day: date) -> dict[int, int]:
    """Return the place of each paper (`Paper.pk`) that is picked for a day."""
    rows = select(PickRow.paper_id, PickRow.position).where(PickRow.day == day, PickRow.unpicked_at.is_(None))
    return dict(session.execute(rows).all())


def place(session: Session, day: date, places: Mapping[int, int]) -> None:
    """Give papers (`Paper.pk`) that are picked for a day other places."""
    for number, position in places.items():
        session.execute(
            update(PickRow).where(PickRow.day == day, PickRow.paper_id == number).values(position=position)
        )


def of_day(session: Session, day: date) -> dict[int, Pick]:
    """Return the picks of a day by paper (`Paper.pk`), in their order."""
    return {number: _pick(row) for number, *row in session.execute(_OF_DAY, {"day": day})}


def of_papers(session: Session, owners: Mapping[int, int], *, until: datetime | None) -> dict[int, Pick]:
    """Return the last pick of each paper, made by `until` for a day that had begun then.

    `owners`: number of a row → the paper that it is part of.
    """
    until = until or datetime.max.replace(tzinfo=UTC)
    wanted = {"until": until, "day": until.astimezone(UTC).date()}
    few = {"numbers": list(owners)} if len(owners) <= _FEW else {}
    found: dict[int, Pick] = {}
    if owners:
        for number, *row in session.execute(_OF_SOME if few else _OF_ALL, wanted | few):
            if number in owners:
                found[owners[number]] = _pick(row)
    return found


def begun(session: Session, *, since: datetime, until: datetime) -> set[int]:
    """Return the papers (`Paper.pk`) of picks that began to count in (since, until] and stood then: when they
    were made, or with the day that they were made for.
    """
    rows = select(PickRow.paper_id, PickRow.day, PickRow.at).where(
        PickRow.at <= until,
        PickRow.day <= until.astimezone(UTC).date(),
        or_(PickRow.at > since, PickRow.day >= since.astimezone(UTC).date()),
        or_(PickRow.unpicked_at.is_(None), PickRow.unpicked_at > until),
    )
    starts = ((number, max(at, _midnight(day))) for number, day, at in session.execute(rows))
    return {number for number, start in starts if since < start <= until}


def of_curator(session: Session, subscriber_id: int) -> list[tuple[int, date, str]]:
    """Return paper (`Paper.pk`), day and note of all that somebody picked, also what was taken back."""
    rows = select(PickRow.paper_id, PickRow.day, PickRow.note).where(PickRow.curator_id == subscriber_id)
    return [(number, day, note) for number, day, note in session.execute(rows.order_by(PickRow.id))]


def revision(session: Session) -> Revision:
    """Return what is another value whenever picks changed."""
    rows = select(PickRow.id, PickRow.note, PickRow.position, PickRow.at, PickRow.unpicked_at)
    lately = rows.order_by(PickRow.day.desc(), PickRow.id).limit(_LATELY)
    return tuple(tuple(row) for row in session.execute(lately))


def forget_curators(session: Session, ids: Collection[int]) -> None:
    """Let the picks of people who are erased stand without their name and words."""
    theirs = update(PickRow).where(is_among(session, PickRow.curator_id, ids))
    theirs = theirs.execution_options(synchronize_session=False)
    session.execute(theirs.values(curator_id=None, note=""))


def _pick(row: Iterable[Any]) -> Pick:
    day, _curator, name, note, at, position = row
    return Pick(day=day, by=name or "", note=note, at=at, order=position)


def _row(session: Session, paper_id: int, day: date) -> PickRow | None:
    wanted = select(PickRow).where(PickRow.paper_id == paper_id, PickRow.day == day)
    return session.scalars(wanted.execution_options(populate_existing=True)).first()


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time.min, UTC)


def _observe(session: Session, paper_id: int) -> None:
    """Write the signal of a paper anew: 1 from when a pick counts until it is taken back."""
    rows = session.scalars(select(PickRow).where(PickRow.paper_id == paper_id)).all()
    spans = [(max(row.at, _midnight(row.day)), row.unpicked_at) for row in rows]
    spans = [(start, end) for start, end in spans if end is None or start < end]
    session.execute(delete(SignalRow).where(SignalRow.paper_id == paper_id, SignalRow.source == CURATORS))
    moments = sorted({moment for span in spans for moment in span if moment})
    before = 0
    for moment in moments:
        value = int(any(start <= moment and (end is None or moment < end) for start, end in spans))
        if value != before:
            session.add(
                SignalRow(
                    paper_id=paper_id,
                    source=CURATORS,
                    kind=SignalKind.PICK,
                    observed_at=moment,
                    value=value,
                )
            )
        before = value
    session.flush()

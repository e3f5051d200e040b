"""Reads outlines of what was first seen within some days, to order a list by, and the days beside them.

Reads sets of rows by the time of first sight, never the whole table; texts are read by `by_pks` for the one
page that is shown.
"""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Select, String, and_, func, or_, select
from sqlalchemy.orm import Session, aliased

from digest.domain import Paper, Signal, SignalKind
from digest.store.papers.reading import MAY_BE_SHOWN, listed_again
from digest.store.papers.tables import EntryRow, PaperRow, SignalRow
from digest.store.session import chunks

_INSTANT = timedelta(microseconds=1)  # the least between two times that are kept


def within(session: Session, *, since: datetime, until: datetime) -> list[Paper]:
    """Return the papers first seen or listed again in [since, until) that may be shown: id, times, signals,
    no texts.
    """
    return _outlines(session, *_listed(session, since, until))


def noticed(session: Session, *, since: datetime, until: datetime) -> list[Paper]:
    """Return outlines of those of these papers that have any signal, in no order."""
    found = _signals(session, _listed(session, since, until))
    return [
        paper for chunk in chunks(found) for paper in _with_signals(session, (PaperRow.id.in_(chunk),), found)
    ]


def by_publication(session: Session, *, since: datetime, until: datetime) -> Sequence[int]:
    """Return the numbers (`Paper.pk`) of these papers, the last published first, then by id."""
    published = PaperRow.published_at.desc().nulls_last()
    return _numbers(session, since, until, published, _by_id(session).asc())


def by_first_sight(session: Session, *, since: datetime, until: datetime) -> Sequence[int]:
    """Return the numbers (`Paper.pk`) of these papers, the last seen first, then the last published."""
    published = PaperRow.published_at.desc().nulls_last()
    return _numbers(session, since, until, PaperRow.first_seen_at.desc(), published, _by_id(session).desc())


def outlines_of(session: Session, numbers: Select[int], limit: int) -> list[Paper]:
    """Return outlines of the papers that a query of numbers selects and that may be shown, the newest."""
    found = (
        select(PaperRow.id)
        .where(PaperRow.id.in_(numbers), *_may_be_shown())
        .order_by(PaperRow.first_seen_at.desc(), PaperRow.id)
        .limit(limit)
    )
    pks = session.scalars(found).all()
    return [paper for chunk in chunks(pks) for paper in _outlines(session, PaperRow.id.in_(chunk))]


def source_counts(session: Session, *, since: datetime, until: datetime) -> dict[str, int]:
    """Count, for each source, the papers of [since, until) that it carried itself; by name of the source."""
    counted = (
        select(EntryRow.source, func.count(EntryRow.paper_id.distinct()))
        .join(PaperRow, PaperRow.id == EntryRow.paper_id)
        .where(*_listed(session, since, until))
        .group_by(EntryRow.source)
    )
    return Counter(dict(session.execute(counted).all()))


def last_before(session: Session, moment: datetime) -> datetime | None:
    """Return when the newest paper before a moment was first seen; None where there is none."""
    seen = PaperRow.first_seen_at
    newest = select(seen).where(seen < moment, *_may_be_shown()).order_by(seen.desc()).limit(1)
    return session.scalar(newest)


def first_from(session: Session, moment: datetime, until: datetime) -> datetime | None:
    """Return when the first paper from a moment on, and before `until`, was first seen; else None."""
    seen = PaperRow.first_seen_at
    oldest = select(seen).where(seen >= moment, seen < until, *_may_be_shown()).order_by(seen).limit(1)
    return session.scalar(oldest)


def days(session: Session, *, since: datetime, until: datetime) -> list[date]:
    """Return the days (UTC) of [since, until) on which papers were first seen, the newest first."""
    moment = func.timezone("UTC", PaperRow.first_seen_at) if _is_postgres(session) else PaperRow.first_seen_at
    day = func.date(moment, type_=String)
    found = session.scalars(select(day).where(*_listed(session, since, until)).distinct())
    return sorted((date.fromisoformat(str(each)) for each in found), reverse=True)


def _numbers(session: Session, since: datetime, until: datetime, *order: ColumnElement[Any]) -> Sequence[int]:
    return session.scalars(select(PaperRow.id).where(*_listed(session, since, until)).order_by(*order)).all()


def _by_id(session: Session) -> ColumnElement[str]:
    """The id of a paper in the order of its characters, which is Python's and SQLite's."""
    return PaperRow.canonical_id.collate("C") if _is_postgres(session) else PaperRow.canonical_id.expression


def _is_postgres(session: Session) -> bool:
    return session.get_bind().dialect.name == "postgresql"


def not_shown(session: Session, numbers: Sequence[int]) -> set[int]:
    """Return those of these papers (`Paper.pk`) that may not be shown any more: hidden or merged since."""
    gone = select(PaperRow.id).where(~and_(*_may_be_shown()))
    return {n for chunk in chunks(numbers) for n in session.scalars(gone.where(PaperRow.id.in_(chunk)))}


def _may_be_shown() -> tuple[ColumnElement[bool], ...]:
    return PaperRow.announced.is_(True), *MAY_BE_SHOWN


def _listed(session: Session, since: datetime, until: datetime) -> tuple[ColumnElement[bool], ...]:
    again = listed_again(session, since=since - _INSTANT, until=until - _INSTANT)
    first_seen = and_(PaperRow.first_seen_at >= since, PaperRow.first_seen_at < until)
    return or_(first_seen, PaperRow.id.in_(again)) if again else first_seen, *_may_be_shown()


def _outlines(session: Session, *conditions: ColumnElement[bool]) -> list[Paper]:
    return _with_signals(session, conditions, _signals(session, conditions))


def _with_signals(
    session: Session, conditions: Sequence[ColumnElement[bool]], signals: Mapping[int, Sequence[Signal]]
) -> list[Paper]:
    columns = (PaperRow.id, PaperRow.canonical_id, PaperRow.first_seen_at, PaperRow.published_at)
    rows = session.execute(select(*columns).where(*conditions)).all()
    return [
        Paper(named, "", seen, published_at=published, signals=tuple(signals.get(number, ())), pk=number)
        for number, named, seen, published in rows
    ]


def _signals(session: Session, conditions: Sequence[ColumnElement[bool]]) -> dict[int, list[Signal]]:
    """By number of the paper: its own signals, and those of rows that were merged into it."""
    part = aliased(PaperRow)
    columns = (SignalRow.kind, SignalRow.source, SignalRow.value, SignalRow.observed_at)
    own = select(PaperRow.id, *columns).join(SignalRow, SignalRow.paper_id == PaperRow.id)
    merged = (
        select(PaperRow.id, *columns)
        .join(part, part.merged_into == PaperRow.id)
        .join(SignalRow, SignalRow.paper_id == part.id)
    )
    found: dict[int, list[Signal]] = defaultdict(list)
    for statement in (own, merged):
        for number, kind, source, value, at in session.execute(statement.where(*conditions)).all():
            found[number].append(Signal(SignalKind(kind), source, value, at))
    for observed in found.values():
        observed.sort(key=lambda signal: signal.observed_at)
    return found

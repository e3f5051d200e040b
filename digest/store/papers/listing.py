"""Reads outlines of what was first seen within some days, to order a list by, and the days beside them.

Reads sets of rows by the time of first sight, never the whole table; texts are read by `by_pks` for the one
page that is shown.
"""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Select, String, and_, bindparam, func, or_, select
from sqlalchemy.orm import Session, aliased

from digest.domain import Paper, Signal
from digest.store.columns import Unreadable
from digest.store.papers.reading import MAY_BE_SHOWN, listed_again
from digest.store.papers.signals import KINDS
from digest.store.papers.tables.entries import EntryRow
from digest.store.papers.tables.papers import PaperRow
from digest.store.papers.tables.signals import SignalRow
from digest.store.session import chunks

_INSTANT = timedelta(microseconds=1)  # the least between two times that are kept
_TABLE = PaperRow.__table__
_PAPER, _SIGNAL, _ENTRY = _TABLE.c, SignalRow.__table__.c, EntryRow.__table__.c
_MAY_BE_SHOWN = (_PAPER.announced.is_(True), _PAPER.hidden.is_(False), _PAPER.merged_into.is_(None))
_SEEN = _PAPER.first_seen_at
_SINCE, _UNTIL = (bindparam(name, type_=_SEEN.type) for name in ("since", "until"))


@dataclass(frozen=True, slots=True)
class Listed:
    """The papers that were first seen in [since, until), or listed again in it (`again`: `Paper.pk`)."""

    since: datetime
    until: datetime
    again: frozenset[int]


def listed(session: Session, *, since: datetime, until: datetime) -> Listed:
    """Return what was listed in [since, until), for the questions below."""
    again = listed_again(session, since=since - _INSTANT, until=until - _INSTANT)
    return Listed(since, until, frozenset(again))


class _Question:
    """A statement about the papers of a `Listed`, built once: building takes longer than SQLite runs it."""

    def __init__(self, statement: Select[Any]) -> None:
        seen = and_(_SEEN >= _SINCE, _SEEN < _UNTIL)
        again = _PAPER.id.in_(bindparam("again", expanding=True))
        self._few = statement.where(seen, *_MAY_BE_SHOWN)
        self._with_again = statement.where(or_(seen, again), *_MAY_BE_SHOWN)

    def rows(self, session: Session, papers: Listed) -> Sequence[Any]:
        """Return the answer."""
        values: dict[str, Any] = {"since": papers.since, "until": papers.until}
        if not papers.again:
            return session.execute(self._few, values).all()
        return session.execute(self._with_again, values | {"again": list(papers.again)}).all()


def _ordered(collation: str) -> dict[str, _Question]:
    """The numbers of papers in each order. By id means: by its characters, as Python and SQLite do."""
    named = _PAPER.canonical_id.collate(collation)
    published = _PAPER.published_at.desc().nulls_last()
    return {
        "publication": _Question(select(_PAPER.id).order_by(published, named.asc())),
        "first sight": _Question(select(_PAPER.id).order_by(_SEEN.desc(), published, named.desc())),
    }


_ORDERED = {"sqlite": _ordered("BINARY"), "postgresql": _ordered("C")}
_PART = _TABLE.alias("part")
_OBSERVED = (_PAPER.id, _SIGNAL.kind, _SIGNAL.source, _SIGNAL.value, _SIGNAL.observed_at)
_SIGNALS = tuple(  # a paper's own, and those of rows that were merged into it
    _Question(select(*_OBSERVED, _PAPER.canonical_id, _SEEN, _PAPER.published_at).select_from(tables))
    for tables in (
        _TABLE.join(SignalRow.__table__, _SIGNAL.paper_id == _PAPER.id),
        _TABLE.join(_PART, _PART.c.merged_into == _PAPER.id).join(
            SignalRow.__table__, _SIGNAL.paper_id == _PART.c.id
        ),
    )
)
_SOURCES = _Question(
    select(_ENTRY.source, func.count(_ENTRY.paper_id.distinct()))
    .select_from(_TABLE.join(EntryRow.__table__, _ENTRY.paper_id == _PAPER.id))
    .group_by(_ENTRY.source)
)
_LAST_BEFORE = select(_SEEN).where(_SEEN < _UNTIL, *_MAY_BE_SHOWN).order_by(_SEEN.desc()).limit(1)
_FIRST_FROM = select(_SEEN).where(_SEEN >= _SINCE, _SEEN < _UNTIL, *_MAY_BE_SHOWN).order_by(_SEEN).limit(1)


def within(session: Session, *, since: datetime, until: datetime) -> list[Paper]:
    """Return the papers first seen or listed again in [since, until) that may be shown: id, times, signals,
    no texts.
    """
    return _outlines(session, *_listed(session, since, until))


def noticed(session: Session, papers: Listed) -> list[Paper]:
    """Return outlines of those of these papers that have any signal, in no order."""
    found: dict[int, list[Signal]] = defaultdict(list)
    outlines: dict[int, Paper] = {}
    for question in _SIGNALS:
        for number, kind, source, value, at, named, seen, published in question.rows(session, papers):
            if kind not in KINDS or isinstance(at, Unreadable):
                continue
            found[number].append(Signal(KINDS[kind], source, value, at))
            if number not in outlines:
                outlines[number] = Paper(named, "", seen, published_at=published, pk=number)
    return [
        replace(paper, signals=tuple(sorted(found[number], key=lambda signal: signal.observed_at)))
        for number, paper in outlines.items()
    ]


def by_publication(session: Session, papers: Listed) -> Sequence[int]:
    """Return the numbers (`Paper.pk`) of these papers, the last published first, then by id."""
    return _numbers(session, papers, "publication")


def by_first_sight(session: Session, papers: Listed) -> Sequence[int]:
    """Return the numbers (`Paper.pk`) of these papers, the last seen first, then the last published."""
    return _numbers(session, papers, "first sight")


def _numbers(session: Session, papers: Listed, order: str) -> Sequence[int]:
    dialect = session.get_bind().dialect.name
    return [number for (number,) in _ORDERED[dialect][order].rows(session, papers)]


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


def source_counts(session: Session, papers: Listed) -> dict[str, int]:
    """Count, for each source, those of these papers that it carried itself; by name of the source."""
    return Counter(dict(_SOURCES.rows(session, papers)))


def last_before(session: Session, moment: datetime) -> datetime | None:
    """Return when the newest paper before a moment was first seen; None where there is none."""
    found: datetime | None = session.scalar(_LAST_BEFORE, {"until": moment})
    return found


def first_from(session: Session, moment: datetime, until: datetime) -> datetime | None:
    """Return when the first paper from a moment on, and before `until`, was first seen; else None."""
    found: datetime | None = session.scalar(_FIRST_FROM, {"since": moment, "until": until})
    return found


def days(session: Session, *, since: datetime, until: datetime) -> list[date]:
    """Return the days (UTC) of [since, until) on which papers were first seen, the newest first."""
    moment = func.timezone("UTC", PaperRow.first_seen_at) if _is_postgres(session) else PaperRow.first_seen_at
    day = func.date(moment, type_=String)
    found = session.scalars(select(day).where(*_listed(session, since, until)).distinct())
    return sorted((date.fromisoformat(str(each)) for each in found), reverse=True)


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
            if kind in KINDS and not isinstance(at, Unreadable):
                found[number].append(Signal(KINDS[kind], source, value, at))
    for observed in found.values():
        observed.sort(key=lambda signal: signal.observed_at)
    return found

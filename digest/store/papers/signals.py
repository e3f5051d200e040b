"""Measures of attention over time: what is kept, what is read back, and what is usual for a source.

A row says from when on a source showed a value; a value that didn't change adds no row, so the value at any
time is that of the last row before it, and landing the same input again adds nothing.
"""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from statistics import median_low
from typing import Any, NamedTuple

from sqlalchemy import BindParameter, bindparam, func, select
from sqlalchemy.orm import Session

from digest.domain import Signal, SignalKind
from digest.store.columns import Unreadable
from digest.store.papers.tables.papers import PaperRow
from digest.store.papers.tables.signals import SignalRow
from digest.store.session import chunks, insert, write

# Kinds by their names in rows. One of a newer version says nothing to this one, and is passed over.
KINDS = {kind.value: kind for kind in SignalKind}
LEAST_USUAL = 20  # papers below which a median says nothing about a source


# Statements of every page are built once: building one takes longer than SQLite takes to run it.
_NUMBERS: BindParameter[Any] = bindparam("numbers", expanding=True)
_PAPER, _SIGNAL = PaperRow.__table__, SignalRow.__table__.c
_MERGED = select(_PAPER.c.id, _PAPER.c.merged_into).where(_PAPER.c.merged_into.in_(_NUMBERS))
_OBSERVED = select(_SIGNAL.paper_id, _SIGNAL.kind, _SIGNAL.source, _SIGNAL.value, _SIGNAL.observed_at).where(
    _SIGNAL.paper_id.in_(_NUMBERS), _SIGNAL.observed_at <= bindparam("until", type_=_SIGNAL.observed_at.type)
)


class Observation(NamedTuple):
    """What a source showed for a paper (`PaperRow.id`) at a time."""

    paper_id: int
    kind: SignalKind
    value: int
    at: datetime


def observe(session: Session, source: str, observations: Sequence[Observation]) -> set[int]:
    """Keep what is new in these observations of one source; returns the indices of those that were.

    Where one time has two values (a day's list that was read twice) the larger is kept, in any order.
    """
    known = _known(session, source, {o.paper_id for o in observations})
    kept: dict[tuple[int, SignalKind, datetime], int] = {}
    changed: set[int] = set()
    for index, seen in enumerate(observations):
        values = known[seen.paper_id, seen.kind]
        if _add(values, seen.at, seen.value):
            changed.add(index)
            kept[seen.paper_id, seen.kind, seen.at] = seen.value
    _write(session, source, kept)
    return changed


def owners(session: Session, ids: Iterable[int]) -> dict[int, int]:
    """Return, by row id, the paper it belongs to: these rows themselves, and those that were merged into
    them.
    """
    found = {number: number for number in ids}
    for chunk in chunks(list(found)):
        found.update(session.execute(_MERGED, {"numbers": chunk}).all())
    return found


def by_paper(
    session: Session, owners: Mapping[int, int], *, until: datetime | None
) -> dict[int, tuple[Signal, ...]]:
    """Return the observations up to `until`, oldest first.

    `owners`: row id → the paper that it is part of.
    """
    found: dict[int, list[Signal]] = defaultdict(list)
    for chunk in chunks(owners):
        wanted = {"numbers": chunk, "until": until or datetime.max.replace(tzinfo=UTC)}
        for paper_id, kind, source, value, at in session.execute(_OBSERVED, wanted):
            if kind in KINDS and not isinstance(at, Unreadable):
                found[owners[paper_id]].append(Signal(KINDS[kind], source, value, at))
    return {
        owner: tuple(sorted(signals, key=lambda s: (s.observed_at, s.source, s.kind, s.value)))
        for owner, signals in found.items()
    }


def latest_values(
    session: Session, kinds: Iterable[SignalKind], *, until: datetime
) -> dict[SignalKind, dict[int, int]]:
    """Return, by kind and paper number, the newest value: the largest over its sources."""
    newest = func.row_number().over(
        partition_by=(SignalRow.paper_id, SignalRow.source, SignalRow.kind),
        order_by=SignalRow.observed_at.desc(),
    )
    rows = (
        select(
            func.coalesce(PaperRow.merged_into, PaperRow.id).label("paper"),
            SignalRow.kind,
            SignalRow.value,
            newest.label("newest"),
        )
        .join(PaperRow, PaperRow.id == SignalRow.paper_id)
        .where(SignalRow.kind.in_(list(kinds)), SignalRow.observed_at <= until)
        .subquery()
    )
    last = select(rows.c.paper, rows.c.kind, func.max(rows.c.value)).where(rows.c.newest == 1)
    found: dict[SignalKind, dict[int, int]] = defaultdict(dict)
    for paper, kind, value in session.execute(last.group_by(rows.c.paper, rows.c.kind)):
        found[SignalKind(kind)][paper] = value
    return dict(found)


def usual(session: Session, *, since: datetime, until: datetime) -> dict[tuple[str, SignalKind], float]:
    """Return what is usual for a source: the lower median of each of its papers' last value in (since,
    until].

    Only sources and kinds with at least 20 such papers are there.
    """
    newest = func.row_number().over(
        partition_by=(SignalRow.paper_id, SignalRow.source, SignalRow.kind),
        order_by=SignalRow.observed_at.desc(),
    )
    rows = (
        select(SignalRow.source, SignalRow.kind, SignalRow.value, newest.label("newest"))
        .where(SignalRow.observed_at > since, SignalRow.observed_at <= until)
        .subquery()
    )
    values: dict[tuple[str, SignalKind], list[int]] = defaultdict(list)
    last = select(rows.c.source, rows.c.kind, rows.c.value).where(rows.c.newest == 1)
    for source, kind, value in session.execute(last):
        if kind in KINDS:
            values[source, KINDS[kind]].append(value)
    return {which: float(median_low(v)) for which, v in values.items() if len(v) >= LEAST_USUAL}


_Values = list[tuple[datetime, int]]  # of one paper, source and kind; by time


def _known(session: Session, source: str, paper_ids: Iterable[int]) -> dict[tuple[int, SignalKind], _Values]:
    known: dict[tuple[int, SignalKind], _Values] = defaultdict(list)
    for chunk in chunks(paper_ids):
        rows = session.execute(
            select(SignalRow.paper_id, SignalRow.kind, SignalRow.observed_at, SignalRow.value).where(
                SignalRow.source == source, SignalRow.paper_id.in_(chunk)
            )
        )
        for paper_id, kind, at, value in rows:
            if kind in KINDS and not isinstance(at, Unreadable):
                known[paper_id, KINDS[kind]].append((at, value))
    for values in known.values():
        values.sort()
    return known


def _add(values: _Values, at: datetime, value: int) -> bool:
    """Put one observation into its place; False when it tells nothing that isn't known."""
    place = bisect_right(values, at, key=lambda v: v[0])
    before = values[place - 1] if place else None
    if before and before[1] == value:
        return False
    if before and before[0] == at:
        if value < before[1]:
            return False
        values[place - 1] = (at, value)
        return True
    values.insert(place, (at, value))
    return True


def _write(session: Session, source: str, kept: Mapping[tuple[int, SignalKind, datetime], int]) -> None:
    rows = [
        {"paper_id": paper_id, "source": source, "kind": kind, "observed_at": at, "value": value}
        for (paper_id, kind, at), value in kept.items()
    ]
    statement = insert(session, SignalRow)
    larger = statement.on_conflict_do_update(
        index_elements=["paper_id", "source", "kind", "observed_at"],
        set_={"value": statement.excluded.value},
    )
    write(session, larger, rows)

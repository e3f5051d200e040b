"""Keeps who did what: every writing act of web, API and command line is one row, in the act's transaction.

Append-only. Kept for a year; a person who is erased leaves rows that don't name them and hold none of their
words. Never: an email address in `object`, or a decision what may be undone (`pipeline.community.undo`).
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any

from sqlalchemy import delete, insert, select, update
from sqlalchemy.orm import Session

from digest.domain import Actor
from digest.store.community.tables.audit import AuditRow
from digest.store.readable import readable
from digest.store.session import is_among, write

NOBODY = "subscriber:erased"  # stands for a person who was erased
# The fields of before and after that hold words of a person, or name one: they go when the person is erased.
FREE_TEXT = frozenset({"note", "words", "display_name", "email", "title", "text", "name", "subscriber"})


@dataclass(frozen=True, slots=True)
class Entry:
    """One act. `undone_by`: the number of the act that took it back, None where it stands."""

    id: int
    at: datetime
    actor: str
    via: str
    network: str
    act: str
    object: str
    before: Mapping[str, Any] | None
    after: Mapping[str, Any] | None
    undo_of: int | None
    undone_by: int | None = None


@dataclass(frozen=True, slots=True)
class Act:
    """An act to be written down: who did what to which object, its state before and after."""

    actor: Actor
    act: str
    object: str
    before: Mapping[str, Any] | None
    after: Mapping[str, Any] | None
    at: datetime
    undo_of: int | None = None

    @property
    def changed(self) -> bool:
        """Whether anything was done."""
        return self.before != self.after

    def values(self) -> dict[str, Any]:
        """Return the row; of two states only the fields that differ are kept."""
        before, after = self.before, self.after
        if before is not None and after is not None:
            changed = {name for name in {*before, *after} if before.get(name) != after.get(name)}
            before = {name: value for name, value in before.items() if name in changed}
            after = {name: value for name, value in after.items() if name in changed}
        return {
            "at": self.at,
            "actor": self.actor.name,
            "via": self.actor.via,
            "network": self.actor.network,
            "act": self.act,
            "object": self.object,
            "before": _plain(before),
            "after": _plain(after),
            "undo_of": self.undo_of,
        }


def record(  # noqa: PLR0917 - who does what to which: before, after
    session: Session,
    actor: Actor,
    act: str,
    object_: str,
    before: Mapping[str, Any] | None,
    after: Mapping[str, Any] | None,
    *,
    now: datetime,
    undo_of: int | None = None,
) -> int | None:
    """Write one act down, in the transaction that does it; return its number.

    `act`: noun and verb (`topic.edit`); `object_`: `<noun>:<id>` (`topic:llm`). `before` and `after`: the
    state of the object, None where it isn't there; of two states only the fields that differ are kept. Where
    nothing differs nothing was done: no row is written, and None returned.
    """
    act_ = Act(actor, act, object_, before, after, now, undo_of)
    if not act_.changed:
        return None
    row = AuditRow(**act_.values())
    session.add(row)
    session.flush()
    return row.id


def record_all(session: Session, acts: Iterable[Act]) -> None:
    """Write several acts down as `record` does, in their order."""
    write(session, insert(AuditRow), [act.values() for act in acts if act.changed])


def find(session: Session, number: int) -> Entry | None:
    """Return the act of this number, or None."""
    return next(iter(_entries(session, [AuditRow.id == number], 1)), None)


def listing(
    session: Session,
    *,
    actor: str = "",
    object_: str = "",
    since: datetime | None = None,
    before_id: int | None = None,
    limit: int = 100,
    without: Iterable[str] = (),
) -> list[Entry]:
    """Return the last acts, newest first: those of an actor, on an object, since a time, before a number.

    `without`: acts that are left out.
    """
    conditions = [
        *([AuditRow.actor == actor] if actor else []),
        *([AuditRow.object == object_] if object_ else []),
        *([AuditRow.at >= since] if since else []),
        *([AuditRow.id < before_id] if before_id else []),
        *([AuditRow.act.not_in(list(without))] if without else []),
    ]
    return _entries(session, conditions, limit)


def erase(
    session: Session, ids: Iterable[int], objects: Sequence[str] = (), actors: Sequence[str] = ()
) -> None:
    """Let the acts of people, and the acts on them (and on `objects`), stand without their names and words.

    `actors`: what else stands for them, such as their tokens. Their own acts on other things lose the fields
    of `FREE_TEXT`; acts on them lose all that they held.
    """
    named = [f"subscriber:{number}" for number in ids]
    theirs = is_among(session, AuditRow.object, [*named, *objects])
    for row in session.scalars(select(AuditRow).where(is_among(session, AuditRow.actor, [*named, *actors]))):
        row.before, row.after = (_without_words(each) for each in (row.before, row.after))
        row.actor, row.network = NOBODY, ""
    session.flush()
    emptied = update(AuditRow).where(theirs).values(object=NOBODY, before=None, after=None)
    session.execute(emptied.execution_options(synchronize_session=False))
    session.expire_all()


def purge(session: Session, *, before: datetime) -> None:
    """Drop the acts of before a time."""
    session.execute(delete(AuditRow).where(AuditRow.at < before))


def _entries(session: Session, conditions: Sequence[Any], limit: int) -> list[Entry]:
    wanted = select(AuditRow).where(*conditions).order_by(AuditRow.id.desc()).limit(limit)
    rows = session.scalars(wanted).all()
    undone = select(AuditRow.undo_of, AuditRow.id).where(AuditRow.undo_of.in_([row.id for row in rows]))
    by: dict[int | None, int] = dict(session.execute(undone).all())

    def read(row: AuditRow) -> Entry:
        before, after = _fields(row.before), _fields(row.after)
        act = row.via, row.network, row.act, row.object
        return Entry(row.id, row.at, row.actor, *act, before, after, row.undo_of, by.get(row.id))

    return readable(rows, read, lambda row: f"act {row.id}")


def _fields(value: Any) -> dict[str, Any] | None:
    if not isinstance(value, dict | None):
        raise TypeError("fields by name are needed")
    return value


def _without_words(fields: Mapping[str, Any] | None) -> dict[str, Any] | None:
    return (
        None if fields is None else {name: value for name, value in fields.items() if name not in FREE_TEXT}
    )


def _plain(value: Any) -> Any:
    """The same value as JSON holds it: times and dates as ISO 8601."""
    match value:
        case Mapping():
            return {str(name): _plain(each) for name, each in value.items()}
        case list() | tuple():
            return [_plain(each) for each in value]
        case datetime() | date() | time():
            return value.isoformat()
    return value

"""Reads rows one by one: a row that can't be read is left out, said in the log, and stops no other.

Such a row was written by a newer version of Digest (a kind of source that this one doesn't know), or by hand.
"""

import contextlib
import logging
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import Any, TypeVar

from sqlalchemy import Row

from digest.errors import UnreadableError
from digest.store.base import Base
from digest.store.columns import Unreadable
from digest.store.session import is_outage

R = TypeVar("R")
T = TypeVar("T")

_MOST = 1000  # rows that are remembered
_logged: dict[str, str] = {}  # what was left out, and why: the log has it once
_new: dict[str, str] = {}  # the same since `take_left_out` was called
_repaired: set[str] = set()  # of `_logged`, what was read since
_log = logging.getLogger(__name__)


def readable(rows: Iterable[R], read: Callable[[R], T], name: Callable[[R], object]) -> list[T]:
    """Return what `read` makes of each row, without those for which it raises.

    `name`: what operators know the row by, such as "source arxiv".
    """
    found: list[T] = []
    for row in rows:
        with contextlib.suppress(UnreadableError):
            found.append(read_one(partial(_read_whole, read, row), partial(name, row)))
    return found


def whole(row: R) -> R:
    """Return a row as it is. Raises ValueError where a cell of it is none that its column's type can read."""
    cells = row if isinstance(row, Row) else vars(row).values() if isinstance(row, Base) else ()
    for cell in cells:
        if isinstance(cell, Unreadable):
            raise ValueError(cell.reason)
        if isinstance(cell, Base) and cell is not row:
            whole(cell)
    return row


def _read_whole(read: Callable[[R], T], row: R) -> T:
    return read(whole(row))


def read_one(read: Callable[[], T], name: Callable[[], object]) -> T:
    """Return what `read` makes of one row. Raises UnreadableError where it raises, which is told as above."""
    try:
        value = read()
    except Exception as error:
        if isinstance(error, MemoryError) or is_outage(error):
            raise
        row, reason = f"{name()}"[:200], f"{type(error).__name__}: {error}"[:300]
        _leave_out(row, reason)
        fix = "mend its row in the database, or restore it from a backup"
        raise UnreadableError(f"{row} can't be read: {reason}", fix=fix) from error
    if _logged:
        _note_repaired(f"{name()}"[:200])
    return value


def texts(value: Any) -> tuple[str, ...]:
    """Return a list of texts as a column of JSON holds it. Raises TypeError for anything else."""
    if not isinstance(value, list) or not all(isinstance(each, str) for each in value):
        raise TypeError("a list of texts is needed")
    return tuple(value)


def take_left_out() -> dict[str, str]:
    """Return the rows that were left out since the last call, and why."""
    rows = dict(_new)
    for row in rows:
        _new.pop(row, None)
    return rows


def take_repaired() -> set[str]:
    """Return the rows that were read since the last call, of those that were left out before, or of which
    `expect` was told."""
    rows = _repaired - _new.keys()
    _repaired.clear()
    return rows


def expect(rows: Mapping[str, str]) -> None:
    """Take note of rows that were left out, by whichever process, and why: one that is read is repaired."""
    for row, error in rows.items():
        _logged.setdefault(row, error)


def forget(rows: Iterable[str]) -> None:
    """Forget rows whose notes are gone: the log has them again when they are left out again."""
    for row in rows:
        _logged.pop(row, None)


def _note_repaired(row: str) -> None:
    if row in _logged:
        _repaired.add(row)


def _leave_out(row: str, error: str) -> None:
    for rows in (_logged, _new):
        if len(rows) >= _MOST:
            rows.clear()
    _new[row] = error
    if _logged.get(row) != error:
        _logged[row] = error
        _log.warning("%s can't be read and is left out: %s", row, error)

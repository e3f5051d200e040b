"""Column types that are the same on SQLite and Postgres: aware times, JSON, long and packed integers.

Postgres lets no text into a column of times; SQLite lets anything in. A cell that its type can't read comes
back as `Unreadable` instead of ending the reading of all rows: `store/readable.py` leaves out its row,
and whoever reads it in another way fails for that row alone.
"""

import struct
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    Date,
    DateTime,
    Dialect,
    Integer,
    LargeBinary,
    Text,
    Time,
    TypeDecorator,
)
from sqlalchemy.types import TypeEngine

from digest.words.characters import cleaned


@dataclass(frozen=True, slots=True)
class Unreadable:
    """What stands for a cell that its column's type can't read. `reason`: why, without what it holds."""

    reason: str


def _one_by_one(dialect: Dialect, read: Callable[[Any], Any] | None) -> Callable[[Any], Any] | None:
    """Return `read`, the reader of a type's cells, returning Unreadable on SQLite where it would raise."""
    if read is None or dialect.name != "sqlite":
        return read

    def read_or_say(value: Any) -> Any:
        try:
            return read(value)
        except (ValueError, TypeError, AttributeError, RecursionError) as error:
            return Unreadable(f"{type(error).__name__} in a cell of type {type(value).__name__}")

    return read_or_say


class AnyJson(TypeDecorator[Any]):
    """JSON whose texts somebody else wrote. What no database keeps becomes U+FFFD, as in `AnyText`."""

    impl = JSON
    cache_ok = True

    def __init__(self, *, none_as_null: bool = False) -> None:
        super().__init__(none_as_null=none_as_null)
        self.none_as_null = none_as_null

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        if dialect.name != "postgresql":
            return dialect.type_descriptor(JSON(none_as_null=self.none_as_null))
        from sqlalchemy.dialects.postgresql import JSONB  # noqa: PLC0415 - imports all drivers of Postgres

        return dialect.type_descriptor(JSONB(none_as_null=self.none_as_null))

    def process_bind_param(self, value: Any, _dialect: Dialect) -> Any:
        return _cleaned(value)

    def result_processor(self, dialect: Dialect, coltype: Any) -> Callable[[Any], Any] | None:
        return _one_by_one(dialect, super().result_processor(dialect, coltype))


def _cleaned(value: Any) -> Any:
    """The same value with every text cleaned."""
    match value:
        case str():
            return cleaned(value)
        case Mapping():
            return {cleaned(key): _cleaned(each) for key, each in value.items()}
        case list() | tuple():
            return [_cleaned(each) for each in value]
    return value


Json = AnyJson()
JsonOrNull = AnyJson(none_as_null=True)
# SQLite numbers rows by itself only in a column of type INTEGER, which holds 64 bits there anyway.
LongId = BigInteger().with_variant(Integer(), "sqlite")


class AnyText(TypeDecorator[str]):
    """Text that somebody else wrote: a server's reply, an id that was typed.

    What no database keeps (NUL, half a surrogate pair) becomes U+FFFD, in look-ups as in rows.
    """

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: str | None, _dialect: Dialect) -> str | None:
        return None if value is None else cleaned(value)


class UtcTime(TypeDecorator[datetime]):
    """A moment: aware on both sides, in UTC when it comes back. A naive time is refused."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, _dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            msg = f"a time without zone can't be stored: {value}"
            raise ValueError(msg)
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, _dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)

    def result_processor(self, dialect: Dialect, coltype: Any) -> Callable[[Any], Any] | None:
        return _one_by_one(dialect, super().result_processor(dialect, coltype))


class Day(TypeDecorator[date]):
    """A day of the calendar."""

    impl = Date
    cache_ok = True

    def result_processor(self, dialect: Dialect, coltype: Any) -> Callable[[Any], Any] | None:
        return _one_by_one(dialect, super().result_processor(dialect, coltype))


class TimeOfDay(TypeDecorator[time]):
    """A time of day, in a zone that another column names."""

    impl = Time
    cache_ok = True

    def result_processor(self, dialect: Dialect, coltype: Any) -> Callable[[Any], Any] | None:
        return _one_by_one(dialect, super().result_processor(dialect, coltype))


class Packed(TypeDecorator[tuple[int, ...]]):
    """Integers of 32 bits in their order, four little-endian bytes each."""

    impl = LargeBinary
    cache_ok = True

    def process_bind_param(self, value: Iterable[int] | None, _dialect: Dialect) -> bytes | None:
        return None if value is None else pack(value)

    def process_result_value(self, value: bytes | None, _dialect: Dialect) -> tuple[int, ...] | None:
        return None if value is None else unpack(value)

    def result_processor(self, dialect: Dialect, coltype: Any) -> Callable[[Any], Any] | None:
        return _one_by_one(dialect, super().result_processor(dialect, coltype))


def pack(numbers: Iterable[int]) -> bytes:
    """Pack integers into four little-endian bytes each. Raises struct.error beyond 32 bits."""
    numbers = tuple(numbers)
    return struct.pack(f"<{len(numbers)}i", *numbers)


def unpack(packed: bytes) -> tuple[int, ...]:
    """Return the integers that `pack` packed; of bytes that are cut short the whole ones before the cut."""
    return struct.unpack_from(f"<{len(packed) // 4}i", packed)

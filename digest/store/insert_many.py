"""Inserts rows as fast as each database takes them: COPY on Postgres, a prepared statement on SQLite."""

from collections.abc import Collection, Sequence
from functools import lru_cache
from typing import Any

from sqlalchemy import Table, func, select, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from digest.store.base import Base

_REMEMBERED = 4096  # values of a column: most of a status, a time zone or an hour come again


class Inserter:
    """Inserts rows of the same columns into one table. Values are as the types of columns take them.

    `ready`: columns whose values are as the driver takes them (JSON as its text, packed numbers as bytes).
    The database refuses what breaks a constraint; nothing is looked up and nothing returned.
    """

    def __init__(
        self, session: Session, table: type[Base], columns: Sequence[str], *, ready: Collection[str] = ()
    ) -> None:
        kept = table.__table__
        if not isinstance(kept, Table):
            raise TypeError("rows are inserted into a table")
        self._session, self._name = session, kept.name
        dialect = session.get_bind().dialect
        self._is_postgres = dialect.name == "postgresql"
        self._dialect = dialect
        types = {name: kept.c[name].type for name in columns if name not in ready}
        binds = {  # one for all columns of a type: a moment often stands in several
            kind: lru_cache(maxsize=_REMEMBERED)(bind)
            for kind in set(types.values())
            if (bind := kind.dialect_impl(dialect).bind_processor(dialect))
        }
        self._bind = [binds.get(types[name]) if name in types else None for name in columns]
        names = ", ".join(f'"{name}"' for name in columns)
        marks = ", ".join("?" * len(columns))
        self._insert = f'INSERT INTO "{kept.name}" ({names}) VALUES ({marks})'  # noqa: S608 - names of ours
        self._copy = f'COPY "{kept.name}" ({names}) FROM STDIN'

    def insert(self, rows: Sequence[Sequence[Any]]) -> None:
        """Insert rows, in their order, in the session's transaction."""
        if not rows:
            return
        columns = [
            values if bind is None else map(bind, values)
            for values, bind in zip(zip(*rows, strict=True), self._bind, strict=True)
        ]
        bound = list(zip(*columns, strict=True))
        if self._is_postgres:
            self._copy_in(bound)
        else:
            self._session.connection().exec_driver_sql(self._insert, bound)

    def numbers(self, count: int) -> Sequence[int]:
        """Return reserve numbers (`id`) for rows that are inserted in this transaction, ascending.

        On SQLite a transaction that writes is alone, and the table never uses a number again.
        """
        if self._is_postgres:
            sequence = func.nextval(func.pg_get_serial_sequence(self._name, "id"))
            many = select(sequence).select_from(func.generate_series(1, count))
            return sorted(self._session.scalars(many))
        last = text("SELECT seq FROM sqlite_sequence WHERE name = :name")
        first = (self._session.scalar(last, {"name": self._name}) or 0) + 1
        return range(first, first + count)

    def _copy_in(self, rows: Sequence[Sequence[Any]]) -> None:
        import psycopg  # noqa: PLC0415 - whoever is on SQLite never needs it

        connection = self._session.connection().connection.driver_connection
        try:
            with connection.cursor().copy(self._copy) as copy:  # type: ignore[union-attr] # psycopg's
                for row in rows:
                    copy.write_row(row)
        except psycopg.Error as error:
            raise DBAPIError.instance(
                self._copy, None, error, psycopg.Error, hide_parameters=True, dialect=self._dialect
            ) from error

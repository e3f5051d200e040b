"""Defines the base of all tables. Rows stay inside the store.

Enums are kept as their text, so that a database is readable without this code and a new member needs no
migration. Every foreign key leads an index.
"""

from collections.abc import Callable
from datetime import date, datetime, time
from typing import Any, ClassVar

from sqlalchemy import Index, MetaData, text
from sqlalchemy.orm import DeclarativeBase

from digest.store.columns import AnyText, Day, TimeOfDay, UtcTime

# SQLite hands out the number of a deleted last row again; links, Message-IDs and ledgers name these for good.
NEVER_REUSED = {"sqlite_autoincrement": True}


class Base(DeclarativeBase):
    """Types and names of constraints, the same for every table."""

    type_annotation_map: ClassVar[dict[Any, Any]] = {
        str: AnyText(),
        datetime: UtcTime(),
        date: Day(),
        time: TimeOfDay(),
    }
    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
            "pk": "pk_%(table_name)s",
        }
    )


_PARTIAL: list[Callable[[], Index]] = []


def partial_index(
    name: str, table: type[Base], *columns: str, where: str, on_postgres: str = "", unique: bool = False
) -> None:
    """Note an index of those rows of a table that meet a condition.

    `on_postgres`: the condition, where Postgres spells it otherwise.

    It is made by `metadata.whole`: an index that names a database makes SQLAlchemy import all drivers of
    that database, which takes a tenth of a second, and no query needs it.
    """

    def made() -> Index:
        return Index(
            name,
            *(table.__table__.c[column] for column in columns),
            unique=unique,
            sqlite_where=text(where),
            postgresql_where=text(on_postgres or where),
        )

    _PARTIAL.append(made)


def make_partial_indexes() -> None:
    """Add the noted indexes to their tables; each once."""
    while _PARTIAL:
        _PARTIAL.pop()()

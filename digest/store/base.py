"""Defines the base of all tables. Rows stay inside the store.

Enums are kept as their text, so that a database is readable without this code and a new member needs no
migration. Every foreign key leads an index.
"""

from datetime import datetime
from typing import Any, ClassVar

from sqlalchemy import MetaData
from sqlalchemy.orm import DeclarativeBase

from digest.store.columns import AnyText, UtcTime

# SQLite hands out the number of a deleted last row again; links, Message-IDs and ledgers name these for good.
NEVER_REUSED = {"sqlite_autoincrement": True}


class Base(DeclarativeBase):
    """Types and names of constraints, the same for every table."""

    type_annotation_map: ClassVar[dict[Any, Any]] = {str: AnyText(), datetime: UtcTime()}
    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
            "pk": "pk_%(table_name)s",
        }
    )

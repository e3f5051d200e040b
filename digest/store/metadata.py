"""Collects all tables of the store, with all their indexes: for migrations, for tests, and for what writes.

A command that reads imports the tables that it reads, and no others: each takes milliseconds. A foreign key
names its table as text, which is looked up when rows are written: by then all tables must be there.
"""

from importlib import import_module
from pathlib import Path

from sqlalchemy import MetaData

from digest.store.base import Base, make_partial_indexes

for _path in sorted(Path(__file__).parent.glob("*/tables/*.py")):
    import_module(f"digest.store.{_path.parts[-3]}.tables.{_path.stem}")


def whole() -> MetaData:
    """Return every table with every index."""
    make_partial_indexes()
    return Base.metadata

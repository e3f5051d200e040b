"""Collects all tables of the store, with all their indexes: for migrations, for tests, and for what writes.

A command that reads imports the tables that it reads, and no others. A foreign key names its table as text,
which is looked up when rows are written: by then all tables must be there.
"""

from sqlalchemy import MetaData

from digest.store.base import Base, make_partial_indexes
from digest.store.community import tables as _community  # noqa: F401 - adds its tables, as all below
from digest.store.deliveries import tables as _deliveries  # noqa: F401
from digest.store.monitoring import tables as _monitoring  # noqa: F401
from digest.store.papers import tables as _papers  # noqa: F401
from digest.store.search import tables as _search  # noqa: F401
from digest.store.sources import tables as _sources  # noqa: F401
from digest.store.subscriptions import tables as _subscriptions  # noqa: F401


def whole() -> MetaData:
    """Return every table with every index."""
    make_partial_indexes()
    return Base.metadata

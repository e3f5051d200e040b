"""The only place with SQL. Functions take an open Session first, give and take values of `digest.domain`.

No row object leaves this package, nothing here calls a clock or a stage. Reads and writes are set-wise: the
number of statements follows the number of chunks, not of rows.
"""

# Importing any part of the store adds the tables of all parts to its metadata.
from digest.store.community import tables as _community  # noqa: F401
from digest.store.deliveries import tables as _deliveries  # noqa: F401
from digest.store.monitoring import tables as _monitoring  # noqa: F401
from digest.store.papers import tables as _papers  # noqa: F401
from digest.store.search import tables as _search  # noqa: F401
from digest.store.sources import tables as _sources  # noqa: F401
from digest.store.subscriptions import tables as _subscriptions  # noqa: F401

"""Tells what time it is: one clock for all processes of an installation, and an even one for each command.

Leases, due times and paces run on both. A machine whose own clock is wrong takes nobody's rows for lost.
"""

import time
from datetime import datetime, timedelta

from digest.pipeline.installation import Installation
from digest.store import clock, session


def shared_now(installation: Installation) -> datetime:
    """Return the time by the database's clock, in UTC (on SQLite: by the machine's).

    For who wasn't told a time.

    Raises DBAPIError when the database is away.
    """
    with session.reading(installation.engine) as db:
        return clock.shared_now(db)


class Clock:
    """A command's clock: set to `now`, it runs evenly from then on, whatever is done to the machine's."""

    def __init__(self, now: datetime) -> None:
        self._set_to = now
        self._started = time.monotonic()

    def now(self) -> datetime:
        """Return the time by this clock, in UTC."""
        return self._set_to + timedelta(seconds=time.monotonic() - self._started)

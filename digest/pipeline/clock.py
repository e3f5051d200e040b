"""A clock that begins at the time of a command and goes on as real time does: leases and paces run on it."""

import time
from datetime import datetime, timedelta


class Clock:
    """Set to `now`; runs evenly from then on, whatever is done to the machine's clock."""

    def __init__(self, now: datetime) -> None:
        self._set_to = now
        self._started = time.monotonic()

    def now(self) -> datetime:
        """The time by this clock, in UTC."""
        return self._set_to + timedelta(seconds=time.monotonic() - self._started)

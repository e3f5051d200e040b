"""Work of the pipeline in threads of this process: every so often, and at once when it is notified.

What goes wrong is logged and tried again at the next tick. Stopping waits until the work at hand is done,
which may look at `stopping` to be done sooner.
"""

import logging
import threading
from collections.abc import Callable
from datetime import datetime, timedelta

from digest.errors import DigestError

_log = logging.getLogger(__name__)


class Ticker:
    """One thread that calls `work(now)` every `seconds`, and whenever it is notified."""

    def __init__(
        self,
        name: str,
        work: Callable[[datetime], object],
        *,
        seconds: float,
        clock: Callable[[], datetime],
        patience: float | None = None,
    ) -> None:
        """`patience`: seconds that stopping waits for the work at hand (None: until it is done), for work
        that may be left behind: it ends with the process."""
        self.name = name
        self.done_at: datetime | None = None  # when the work last came to its end
        self._work = work
        self._seconds = seconds
        self._clock = clock
        self._notified = threading.Event()
        self.stopping = False  # whether it was told to end
        self._patience = patience
        self._thread = threading.Thread(target=self._go_on, name=name, daemon=patience is not None)

    def start(self) -> None:
        """Begin; the first tick is now."""
        self._thread.start()

    def notify(self) -> None:
        """End the wait for the next tick: there is something to do."""
        self._notified.set()

    def stop(self) -> None:
        """Finish what is at hand, and end."""
        self.tell_to_stop()
        if self._thread.ident:
            self._thread.join(self._patience)
        if self._thread.is_alive():
            _log.warning("%s didn't end in time and is left behind", self.name)

    def tell_to_stop(self) -> None:
        """Begin nothing more; what is at hand may look at `stopping`."""
        self.stopping = True
        self._notified.set()

    def is_late(self, now: datetime) -> bool:
        """Return whether it hasn't come to an end of its work for ten ticks, and for five minutes
        at least.
        """
        patience = timedelta(seconds=max(300.0, self._seconds * 10))
        return self.done_at is None or now - self.done_at > patience

    def _go_on(self) -> None:
        while not self.stopping:
            self._notified.clear()
            try:
                self._work(self._clock())
                self.done_at = self._clock()
            except DigestError as error:
                _log.warning("%s: %s", self.name, error.message)
            except Exception:
                _log.exception("%s failed and will be tried again", self.name)
            if not self.stopping:
                self._notified.wait(self._seconds)

"""Makes costly values once for all visitors, and renews them in the background.

Nobody waits for a value but the first visitor after a start or a quiet hour. Safe to use from many threads.
"""

import logging
import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from datetime import datetime, timedelta
from typing import Generic, TypeVar

TOO_OLD = timedelta(hours=1)  # to be shown at all
MOMENT = 0.2  # seconds that `peek` waits
K = TypeVar("K", bound=Hashable)
T = TypeVar("T")
_log = logging.getLogger(__name__)


class Snapshot(Generic[T]):
    """One value of a moment; one that isn't fresh is given out while a thread makes the next."""

    def __init__(self, make: Callable[[datetime], T], fresh: timedelta) -> None:
        self._make = make
        self._fresh = fresh
        self._lock = threading.Lock()
        self._made: tuple[datetime, T] | None = None
        self._making = False
        self._generation = 0

    def get(self, now: datetime) -> T:
        """Return the value of now, or of a little while ago. Raises what making it raises."""
        made = self._made
        if made is None or not timedelta(0) <= now - made[0] < TOO_OLD:
            with self._lock:  # many callers wait for one of them
                made = self._keep(now) if self._made is made or self._made is None else self._made
        if now - made[0] >= self._fresh and not self._making:
            self._making = True
            threading.Thread(target=self._renew, args=(now,), daemon=True).start()
        return made[1]

    def forget(self) -> None:
        """Make the value anew when it is asked for next; one that is being made is given to nobody else."""
        self._generation += 1
        self._made = None

    def _keep(self, now: datetime) -> tuple[datetime, T]:
        generation = self._generation
        made = (now, self._make(now))
        if generation == self._generation:
            self._made = made
        return made

    def peek(self, now: datetime) -> T | None:
        """Return what `get` returns; None where it must be made first and that takes longer than a moment."""
        if self._is_shown(now):
            return self.get(now)
        if not self._making:
            self._making = True
            thread = threading.Thread(target=self._renew, args=(now,), daemon=True)
            thread.start()
            thread.join(MOMENT)
        return self.get(now) if self._is_shown(now) else None

    def _is_shown(self, now: datetime) -> bool:
        made = self._made
        return made is not None and timedelta(0) <= now - made[0] < TOO_OLD

    def _renew(self, now: datetime) -> None:
        try:
            with self._lock:  # somebody who waits for it gets what is made here, and the other way round
                made = self._made
                if made is None or not timedelta(0) <= now - made[0] < self._fresh:
                    self._keep(now)
        except Exception:
            _log.exception("what pages show could not be renewed; they go on showing what was read before")
        finally:
            self._making = False


class Snapshots(Generic[K, T]):
    """Values by key, at most `most` of them: those that were asked for last."""

    def __init__(self, make: Callable[[K, datetime], T], fresh: timedelta, most: int) -> None:
        self._make = make
        self._fresh = fresh
        self._most = most
        self._lock = threading.Lock()
        self._kept: OrderedDict[K, Snapshot[T]] = OrderedDict()

    def get(self, key: K, now: datetime) -> T:
        """Return the value of this key. Raises what making it raises."""
        with self._lock:
            kept = self._kept.get(key)
            if kept is None:
                kept = self._kept[key] = Snapshot(lambda moment: self._make(key, moment), self._fresh)
                while len(self._kept) > self._most:
                    self._kept.popitem(last=False)
            self._kept.move_to_end(key)
        return kept.get(now)

    def forget(self) -> None:
        """Make every value anew when it is asked for next: something was changed by this process."""
        with self._lock:
            self._kept.clear()

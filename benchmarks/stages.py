"""Where the time of delivery goes: the stages of a courier, each with its seconds.

In: a courier's process. Out: seconds by stage. A stage's seconds don't hold those of a stage inside it. The
commits run in a thread while messages are handed over, and are told beside the others.
"""

import asyncio
import time
from collections import defaultdict
from collections.abc import Callable
from typing import Any

from digest.pipeline.delivery import worker
from digest.pipeline.delivery.contents import DigestBuilder
from digest.pipeline.delivery.ledger_writer import LedgerWriter
from digest.pipeline.delivery.worker import DeliveryWorker
from digest.store import deliveries

STAGES: dict[str, tuple[object, str]] = {
    "claim": (deliveries, "claim"),
    "look again at each reader": (DeliveryWorker, "_prepare"),
    "match and explain": (DigestBuilder, "digests"),
    "write": (worker, "envelope"),
    "hand over": (asyncio.Runner, "run"),
}
COMMIT, COMMITS = "_commit", "commits, while handing over"


class Stopwatch:
    """Counts the seconds of each stage, from when it is put on."""

    def __init__(self) -> None:
        self.seconds: defaultdict[str, float] = defaultdict(float)
        self._inside: list[float] = []  # seconds of the stages inside those that run

    def put_on(self) -> None:
        """Wrap the functions that are the stages."""
        for name, (owner, function) in STAGES.items():
            setattr(owner, function, self.timed(name, getattr(owner, function)))
        setattr(LedgerWriter, COMMIT, self._apart(COMMITS, getattr(LedgerWriter, COMMIT)))

    def timed(self, name: str, function: Callable[..., Any]) -> Callable[..., Any]:
        """The function, with its seconds counted for a stage, but for those of stages that it calls."""

        def timed(*arguments: Any, **named: Any) -> Any:
            self._inside.append(0.0)
            started = time.perf_counter()
            try:
                return function(*arguments, **named)
            finally:
                took = time.perf_counter() - started
                self.seconds[name] += took - self._inside.pop()
                if self._inside:
                    self._inside[-1] += took

        return timed

    def _apart(self, name: str, function: Callable[..., Any]) -> Callable[..., Any]:
        def timed(*arguments: Any, **named: Any) -> Any:
            started = time.perf_counter()
            try:
                return function(*arguments, **named)
            finally:
                self.seconds[name] += time.perf_counter() - started

        return timed

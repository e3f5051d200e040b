"""Beat as a clockwork that forgets: rings by a table, writes no file, and stops when it is told to.

Celery's own scheduler keeps its table in a file, so that a crontab knows after a restart what it has missed.
Ours rings every tick and misses nothing, and a file is one more thing that can be full, locked or broken.
"""

import signal
from types import FrameType
from typing import Any

from celery.beat import Scheduler
from celery.signals import beat_init


class Clockwork(Scheduler):  # type: ignore[misc]  # Celery has no types
    """The beat table of the settings, in memory."""

    def setup_schedule(self) -> None:
        """Take the table (Celery calls this once, before the first ring)."""
        self.merge_inplace(self.app.conf.beat_schedule)


@beat_init.connect  # type: ignore[untyped-decorator]
def stop_when_told(sender: Any, **_: Any) -> None:
    """Let SIGTERM and SIGINT end beat, a `celery.beat.Service`, whatever it is doing.

    Celery's handlers only raise SystemExit. Where that strikes in the middle of a ring, an error of a client
    library can take its place and be logged as a failed ring, and beat goes on. A flag isn't lost like that.
    """

    def stop(_number: int, _frame: FrameType | None) -> None:
        sender.stop()
        raise SystemExit  # cuts the sleep until the next ring short

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)

"""In-memory beat scheduler: enqueues tasks by a table, writes no file, and stops on SIGTERM.

Celery's own scheduler keeps its table in a file, so that a crontab knows after a restart what it has missed.
Ours enqueues every tick and misses nothing, and a file is one more thing that can be full, locked or broken.
"""

import signal
from datetime import UTC, datetime
from types import FrameType
from typing import Any

from celery.beat import Scheduler
from celery.schedules import schedule
from celery.signals import beat_init

from digest.pipeline.clock import Clock


class InMemoryScheduler(Scheduler):  # type: ignore[misc]  # Celery has no types
    """The beat table of the settings, in memory, on a clock that runs evenly.

    By the machine's clock, one that is set back by an hour would enqueue nothing for an hour.
    """

    def setup_schedule(self) -> None:
        """Take the table (Celery calls this once, before the first tick)."""
        clock = Clock(datetime.now(UTC))
        table = self.app.conf.beat_schedule
        evenly = {
            use: each | {"schedule": schedule(each["schedule"], nowfun=clock.now)}
            for use, each in table.items()
        }
        self.merge_inplace(evenly)


@beat_init.connect  # type: ignore[untyped-decorator]
def stop_on_signal(sender: Any, **_: Any) -> None:
    """Let SIGTERM and SIGINT end beat, a `celery.beat.Service`, whatever it is doing.

    Celery's handlers only raise SystemExit. Where that strikes while a task is enqueued, an error of a client
    library can take its place and be logged as a failed task, and beat goes on. A flag isn't lost like that.
    """

    def stop(_number: int, _frame: FrameType | None) -> None:
        sender.stop()
        raise SystemExit  # cuts the sleep until the next tick short

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)

"""Makes the Celery app: a doorbell over Redis, never a store of work.

What is to be done stands in the database. A task only says "look", so a task that is lost, late or doubled
costs time and nothing else, and each choice below follows from that.
"""

from typing import Any

from celery import Celery
from celery.signals import setup_logging, worker_shutdown
from kombu.transport import TRANSPORT_ALIASES

from digest import logs
from digest.config import Settings, load
from digest.errors import ConfigError
from digest.pipeline.installation import open_installation
from digest.pipeline.monitoring import heartbeats
from workers.schedule import QUEUES, ROUTES, beat_table

VISIBILITY_TIMEOUT = 600  # seconds until Redis hands out again what a killed worker held
SOFT_TIME_LIMIT = 840  # longer than the ten minutes that a mail server may take for its last reply
TIME_LIMIT = 870  # shorter than the lease of a claimed row, so that nobody works without one
SOFT_SHUTDOWN = 30  # seconds that SIGQUIT leaves to running tasks; SIGTERM lets them finish

setup_logging.connect(logs.set_up)
TRANSPORT_ALIASES.update(dict.fromkeys(("redis", "rediss"), "workers.broker:Transport"))


@worker_shutdown.connect  # type: ignore[untyped-decorator]
def leave(sender: Any, **_: Any) -> None:
    """Take the sign of life of a worker away that was told to stop (`sender`), so that nobody misses it."""
    heartbeats.drop(open_installation(load()), sender.hostname)


def create(settings: Settings) -> Celery:
    """Make the app that worker and beat run.

    Raises ConfigError where these settings can't run workers: no Redis, or a clock that was set.
    """
    url = _broker_url(settings)
    app = Celery("digest", include=["workers.tasks"])
    app.conf.update(_broker(url) | _tasks() | _worker() | _beat(settings))
    return app


def _broker_url(settings: Settings) -> str:
    if settings.now is not None:
        msg = "DIGEST_NOW is set, and workers run on the real clock only"
        raise ConfigError(msg, fix="unset DIGEST_NOW; replay a day with `digest --now TIME run`")
    url = settings.redis_url.get_secret_value()
    if not url.startswith(("redis://", "rediss://", "redis+socket://")):
        msg = (
            "DIGEST_REDIS_URL must start with redis://"
            if url
            else "workers need Redis: DIGEST_REDIS_URL is empty"
        )
        raise ConfigError(
            msg, fix="DIGEST_REDIS_URL=redis://localhost:6379/0, or use `digest run` without Redis"
        )
    return url


def _broker(url: str) -> dict[str, Any]:
    options = {"visibility_timeout": VISIBILITY_TIMEOUT}
    return {
        "broker_url": url,
        # The shortest of the three wins where several apps share a Redis, so all three say the same.
        "broker_transport_options": options,
        "result_backend_transport_options": options,
        "visibility_timeout": VISIBILITY_TIMEOUT,
        "broker_connection_retry_on_startup": True,
        "broker_connection_max_retries": None,  # for ever: Redis may be away for longer than 100 tries
    }


def _tasks() -> dict[str, Any]:
    return {
        "task_queues": {name: {} for name in QUEUES},
        "task_default_queue": QUEUES[0],
        "task_routes": ROUTES,
        "task_create_missing_queues": False,  # a misspelt queue is an error, not a message that nobody reads
        "accept_content": ["json"],
        "task_serializer": "json",
        "task_ignore_result": True,
        "result_expires": None,  # no result is kept, so beat has none to clean up
        "task_acks_late": True,  # a task is done when its work is; one cut short is given to somebody else
        "task_reject_on_worker_lost": True,
        "task_soft_time_limit": SOFT_TIME_LIMIT,
        "task_time_limit": TIME_LIMIT,
    }


def _worker() -> dict[str, Any]:
    return {
        "worker_prefetch_multiplier": 1,
        "worker_soft_shutdown_timeout": SOFT_SHUTDOWN,
        # Redis going away must not cut a message in its DATA, which would make a doubt out of a mere delay.
        # The same task received twice finds the rows claimed.
        "worker_cancel_long_running_tasks_on_connection_loss": False,
        "worker_redirect_stdouts": False,
    }


def _beat(settings: Settings) -> dict[str, Any]:
    return {
        "beat_schedule": beat_table(settings.tick_seconds),
        "beat_scheduler": "workers.scheduler:InMemoryScheduler",
        "beat_max_loop_interval": settings.tick_seconds,
        "beat_enable_remote_control": True,  # answers its health check as a worker does, while it ticks
    }

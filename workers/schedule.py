"""The queues, the routes and the beat table, as data: which task is sent how often. Holds no times of day.

When a source or a subscriber is due stands in the database; beat only asks often enough. Two beats at once
send twice, which is harmless.
"""

# `open_issues` sends `deliver`.
BEAT_TASKS = (
    "alarms",
    "bounces",
    "fetch",
    "index",
    "mailbox",
    "notices",
    "open_issues",
    "proposals",
    "signals",
    "summaries",
    "sweep",
    "thumbnails",
    "upkeep",
)
QUEUES = ("digest", "digest.deliver")  # taken in turn: a long delivery keeps no fetch and no issue waiting
_MAILING = ("alarms", "deliver", "notices")
ROUTES = {f"digest.{use}": {"queue": "digest.deliver"} for use in _MAILING}  # others: the first
TASK_EXPIRES = 600  # seconds; an older task is dropped, so that none pile up while no worker runs


def beat_table(tick_seconds: float) -> dict[str, dict[str, str | float]]:
    """Return Celery's `beat_schedule`: each task once per tick (in seconds)."""
    return {use: {"task": f"digest.{use}", "schedule": tick_seconds} for use in BEAT_TASKS}

"""Backs the database of an installation up, and restores it so that nothing is sent twice.

What was waiting or under way in the backup becomes `uncertain`, and who was due between the backup and now
gets a row `skipped` instead of a digest: both may have been sent. The next digests come at their next times.
"""

from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

from digest.config import Settings
from digest.domain import SYSTEM, Actor, DeliveryState
from digest.due import next_due
from digest.pipeline.issues.open import PAGE
from digest.store import backup as stored
from digest.store import deliveries, restored, schema, session
from digest.store.community import audit
from digest.store.deliveries import NewDelivery


@dataclass(frozen=True, slots=True)
class Restored:
    """How many emails may have been sent since the backup: `uncertain` ones, and digests that were due."""

    uncertain: int
    skipped: int


def backup(settings: Settings, path: Path) -> int:
    """Write the whole database to a file; returns its bytes. Raises what `store.backup.backup` raises."""
    stored.backup(session.connect(settings.database()), path)
    return path.stat().st_size


def check(settings: Settings, path: Path) -> None:
    """Raise InputError where a file can't be restored here."""
    stored.check_backup(session.connect(settings.database()), path)


def restore(settings: Settings, path: Path, now: datetime, actor: Actor = SYSTEM) -> Restored:
    """Replace the database by a backup, bring it up to this version, and close what may have been sent.

    Safe to repeat. Raises what `store.backup.restore` raises; ConfigError for a backup of a newer version.
    """
    engine = session.connect(settings.database())
    stored.restore(engine, path)
    schema.upgrade(engine)
    with session.transaction(engine) as db:
        restored.skip_numbers(db)
        uncertain = restored.settle_open(db, now)
        audit.record(db, actor, "database.restore", "database:all", None, {"file": path.name}, now=now)
        cohorts = deliveries.due_cohorts(db, now)
    skipped = sum(_skip(engine, due_at, day, now) for due_at, day in cohorts)
    return Restored(uncertain, skipped)


def _skip(engine: session.Engine, due_at: datetime, day: date, now: datetime) -> int:
    """Give everybody of a cohort a row that says why nothing is sent, and their next due time."""
    count = after = 0
    while True:
        with session.transaction(engine) as db:
            issue = deliveries.open_issue(db, due_at=due_at, date=day, now=now)
            page = deliveries.due_page(db, due_at, day, after_id=after, limit=PAGE)
            if not page:
                return count
            due = {schedule: next_due(schedule, max(now, due_at)) for schedule in set(page.schedules)}
            rows = [
                NewDelivery(issue.id, number, day, DeliveryState.SKIPPED, restored.REASON)
                for number in page.ids
            ]
            pairs = zip(page.ids, page.schedules, strict=True)
            moves = {id_: next_ for id_, schedule in pairs if (next_ := due[schedule])}
            deliveries.record(db, rows, moves)
        count, after = count + len(page.ids), page.ids[-1]

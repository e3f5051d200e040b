"""Workers leave a sign of life: who is silent is seen in doctor, alarms, readiness and numbers."""

from datetime import timedelta
from pathlib import Path

from sqlalchemy import Engine

from digest.pipeline.monitoring import conditions, heartbeats
from digest.pipeline.monitoring.metrics import MOST_WORKERS, Metrics
from digest.pipeline.monitoring.readiness import readiness
from digest.pipeline.monitoring.store_checks import examine_store
from digest.pipeline.subscriptions.expiry import keep_up
from digest.store import session
from digest.store.monitoring import heartbeats as kept
from tests.builders import NOW
from tests.installations import installation

MINUTE = timedelta(minutes=1)


def test_a_worker_that_is_silent_is_missed_for_a_day(engine: Engine, tmp_path: Path) -> None:
    here = installation(engine, tmp_path)
    heart = heartbeats.Heart(here)

    def seen() -> dict[str, str]:
        return {each.check: each.detail for each in examine_store(engine, later, (), summaries=False)}

    later = NOW
    assert "workers" not in seen()
    for name in ("celery@here", "celery@there"):
        heart.beat(name, NOW)
    assert seen()["workers"] == "at work: celery@here, celery@there"
    later = NOW + 30 * MINUTE
    heart.beat("celery@here", later)
    assert seen()["workers"] == f"no sign of life: celery@there (last at {NOW:%Y-%m-%d %H:%M} UTC)"
    with session.reading(engine) as db:
        alarms = {each.key: each for each in conditions.standing(db, later)}
        assert alarms["worker:celery@there"].since == NOW
        assert "worker:celery@here" not in alarms
        assert "missed for a day" in conditions.ending(db, "worker:celery@there")
    found = readiness(here, later, late_threads=list)
    assert "workers" in found.warnings
    assert "there" not in found.parts["workers"]
    keep_up(here, NOW + timedelta(hours=24.2))
    with session.reading(engine) as db:
        assert list(kept.listing(db)) == ["celery@here"]


def test_a_worker_that_was_told_to_stop_is_not_missed(engine: Engine, tmp_path: Path) -> None:
    here = installation(engine, tmp_path)
    heartbeats.Heart(here).beat("celery@stopped", NOW)
    heartbeats.drop(here, "celery@stopped")
    with session.reading(engine) as db:
        assert heartbeats.silent(db, NOW + timedelta(hours=1)) == {}


def test_the_age_of_a_heartbeat_is_a_number_and_they_are_bounded(engine: Engine, tmp_path: Path) -> None:
    here = installation(engine, tmp_path)
    with session.transaction(engine) as db:
        for number in range(MOST_WORKERS + 5):
            kept.note(db, f"celery@{number}", NOW + number * MINUTE)
    families = {each.name: each for each in Metrics(here).get(NOW + 60 * MINUTE, {})}
    ages = families["digest_worker_heartbeat_age_seconds"].values
    assert len(ages) == MOST_WORKERS
    assert ages["celery@0",] == 3600


def test_a_process_writes_its_heartbeat_now_and_then(engine: Engine, tmp_path: Path) -> None:
    heart = heartbeats.Heart(installation(engine, tmp_path))
    for seconds in (0, 5, 14, 16):
        heart.beat("celery@often", NOW + timedelta(seconds=seconds))
        with session.reading(engine) as db:
            written = (kept.listing(db)["celery@often"] - NOW).total_seconds()
        assert written == (16 if seconds == 16 else 0)

"""Engines and transactions: the same promises on both databases."""

import threading
import time
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from sqlalchemy import Engine, delete, func, select, text
from sqlalchemy.exc import DBAPIError, StatementError

from digest.errors import ConfigError
from digest.store import session
from digest.store.subscriptions import suppressions
from digest.store.subscriptions.tables.suppressions import SuppressionRow
from tests.builders import NOW


def _count(engine: Engine) -> int:
    with session.reading(engine) as db:
        return db.scalar(select(func.count()).select_from(SuppressionRow)) or 0


def test_a_transaction_is_committed_at_its_end(engine: Engine) -> None:
    with session.transaction(engine) as db:
        suppressions.add(db, "a", reason="", now=NOW)
    assert _count(engine) == 1


def test_a_transaction_that_fails_leaves_nothing(engine: Engine) -> None:
    def fail() -> None:
        with session.transaction(engine) as db:
            suppressions.add(db, "a", reason="", now=NOW)
            raise KeyError

    with pytest.raises(KeyError):
        fail()
    assert _count(engine) == 0


def test_writing_while_reading_is_an_error_not_a_loss(engine: Engine) -> None:
    with pytest.raises(DBAPIError, match=r"read-?only"), session.reading(engine) as db:
        suppressions.add(db, "a", reason="", now=NOW)
    with session.transaction(engine) as db:  # and the connection is of use again
        suppressions.add(db, "a", reason="", now=NOW)


def test_reading_waits_for_no_writer_and_sees_one_state(engine: Engine) -> None:
    with session.reading(engine) as before:
        before.scalars(select(SuppressionRow)).all()
        with session.transaction(engine) as db:
            suppressions.add(db, "a", reason="", now=NOW)
        assert before.scalars(select(SuppressionRow)).all() == []
    assert _count(engine) == 1


def test_times_come_back_aware_and_in_utc(engine: Engine) -> None:
    paris_winter = timezone(timedelta(hours=1))
    with session.transaction(engine) as db:
        suppressions.add(db, "a", reason="", now=datetime(2026, 3, 17, 9, 0, 0, 123456, paris_winter))
    with session.reading(engine) as db:
        at = db.scalars(select(SuppressionRow.at)).one()
    assert at == datetime(2026, 3, 17, 8, 0, 0, 123456, UTC)
    assert at.tzinfo is UTC


def test_a_time_without_zone_is_refused(engine: Engine) -> None:
    with pytest.raises(StatementError, match="without zone"), session.transaction(engine) as db:
        suppressions.add(db, "a", reason="", now=datetime(2026, 3, 17))  # noqa: DTZ001 - what is refused


def test_writers_take_turns(engine: Engine) -> None:
    def swap(own: str) -> None:
        for _ in range(10):
            with session.transaction(engine) as db:
                db.scalars(select(SuppressionRow)).all()  # reads first: the lock must be there already
                suppressions.add(db, own, reason="", now=NOW)
            with session.transaction(engine) as db:
                db.execute(delete(SuppressionRow).where(SuppressionRow.address_hash == own))

    writers = [threading.Thread(target=swap, args=(name,)) for name in "abcd"]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    assert _count(engine) == 0


def test_sqlite_keeps_foreign_keys_and_what_it_was_told(tmp_path: Path) -> None:
    engine = session.connect(f"sqlite:///{tmp_path}/new/folder/digest.db")
    with engine.connect() as connection:
        settings = {
            name: connection.scalar(text(f"PRAGMA {name}"))
            for name in ("foreign_keys", "journal_mode", "busy_timeout", "synchronous")
        }
    assert settings == {"foreign_keys": 1, "journal_mode": "wal", "busy_timeout": 30_000, "synchronous": 2}
    engine.dispose()


@pytest.mark.parametrize(
    "url", ["", "digest.db", "mysql://ada:secret@host/digest", "sqlite://", "postgresql://h:x/"]
)
def test_other_databases_are_refused_with_the_mend(url: str) -> None:
    with pytest.raises(ConfigError) as caught:
        session.connect(url)
    assert "DIGEST_DATABASE_URL=" in caught.value.fix
    assert "secret" not in caught.value.message


def test_a_folder_that_cannot_be_made_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ConfigError, match="can't be made"):
        session.connect(f"sqlite:///{tmp_path}/file/folder/digest.db")


def test_chunks_keep_order_and_lose_nothing() -> None:
    assert list(session.chunks(range(7), size=3)) == [[0, 1, 2], [3, 4, 5], [6]]
    assert list(session.chunks([])) == []


def test_whoever_has_little_patience_is_soon_told_that_a_lock_is_held(engine: Engine) -> None:
    patient = session.with_patience(engine, 0.3)

    def wait_for_it() -> None:
        with session.transaction(patient) as other:
            other.execute(text("SELECT 1"))
            session.serialise(other, "a lock")

    with session.transaction(engine) as holder:
        holder.execute(text("SELECT 1"))
        session.serialise(holder, "a lock")
        began = time.monotonic()
        with pytest.raises(session.UNAVAILABLE):
            wait_for_it()
        assert 0.2 < time.monotonic() - began < 5
    wait_for_it()
    with session.reading(patient) as other:
        assert other.execute(text("SELECT 1")).scalar() == 1

"""A disk that is full or nearly so: what `digest doctor` and commands say."""

import sqlite3
from pathlib import Path

import pytest
from sqlalchemy.exc import OperationalError

from digest.pipeline.failures import in_words
from digest.pipeline.monitoring.checks import Result
from digest.pipeline.monitoring.doctor import LEAST_ROOM, ROOM, space


@pytest.mark.parametrize(
    ("free", "result"),
    [(ROOM, Result.OK), (ROOM - 1, Result.WARN), (LEAST_ROOM - 1, Result.FAIL), (0, Result.FAIL)],
)
def test_a_disk_without_room_is_shown_before_it_stops_anything(free: int, result: Result) -> None:
    found = space(free, Path("/data"))
    assert found.result is result
    assert f"{free // 2**20} MB are free on the disk of /data" in found.detail


def test_a_full_disk_is_told_with_what_to_do(tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "small.db", isolation_level=None) as database:
        database.execute("PRAGMA max_page_count = 2")
        database.execute("CREATE TABLE texts (text)")
        with pytest.raises(sqlite3.OperationalError) as caught:
            database.execute("INSERT INTO texts VALUES (?)", ["x" * 100_000])
    database.close()
    told = in_words(OperationalError("INSERT", {}, caught.value))
    assert told
    assert told.message == "the database can't be used now: database or disk is full"
    assert told.fix == "free space on its disk"

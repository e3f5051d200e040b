"""Marks and outcomes in group commits: nobody waits for a database that doesn't come back."""

import asyncio
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine, event, text

from digest.domain import Delivery
from digest.pipeline.clock import Clock
from digest.pipeline.delivery.ledger_writer import LedgerWriter
from digest.pipeline.issues.open import open_due
from digest.store import deliveries, session
from digest.store.session import DBAPIError
from tests.builders import NOW, entry
from tests.installations import installation, join, store_entries


def claimed(engine: Engine, folder: Path) -> tuple[LedgerWriter, list[Delivery]]:
    """Two claimed rows, and who records them, with little patience."""
    here = installation(engine, folder)
    store_entries(engine, [entry()], seen_at=NOW - timedelta(hours=3))
    for email in ("ada@example.org", "bob@example.org"):
        join(here, email)
    open_due(here, NOW)
    with session.transaction(engine) as db:
        rows = deliveries.claim(db, now=NOW, limit=9, lease=timedelta(hours=1))
    return LedgerWriter(replace(here, lease=timedelta(seconds=1)), Clock(NOW)), rows


def test_marks_that_come_while_the_database_is_away_fail_with_the_others(
    engine: Engine, tmp_path: Path
) -> None:
    writer, (first, second) = claimed(engine, tmp_path)
    with engine.begin() as connection:
        connection.execute(text("ALTER TABLE deliveries RENAME TO hidden"))

    async def both() -> tuple[bool | BaseException, bool | BaseException]:
        early = asyncio.create_task(writer.begin(first))
        await asyncio.sleep(0.1)  # the first is being tried again and again
        return await asyncio.gather(early, writer.begin(second), return_exceptions=True)

    try:
        found = asyncio.run(asyncio.wait_for(both(), 10))
    finally:
        with engine.begin() as connection:
            connection.execute(text("ALTER TABLE hidden RENAME TO deliveries"))
    assert [type(each) for each in found] == [type(found[0])] * 2
    assert isinstance(found[0], DBAPIError)


def test_marks_of_one_moment_are_all_written(engine: Engine, tmp_path: Path) -> None:
    writer, rows = claimed(engine, tmp_path)

    async def both() -> list[bool]:
        return list(await asyncio.gather(*(writer.begin(row) for row in rows)))

    assert asyncio.run(asyncio.wait_for(both(), 10)) == [True, True]


def test_marks_of_lanes_on_their_way_go_into_one_commit(
    engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        "digest.pipeline.delivery.ledger_writer.COMPANY", 30.0
    )  # seconds; nobody has to wait that long
    writer, rows = claimed(engine, tmp_path)
    commits: list[object] = []

    async def slot(row: Delivery, on_its_way: float) -> bool:
        with writer.slot():
            await asyncio.sleep(on_its_way)
            return await writer.begin(row)

    async def both() -> list[bool]:
        return list(await asyncio.gather(slot(rows[0], 0), slot(rows[1], 0.2)))

    event.listen(engine, "commit", commits.append)
    assert asyncio.run(asyncio.wait_for(both(), 10)) == [True, True]
    assert len(commits) == 1


def test_a_lane_that_hangs_holds_up_nobody(engine: Engine, tmp_path: Path) -> None:
    writer, (row, _) = claimed(engine, tmp_path)

    async def beside_one_that_hangs() -> bool:
        with writer.slot(), writer.slot():
            return await writer.begin(row)

    assert asyncio.run(asyncio.wait_for(beside_one_that_hangs(), 10))

"""Each step of a round is made to fail in real processes on SQLite: a table that it needs is gone.

What doesn't need that table goes on; what does goes on as soon as the table is back, and nobody is missed.
"""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from sqlalchemy import text

from digest.cli.terminal.exits import PARTLY_FAILED
from digest.store import session
from tests.kill.audience import AUDIENCE
from tests.kill.stage import Stage
from tests.kill.test_kill_sqlite import _Rounds

pytestmark = pytest.mark.kill

BESIDE = {  # a table → the step that fails without it; digests go out all the same
    "mutes": "expiry",
    "signups": "sign-ups",
    "notices": "transactional emails",
    "search_segments": "search index",
    "alarms": "alarms",
}
NEEDED = {"paces": "deliveries", "topics": "issues"}  # no digest goes out without these


@contextmanager
def gone(stage: Stage, table: str) -> Iterator[None]:
    """A table is missing while the block runs."""
    _rename(stage, table, f"{table}_gone")
    yield
    _rename(stage, f"{table}_gone", table)


def _rename(stage: Stage, old: str, new: str) -> None:
    with session.transaction(stage.engine) as db:
        db.execute(text(f"ALTER TABLE {old} RENAME TO {new}"))


def failing(stage: Stage) -> set[str]:
    with session.reading(stage.engine) as db:
        return set(db.scalars(text("SELECT item FROM failures")))


@pytest.mark.parametrize("table", BESIDE)
def test_a_step_that_fails_stops_no_digest(alone: Stage, table: str) -> None:
    with gone(alone, table):
        alone.until_out(_Rounds(alone))
        last = alone.run_once()
        assert last.wait(60) == PARTLY_FAILED, alone.logs()
        assert BESIDE[table] in failing(alone)
    assert alone.run_once().wait(60) == 0, alone.logs()
    assert failing(alone) == set()
    alone.check()


@pytest.mark.parametrize("table", NEEDED)
def test_a_step_without_which_no_digest_goes_is_made_up_for(alone: Stage, table: str) -> None:
    with gone(alone, table):
        assert alone.run_once().wait(60) == PARTLY_FAILED, alone.logs()
        assert alone.taken() == 0
        assert any(NEEDED[table] in item or "due at" in item for item in failing(alone))
    alone.until_out(_Rounds(alone))
    assert alone.taken() >= AUDIENCE
    alone.check()


def test_a_server_goes_on_while_its_steps_fail(alone: Stage) -> None:
    server = alone.serve()
    alone.until_served()
    with gone(alone, "signups"), gone(alone, "search_segments"):
        alone.until_out()
        assert {"sign-ups", "search index"} <= failing(alone)
    assert server.poll() is None
    alone.stop(server)
    alone.check()

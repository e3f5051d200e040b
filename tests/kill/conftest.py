"""What every scene stands on. `KILL_ROUNDS` (1) plays each so many times, `KILL_SEED` the same moments again.

The seed and the accounts of a scene are printed (`make test-kill` shows them at its end).
"""

import os
import random
import secrets
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.kill.audience import fill
from tests.kill.stage import Stage, stage
from tests.postgres_server import PostgresServer, running
from tests.redis_server import RedisServer, running_redis

ROUNDS = int(os.environ.get("KILL_ROUNDS", "1"))
# All processes of one run of pytest have the same.
SEED = os.environ.get("KILL_SEED") or os.environ.get("PYTEST_XDIST_TESTRUNUID", secrets.token_hex(4))[:8]
TEMPLATE = "kill_template"


@pytest.fixture(params=range(ROUNDS), autouse=True)
def round_(request: pytest.FixtureRequest) -> int:
    return int(request.param)


@pytest.fixture
def chance(request: pytest.FixtureRequest) -> random.Random:
    print(f"KILL_SEED={SEED} (of {request.node.name})")
    return random.Random(f"{SEED}/{request.node.name}")


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    """A server that keeps what was committed when it is killed; only the machine never fails here."""
    with running(synchronous_commit="on", full_page_writes="on") as server:
        server.execute(f"CREATE DATABASE {TEMPLATE}")
        fill(server.url(TEMPLATE))
        yield server


@pytest.fixture
def redis(tmp_path: Path) -> Iterator[RedisServer]:
    with running_redis(tmp_path) as server:
        yield server


@pytest.fixture
def crowd(
    tmp_path: Path,
    postgres: PostgresServer,
    redis: RedisServer,
    chance: random.Random,
) -> Iterator[Stage]:
    """Workers over Postgres and Redis."""
    name = f"kill_{secrets.token_hex(4)}"
    postgres.execute(f"CREATE DATABASE {name} TEMPLATE {TEMPLATE}")
    with stage(tmp_path, postgres.url(name), chance) as opened:
        opened.environment["DIGEST_REDIS_URL"] = redis.url
        yield opened


@pytest.fixture(scope="session")
def issue_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An SQLite database with an issue that is due, to be copied."""
    path = tmp_path_factory.mktemp("issue") / "digest.db"
    fill(f"sqlite:///{path}")
    return path


@pytest.fixture
def disk(tmp_path: Path) -> Path:
    """The folder of a scene's SQLite database."""
    return tmp_path


@pytest.fixture
def alone(disk: Path, tmp_path: Path, issue_file: Path, chance: random.Random) -> Iterator[Stage]:
    """One process on SQLite."""
    path = disk / "digest.db"
    shutil.copy(issue_file, path)
    with stage(tmp_path, f"sqlite:///{path}", chance) as opened:
        yield opened

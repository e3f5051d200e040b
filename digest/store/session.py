"""Opens databases, with the settings that make SQLite and Postgres keep the same promises.

Never holds a connection of its own and never reads a setting or a clock.
"""

import contextlib
import json
import os
import zlib
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from sqlalchemy import (
    ARRAY,
    ColumnElement,
    Connection,
    Engine,
    Insert,
    any_,
    bindparam,
    create_engine,
    event,
    func,
    make_url,
    select,
    text,
    true,
)
from sqlalchemy.engine import URL
from sqlalchemy.exc import ArgumentError, DBAPIError, InterfaceError, OperationalError, StatementError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.orm import QueryableAttribute, Session

from digest.errors import ConfigError
from digest.store.base import Base

if TYPE_CHECKING:
    from sqlalchemy.dialects import postgresql, sqlite

__all__ = [
    "UNAVAILABLE",
    "DBAPIError",
    "Engine",
    "Session",
    "chunks",
    "connect",
    "insert",
    "is_among",
    "is_outage",
    "make_room",
    "reading",
    "rehearsal",
    "serialise",
    "transaction",
    "with_patience",
    "write",
]

T = TypeVar("T")

BUSY_SECONDS = 30  # how long a writer of SQLite waits for another one
CONNECT_SECONDS = 5  # how long a server may take to answer, or a connection of the pool to be free
# What is raised where the database can't be used now: locked, lost, or all connections taken.
UNAVAILABLE: tuple[type[Exception], ...] = (OperationalError, InterfaceError, PoolTimeout)
CHUNK = 500  # values in one IN (…) or rows in one INSERT: below every driver's limit of parameters


def connect(url: str) -> Engine:
    """Open `sqlite:///PATH` (its folder is made) or `postgresql://…`. Raises ConfigError for anything else.

    Nothing is dialled yet: a server that is away shows when the first statement runs. Errors don't show the
    values of a statement: they may be addresses.
    """
    try:
        parsed = make_url(url)
    except (ArgumentError, ValueError) as error:
        raise ConfigError("the database URL can't be read", fix=_FIX) from error
    if parsed.drivername == "sqlite" and parsed.database:
        return _sqlite(parsed)
    if parsed.drivername in {"postgres", "postgresql", "postgresql+psycopg"}:
        engine = create_engine(
            parsed.set(drivername="postgresql+psycopg"),
            pool_pre_ping=True,
            hide_parameters=True,
            connect_args={"connect_timeout": CONNECT_SECONDS},
            pool_timeout=CONNECT_SECONDS,
        )
        event.listen(engine, "connect", _refuse_other_encodings, insert=True)  # before anything is read
        event.listen(engine, "begin", _begin_on_server)
        return engine
    msg = f"the database {parsed.render_as_string(hide_password=True)!r} can't be used"
    raise ConfigError(msg, fix=_FIX)


_FIX = "DIGEST_DATABASE_URL=sqlite:///./data/digest.db or postgresql://user:password@host/name"


def with_patience(engine: Engine, seconds: float) -> Engine:
    """Return the same database for callers that wait at most so long for a lock, and then get an
    UNAVAILABLE.
    """
    return engine.execution_options(digest_patience=seconds)


@contextmanager
def transaction(engine: Engine) -> Iterator[Session]:
    """Open a Session whose work is committed at the end, or rolled back when something is raised, and in a
    rehearsal always.
    """
    from digest.store import metadata as _all_tables  # noqa: F401, PLC0415 - foreign keys, see there

    with Session(engine, expire_on_commit=False) as session, session.begin():
        yield session
        if engine.get_execution_options().get("digest_rehearsal"):
            session.rollback()


def place(url: str) -> str:
    """Return where a database is: its file, or its URL without the password. Opens nothing."""
    parsed = make_url(url)
    is_file = parsed.get_backend_name() == "sqlite"
    return parsed.database or "" if is_file else parsed.render_as_string(hide_password=True)


def rehearsal(engine: Engine) -> Engine:
    """Return the same database without consequences: no transaction over it is committed."""
    return engine.execution_options(digest_rehearsal=True)


@contextmanager
def reading(engine: Engine) -> Iterator[Session]:
    """Open a Session over one unmoving view of the database. It waits for no writer; writing in it fails."""
    options: dict[str, Any] = {"digest_reading": True}
    if engine.dialect.name == "postgresql":
        options |= {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
    with Session(engine.execution_options(**options), expire_on_commit=False) as session, session.begin():
        yield session


# Classes of SQLSTATE (Postgres, appendix A) that say something of the server, not of what it was given:
# connection, rollback by a conflict, resources, lock, shutdown, system.
_OUTAGES = {"08", "40", "53", "55", "57", "58"}
_SQLITE_ERROR = 1  # "SQL error or missing database": about the statement, unlike busy, full, read-only …


def is_outage(error: BaseException) -> bool:
    """Return whether an error says that the database can't work now, rather than something of what it was
    given.
    """
    if isinstance(error, StatementError) and error.connection_invalidated:
        return True
    if not isinstance(error, (OperationalError, InterfaceError)):
        return isinstance(error, PoolTimeout)
    code: int | None = getattr(error.orig, "sqlite_errorcode", None)
    if code is not None:
        return code & 0xFF != _SQLITE_ERROR
    state = getattr(error.orig, "sqlstate", None)
    return state is None or state[:2] in _OUTAGES


def serialise(connection: Session | Connection, *names: str) -> None:
    """Let one process at a time into the rest of this transaction, among those that give a same name.

    Several names are taken in one order, so that nobody waits for each other. On SQLite every writing
    transaction is alone already.
    """
    if _dialect(connection) == "postgresql":
        for key in sorted({zlib.crc32(name.encode()) for name in names}):
            connection.execute(select(func.pg_advisory_xact_lock(key)))


def insert(session: Session, table: type[Base]) -> "sqlite.Insert | postgresql.Insert":
    """Return an INSERT that knows ON CONFLICT in the dialect of this session."""
    if _dialect(session) == "postgresql":
        from sqlalchemy.dialects import postgresql  # noqa: PLC0415 - of two databases one is used

        return postgresql.insert(table)
    from sqlalchemy.dialects import sqlite  # noqa: PLC0415 - as above

    return sqlite.insert(table)


def write(session: Session, statement: Insert, rows: Sequence[Mapping[str, Any]]) -> None:
    """Run an INSERT over many rows (of the same columns), or do nothing where there is none."""
    if rows:
        session.execute(statement, rows)


def chunks(items: Iterable[T], size: int = CHUNK) -> Iterator[list[T]]:
    """Yield the items in lists of at most `size`."""
    rest = iter(items)
    while chunk := list(islice(rest, size)):
        yield chunk


def is_among(session: Session, column: QueryableAttribute[T], values: Collection[T]) -> ColumnElement[bool]:
    """Return the condition that a column of numbers or texts holds one of these values, however many.

    They are one parameter: the statement is the same for a thousand as for two, so it is written once.
    """
    if _dialect(session) == "postgresql":
        kind = ARRAY(column.type)
        return column == any_(bindparam(None, list(values), kind, unique=True))
    listed = func.json_each(json.dumps(list(values))).table_valued("value")
    return column.in_(select(listed.c.value))


def make_room(session: Session) -> None:
    """Give SQLite 24 MB of memory for the pages that this transaction changes, instead of 2: for a change of
    hundreds of thousands of rows. It keeps them until the connection ends; Postgres has its own."""
    if _dialect(session) == "sqlite":
        session.execute(text("PRAGMA cache_size = -24000"))


def _dialect(connection: Session | Connection) -> str:
    bind = connection.get_bind() if isinstance(connection, Session) else connection
    return bind.dialect.name


def _sqlite(url: URL) -> Engine:
    folder = Path(url.database or "").parent
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        _make_private(Path(url.database or ""))
    except OSError as error:
        msg = f"the database {url.database} can't be made: {error.strerror}"
        raise ConfigError(msg, fix=_FIX) from error
    engine = create_engine(
        url,
        connect_args={"timeout": CONNECT_SECONDS},
        hide_parameters=True,
        pool_timeout=CONNECT_SECONDS,
    )
    event.listen(engine, "connect", _set_up)
    event.listen(engine, "begin", _begin)
    return engine


def _make_private(path: Path) -> None:
    """Make a new database's file, for its owner only; SQLite gives -wal and -shm the same mode."""
    if str(path) != ":memory:" and not path.exists():
        with contextlib.suppress(FileExistsError):
            os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))


def _set_up(connection: Any, _record: object) -> None:
    """Settings of one SQLite connection. `synchronous` stays FULL: what was sent must outlive a power cut."""
    # Text that isn't UTF-8 would end the reading of all rows; so it is shown with U+FFFD in its place.
    connection.text_factory = lambda text: text.decode("utf-8", "replace")
    connection.isolation_level = None  # the driver would begin transactions by itself, and too late
    connection.execute("PRAGMA foreign_keys = ON")
    connection.execute("PRAGMA journal_mode = WAL")


def _refuse_other_encodings(connection: Any, _record: object) -> None:
    """Raise ConfigError for a database of Postgres that doesn't keep texts as UTF-8."""
    encoding = connection.info.parameter_status("server_encoding")
    if encoding != "UTF8":
        name = connection.info.dbname
        connection.close()
        msg = f"the database {name} is encoded as {encoding}, and texts of papers need UTF8"
        fix = f"createdb --encoding=UTF8 --template=template0 {name}_utf8, and name it in DIGEST_DATABASE_URL"
        raise ConfigError(msg, fix=fix)


def _begin(connection: Connection) -> None:
    """Writers take their turn at BEGIN; a lock taken later, at the first write, could only fail."""
    options = connection.get_execution_options()
    reads = options.get("digest_reading", False)
    patience = options.get("digest_patience", BUSY_SECONDS)
    if connection.info.get("digest_begun") != (patience, reads):  # it keeps them: most only read
        connection.exec_driver_sql(f"PRAGMA busy_timeout = {patience * 1000:.0f}")
        connection.exec_driver_sql(f"PRAGMA query_only = {int(reads)}")
        connection.info["digest_begun"] = patience, reads
    connection.exec_driver_sql("BEGIN" if reads else "BEGIN IMMEDIATE")


def _begin_on_server(connection: Connection) -> None:
    """Whoever has little patience waits so long for a lock, and five times as long for an answer."""
    patience = connection.get_execution_options().get("digest_patience")
    if patience is not None:
        lock, answer = f"{patience * 1000:.0f}ms", f"{patience * 5000:.0f}ms"
        local = true()  # until the end of the transaction
        connection.execute(
            select(
                func.set_config("lock_timeout", lock, local),
                func.set_config("statement_timeout", answer, local),
            )
        )

"""Backs up the whole database as one file, and restores it: by VACUUM INTO, or by pg_dump and psql.

A file is written beside its place and moved there when it is whole. Never: a file that is replaced, or a
password in the arguments of a process.
"""

import os
import shutil
import sqlite3
import subprocess
from contextlib import closing
from pathlib import Path

from sqlalchemy import Engine, inspect

from digest.errors import ConfigError, InputError, RefusedError

SQLITE_HEAD = b"SQLite format 3\x00"
POSTGRES_HEAD = b"--\n-- PostgreSQL database dump"


def backup(engine: Engine, path: Path) -> None:
    """Write a backup that only its owner can read; others go on reading and writing meanwhile.

    Raises RefusedError where there is such a file, InputError where it can't be written, and ConfigError
    where pg_dump is missing or fails.
    """
    if path.exists():
        raise RefusedError(f"there is a file {path} already", fix="name another file")
    part = path.with_name(path.name + ".part")
    try:
        part.unlink(missing_ok=True)
        os.close(os.open(part, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
    except OSError as error:
        raise InputError(f"the backup {path} can't be written: {error.strerror}") from error
    try:
        if engine.dialect.name == "sqlite":
            _vacuum_into(engine, part)
        else:
            clean = ("--clean", "--if-exists", "--no-owner", "--no-privileges")
            _run(engine, "pg_dump", *clean, f"--file={part}")
        os.link(part, path)  # unlike a rename it replaces nothing
    except FileExistsError as error:
        raise RefusedError(f"there is a file {path} already", fix="name another file") from error
    finally:
        part.unlink(missing_ok=True)


def check_backup(engine: Engine, path: Path) -> None:
    """Raise InputError where a file is no backup of this kind of database, or is damaged."""
    wanted = SQLITE_HEAD if engine.dialect.name == "sqlite" else POSTGRES_HEAD
    try:
        with path.open("rb") as file:
            head = file.read(len(wanted))
    except OSError as error:
        raise InputError(f"the backup {path} can't be read: {error.strerror}") from error
    if head != wanted:
        raise InputError(
            f"{path} is no backup of a {engine.dialect.name} database",
            fix="name a file that `digest db backup` wrote",
        )
    if engine.dialect.name != "sqlite":
        return
    try:
        with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro&immutable=1", uri=True)) as copy:
            found = copy.execute("PRAGMA integrity_check(1)").fetchone()[0]
    except sqlite3.DatabaseError as error:
        raise InputError(f"the backup {path} is damaged: {error}") from error
    if found != "ok":
        raise InputError(f"the backup {path} is damaged: {found}")


def restore(engine: Engine, path: Path) -> None:
    """Replace all that is in the database by a backup; stop all processes of Digest before.

    Wholly or not at all. Raises what `check_backup` raises, and ConfigError where psql is missing or fails.
    """
    check_backup(engine, path)
    engine.dispose()
    if engine.dialect.name == "sqlite":
        with (
            closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro&immutable=1", uri=True)) as copy,
            closing(sqlite3.connect(engine.url.database or "", timeout=5)) as database,
        ):
            try:
                copy.backup(database)  # one transaction of SQLite: a kill leaves what was there
            except sqlite3.OperationalError as error:
                msg = f"the database can't be replaced: {error}"
                raise ConfigError(msg, fix="stop digest serve and all workers first") from error
        return
    tables = inspect(engine).get_table_names()  # a backup of an older version doesn't know the newer ones
    engine.dispose()
    names = ", ".join(f'"{name}"' for name in tables)
    drop = [f"--command=DROP TABLE IF EXISTS {names} CASCADE"] if tables else []
    options = ("--quiet", "--no-psqlrc", "--single-transaction", "--set=ON_ERROR_STOP=1")
    _run(engine, "psql", *options, *drop, f"--file={path}")


def _vacuum_into(engine: Engine, path: Path) -> None:
    with closing(sqlite3.connect(engine.url.database or "", timeout=30)) as database:
        database.execute("VACUUM INTO ?", (str(path),))


def _run(engine: Engine, program: str, *arguments: str) -> None:
    """Run a program of Postgres against the database; the password goes by the environment."""
    found = shutil.which(program)
    if found is None:
        raise ConfigError(f"{program} isn't installed", fix="install the client programs of PostgreSQL")
    url = engine.url
    address = url.set(drivername="postgresql", password=None).render_as_string()
    environment = {**os.environ, **({"PGPASSWORD": str(url.password)} if url.password else {})}
    try:
        subprocess.run(  # noqa: S603 - our own arguments, no shell
            [found, f"--dbname={address}", *arguments],
            env=environment,
            check=True,
            capture_output=True,
            text=True,
        )
    except subprocess.CalledProcessError as error:
        problem = error.stderr.strip().partition("\n")[0]
        raise ConfigError(
            f"{program} failed: {problem}", fix="use the client programs of the server's version"
        ) from error

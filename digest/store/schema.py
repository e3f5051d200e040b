"""The database's schema against this version's: looked at, upgraded, downgraded, or refused in one line.

Migrations run in one transaction, one process at a time, so an upgrade is done wholly or not at all.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from sqlalchemy import Connection, Engine, inspect
from sqlalchemy.exc import DBAPIError

from digest import bundled
from digest.errors import ConfigError
from digest.store.session import serialise

_UPGRADE = "digest db upgrade"
_OPEN_FIX = "check DIGEST_DATABASE_URL, and that the server runs or the folder can be written"


def head() -> str:
    """Return the revision that this version of the software needs."""
    revision = ScriptDirectory.from_config(_config()).get_current_head()
    if revision is None:
        raise ConfigError("this installation has no migrations", fix="install digest again")
    return revision


def current(engine: Engine) -> str | None:
    """Return the revision that the database is at; None where it has none. Waits for no writer.

    Raises ConfigError when the database can't be opened.
    """
    with _open(engine.execution_options(digest_reading=True)) as connection:
        return _current(connection)


def upgrade(engine: Engine, revision: str = "head") -> None:
    """Bring the database up to a revision. Raises ConfigError for a newer or foreign database."""
    with _open(engine) as connection:
        serialise(connection, "schema")
        _refuse_strangers(connection)
        command.upgrade(_config(connection), revision)


def downgrade(engine: Engine, revision: str) -> None:
    """Take the database back to a revision (`base`: nothing is left). Raises what `upgrade` raises."""
    with _open(engine) as connection:
        serialise(connection, "schema")
        _refuse_strangers(connection)
        command.downgrade(_config(connection), revision)


def check(engine: Engine) -> None:
    """Raise ConfigError unless the database is at the revision that this version needs."""
    revision = current(engine)
    if revision != head():
        raise _unfit(revision)


def ensure(engine: Engine) -> bool:
    """Make sure that the schema fits: an empty database gets it (True), a fitting one is left alone (False).

    Raises ConfigError for an older, newer or foreign one; nothing is changed then.
    """
    if current(engine) == head():
        return False
    with _open(engine) as connection:
        serialise(connection, "schema")
        _refuse_strangers(connection)
        revision = _current(connection)
        if revision is None:
            command.upgrade(_config(connection), "head")
            return True
        if revision != head():
            raise _unfit(revision)
        return False


@contextmanager
def _open(engine: Engine) -> Iterator[Connection]:
    """One transaction; a database that can't be opened is a ConfigError in one line, without its password."""
    try:
        opened = engine.connect()
        opened.begin()
    except DBAPIError as error:
        reason = str(error.orig).strip().partition("\n")[0]
        where = engine.url.render_as_string(hide_password=True)
        raise ConfigError(f"the database {where} can't be opened: {reason}", fix=_OPEN_FIX) from error
    with opened:
        yield opened
        opened.commit()


def _unfit(revision: str | None) -> ConfigError:
    msg = f"the database is at schema {revision or 'none'}, this version of digest needs {head()}"
    return ConfigError(msg, fix=_UPGRADE)


def _refuse_strangers(connection: Connection) -> None:
    """Raise ConfigError where the database isn't ours, or is made by a newer version."""
    revision = _current(connection)
    if revision is None:
        strange = sorted(set(inspect(connection).get_table_names()) - {"alembic_version"})
        if strange:
            msg = f"the database holds tables that aren't digest's ({', '.join(strange[:3])})"
            raise ConfigError(
                msg, fix="name an empty database in DIGEST_DATABASE_URL, then: digest db upgrade"
            )
        return
    try:
        ScriptDirectory.from_config(_config()).get_revision(revision)
    except CommandError as error:
        msg = f"the database is at schema {revision}, which this version of digest doesn't know"
        raise ConfigError(msg, fix=f"install the newest digest, then: {_UPGRADE}") from error


def _current(connection: Connection) -> str | None:
    return MigrationContext.configure(connection).get_current_revision()


def _config(connection: Connection | None = None) -> Config:
    config = Config()
    config.set_main_option("script_location", str(bundled.folder("alembic")).replace("%", "%%"))
    config.attributes["connection"] = connection
    return config

"""Compares the database's schema with this version's: upgrades, downgrades, or refuses it in one line.

Migrations run in one transaction, one process at a time, so an upgrade is done wholly or not at all.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from sqlalchemy import Connection, Engine, inspect, text
from sqlalchemy.exc import DBAPIError

from digest import bundled
from digest.errors import ConfigError, UnavailableError
from digest.store.session import is_outage, serialise

if TYPE_CHECKING:
    from alembic.config import Config

_UPGRADE = "digest db upgrade"
_REVISION = re.compile(r"""^(revision|down_revision) = ["'](\w+)["']""", re.MULTILINE)
_OPEN_FIX = "check DIGEST_DATABASE_URL, and that the server runs or the folder can be written"


def head() -> str:
    """Return the revision that this version of the software needs."""
    known = dict(_revisions())
    heads = known.keys() - set(known.values())
    if len(heads) != 1:
        raise ConfigError("this installation has no migrations", fix="install digest again")
    return heads.pop()


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
        _alembic("upgrade", connection, revision)


def downgrade(engine: Engine, revision: str) -> None:
    """Take the database back to a revision (`base`: nothing is left). Raises what `upgrade` raises."""
    with _open(engine) as connection:
        serialise(connection, "schema")
        _refuse_strangers(connection)
        _alembic("downgrade", connection, revision)


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
            _alembic("upgrade", connection, "head")
            return True
        if revision != head():
            raise _unfit(revision)
        return False


@contextmanager
def _open(engine: Engine) -> Iterator[Connection]:
    """One transaction; a database that can't be opened is a ConfigError in one line, without its password,
    and an UnavailableError where that is its server's doing.
    """
    try:
        opened = engine.connect()
        opened.begin()
    except DBAPIError as error:
        reason = str(error.orig).strip().partition("\n")[0]
        where = engine.url.render_as_string(hide_password=True)
        is_away = engine.dialect.name == "postgresql" and is_outage(error)
        kind = UnavailableError if is_away else ConfigError
        raise kind(f"the database {where} can't be opened: {reason}", fix=_OPEN_FIX) from error
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
    if revision not in dict(_revisions()):
        msg = f"the database is at schema {revision}, which this version of digest doesn't know"
        raise ConfigError(msg, fix=f"install the newest digest, then: {_UPGRADE}")


def _current(connection: Connection) -> str | None:
    if not inspect(connection).has_table("alembic_version"):
        return None
    revision: str | None = connection.scalar(text("SELECT version_num FROM alembic_version"))
    return revision


def _revisions() -> Iterator[tuple[str, str]]:
    """Read each migration's revision and the one before it ("" for the first), as its file says them."""
    for path in bundled.folder("alembic").glob("versions/*.py"):
        found = dict(_REVISION.findall(path.read_text(encoding="utf-8")))
        if "revision" in found:
            yield found["revision"], found.get("down_revision", "")


def _alembic(command_name: str, connection: Connection, revision: str) -> None:
    """Run a command of Alembic's, which is slow to import, and which a schema that fits doesn't need."""
    from alembic import command  # noqa: PLC0415 - as said

    getattr(command, command_name)(_config(connection), revision)


def _config(connection: Connection) -> "Config":
    from alembic.config import Config  # noqa: PLC0415 - as above

    config = Config()
    config.set_main_option("script_location", str(bundled.folder("alembic")).replace("%", "%%"))
    config.attributes["connection"] = connection
    return config

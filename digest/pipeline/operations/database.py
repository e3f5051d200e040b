"""Brings the database up to this version, and tells where it is."""

from dataclasses import dataclass

from digest.config import Settings
from digest.pipeline.installation import seed
from digest.store import schema, session


@dataclass(frozen=True, slots=True)
class Revisions:
    """The schema of a database, None where it is empty, and the one that this version needs."""

    found: str | None
    needed: str | None


def upgrade(settings: Settings) -> Revisions:
    """Create the tables or bring them up to this version; returns where the database was. Safe to repeat."""
    engine = session.connect(settings.database())
    before = schema.current(engine)
    schema.upgrade(engine)
    seed(engine)
    return Revisions(before, schema.current(engine))


def place(settings: Settings) -> str:
    """Return where the database is: its file, or its URL without the password."""
    return session.place(settings.database())


def revisions(settings: Settings) -> Revisions:
    """Return the schema that the database has, and the one that this version needs."""
    return Revisions(schema.current(session.connect(settings.database())), schema.head())


def check(settings: Settings) -> None:
    """Raise ConfigError where the database can't be opened or its schema doesn't fit this version."""
    schema.check(session.connect(settings.database()))

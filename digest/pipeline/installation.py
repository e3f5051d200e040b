"""Settings → an Installation: the open database and the plain values that the pipeline works with."""

import os
import secrets
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from digest import __version__
from digest.config import Settings
from digest.errors import ConfigError
from digest.render import Renderer, Site
from digest.sources import DEFAULT_SOURCES
from digest.store import interests, schema, session, sources
from digest.store.session import Engine
from digest.tokens import Keys
from digest.topics import shipped

KEY_FILE = "secret.key"


@dataclass(frozen=True, slots=True)
class Installation:
    """What one installation is: its database, its name and keys, its mail server, its choices."""

    engine: Engine
    site: Site
    keys: Keys
    renderer: Renderer
    smtp_url: str
    smtp_connections: int
    window: timedelta
    fit_weight: float
    user_agent: str
    allow_hosts: frozenset[str]


def open_installation(settings: Settings) -> Installation:
    """Open the database (made and filled with topics and default sources when it is empty).

    Raises ConfigError when the schema doesn't fit this version or a setting can't be used.
    """
    engine = session.connect(settings.database())
    if schema.ensure(engine):
        seed(engine)
    return Installation(
        engine=engine,
        site=Site(
            name=settings.site_name,
            base_url=settings.base_url,
            mail_from=settings.mail_from,
            postal_address=settings.postal_address,
        ),
        keys=_keys(settings),
        renderer=Renderer(),
        smtp_url=settings.smtp(),
        smtp_connections=settings.smtp_connections,
        window=timedelta(days=settings.window_days),
        fit_weight=settings.fit_weight,
        user_agent=_user_agent(settings),
        allow_hosts=settings.allowed_hosts(),
    )


def seed(engine: Engine) -> None:
    """Put the shipped topics and, where there is no source at all, the default sources into the store."""
    with session.transaction(engine) as db:
        interests.ship_topics(db, shipped())
        sources.defaults(db, DEFAULT_SOURCES)


def _user_agent(settings: Settings) -> str:
    """Who asks, with a contact, as arXiv's terms of use want it."""
    return f"digest/{__version__} (+{settings.contact or settings.base_url})"


def _keys(settings: Settings) -> Keys:
    current = settings.secret_key.get_secret_value() or _kept_key(settings.data_dir)
    old = settings.old_secret_keys.get_secret_value().split(",")
    return Keys(current.encode(), tuple(key.strip().encode() for key in old if key.strip()))


def _kept_key(folder: Path) -> str:
    """The key of an installation that names none: made once, readable by its owner alone."""
    path = folder / KEY_FILE
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with path.open("x", encoding="ascii", opener=_private) as file:
            file.write(secrets.token_urlsafe(32))
    except FileExistsError:
        pass
    except OSError as error:
        msg = f"can't keep a secret key in {folder}: {error.strerror}"
        raise ConfigError(
            msg, fix="set DIGEST_SECRET_KEY, or a DIGEST_DATA_DIR that can be written"
        ) from error
    return path.read_text(encoding="ascii")


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)

"""Reads settings from the environment, `.env` and `*_FILE` secrets into one frozen object, once at the edge.

All that is wrong is reported at once. Nothing below this module reads the environment.
"""

import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic_core import ValidationError

from digest.config.secret import Secret
from digest.config.settings import CHECK, DESCRIPTIONS, FOUND_HERE, Settings
from digest.errors import ConfigError
from digest.words.nearest import nearest

PREFIX = "DIGEST_"
ENV_FILE = ".env"
# These may stand in a file: DIGEST_<NAME>_FILE.
SECRETS = (
    *("DATABASE_URL", "REDIS_URL", "SMTP_URL", "SECRET_KEY", "DKIM_KEY"),
    *("BOUNCE_IMAP_URL", "GITHUB_TOKEN", "SEMANTICSCHOLAR_KEY", "SUMMARY_KEY"),
)
_PASSWORD = re.compile(r"(://[^/@]*?:)[^@/]*(@)")


def depends_on_folder(settings: Settings) -> bool:
    """Return whether the data folder is one that was only found because of where the command was started."""
    return settings.is_found_here


def load(**overrides: Any) -> Settings:
    """Read the settings; `overrides` (by field name) win over the environment, and that over `.env`.

    What is empty is as if it weren't there. Raises ConfigError that lists everything that is wrong, a line
    each.
    """
    given = _given() | overrides
    try:
        found = CHECK.validate_python(given)
    except ValidationError as error:
        lines = [
            f"{PREFIX}{'_'.join(map(str, e['loc'])).upper()}: {e['msg'].removeprefix('Value error, ')}"
            for e in error.errors(include_url=False, include_input=False)
        ]
        raise ConfigError("\n".join(lines), fix="correct them in the environment or in .env") from error
    found_here = "data_dir" not in given and found["data_dir"] == FOUND_HERE.absolute()
    return Settings(**found, is_found_here=found_here)


def unknown_names(environ: Mapping[str, str]) -> list[tuple[str, str]]:
    """Return the `DIGEST_*` names in the environment or `.env` that mean nothing, each with the nearest or
    ''.
    """
    known = {PREFIX + name.upper() for name in DESCRIPTIONS}
    known |= {f"{PREFIX}{name}_FILE" for name in SECRETS}
    given = {*environ, *_env_file()}
    strays = sorted(name for name in given if name.startswith(PREFIX) and name not in known)
    return [(name, nearest(name, known)) for name in strays]


def _env_file() -> Mapping[str, str | None]:
    """What `.env` says."""
    if not Path(ENV_FILE).exists():
        return {}
    from dotenv import dotenv_values  # noqa: PLC0415 - where there is such a file

    return dotenv_values(ENV_FILE)


def _given() -> dict[str, Any]:
    """What the environment and `.env` say, by the names of fields."""
    given: dict[str, str] = {}
    for values in (_env_file(), os.environ):
        given |= {name.upper(): value for name, value in values.items() if value}
    names = {field: PREFIX + field.upper() for field in DESCRIPTIONS}
    plain = {field: given[name] for field, name in names.items() if name in given}
    return plain | _secrets_from_files(given)


def _secrets_from_files(environ: Mapping[str, str]) -> dict[str, Any]:
    """`DIGEST_SECRET_KEY_FILE=/run/secrets/key` and its like, as Docker and systemd hand secrets over."""
    found: dict[str, Any] = {}
    for name in SECRETS:
        path = environ.get(f"{PREFIX}{name}_FILE")
        if not path or os.environ.get(PREFIX + name):
            continue
        try:
            found[name.lower()] = Path(path).read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError) as error:
            why = error.strerror if isinstance(error, OSError) else "it isn't text"
            msg = f"{PREFIX}{name}_FILE: can't read {path}: {why}"
            raise ConfigError(msg, fix="name a file of text that this user can read") from error
    return found


def origins(settings: Settings, environ: Mapping[str, str]) -> list[tuple[str, str, str]]:
    """Return each setting as (name, value, where it comes from); secrets are masked."""
    in_file = _env_file()
    rows: list[tuple[str, str, str]] = []
    for field in DESCRIPTIONS:
        name = PREFIX + field.upper()
        value = getattr(settings, field)
        if name in environ:
            origin = "environment"
        elif f"{name}_FILE" in {**in_file, **environ}:
            origin = "file"
        else:
            origin = ".env" if name in in_file else "default"
        rows.append((name, _masked(value), origin))
    return rows


def _masked(value: Any) -> str:
    if not isinstance(value, Secret):
        return "" if value is None else str(value)
    return (
        _PASSWORD.sub(r"\1***\2", value.get_secret_value())
        if "://" in value.get_secret_value()
        else str(value)
    )

"""Celery's door: `celery -A workers worker`, `celery -A workers beat`.

The app is made when the command line asks for `workers.celery`, so that importing a task or the beat table
needs no settings. A setting that is missing or wrong ends the process with one clear error (exit 4).
"""

import os
import sys
from functools import cache
from typing import Any

from digest.config import load
from digest.errors import ConfigError

EXIT_CONFIGURATION = 4


def __getattr__(name: str) -> Any:
    if name != "celery":
        raise AttributeError(name)
    return _app()


@cache
def _app() -> Any:
    from workers.app import create  # noqa: PLC0415 - loads Celery only for who asks for the app

    os.umask(0o077)  # as in digest.__main__: what a worker writes is its owner's

    try:
        return create(load())
    except ConfigError as error:
        sys.stderr.write(f"error: {error.message}\nfix: {error.fix}\n")
        raise SystemExit(EXIT_CONFIGURATION) from error

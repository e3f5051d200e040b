"""Runs commands as they are typed: → exit code, stdout (parsed, where --json was said), stderr."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from digest.cli import main

Command = Callable[..., tuple[int, Any, str]]


def commands(capsys: pytest.CaptureFixture[str], *, now: str | None = None) -> Command:
    """Return a function that runs one command; `now`: the time of each that isn't given another."""

    def call(*arguments: str, now: str | None = now) -> tuple[int, Any, str]:
        code = main(["--now", now, *arguments] if now else arguments)
        out, err = capsys.readouterr()
        return code, json.loads(out) if "--json" in arguments and out else out, err

    return call

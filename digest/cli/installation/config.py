"""Runs `digest config`: shows and checks the settings in force."""

import os

import click

from digest.cli.terminal.context import Cli, json_option, pass_cli
from digest.cli.terminal.output import emit, say, table


@click.group()
def config() -> None:
    """The settings."""


@config.command()
@json_option
@pass_cli
def show(cli: Cli, as_json: bool) -> None:
    """Print every setting, its value (secrets masked) and where it comes from.

    Example: digest config show
    """
    from digest.config import origins

    rows = origins(cli.settings, dict(os.environ))
    if as_json:
        emit([{"name": name, "value": value, "from": origin} for name, value, origin in rows])
    else:
        table(("setting", "value", "from"), rows)


@config.command()
@json_option
def check(as_json: bool) -> int:
    """Say everything that is wrong with the settings at once: values, and names that mean nothing.

    Nothing is opened and nothing is asked; `digest doctor` looks at what the settings lead to.

    Example: digest config check
    """
    from digest.cli.terminal.exits import CONFIGURATION, OK
    from digest.config import load, unknown_names
    from digest.errors import ConfigError

    problems = [
        f"{name}: there is no such setting{f'; did you mean {near}?' if near else ''}"
        for name, near in unknown_names(os.environ)
    ]
    try:
        load()
    except ConfigError as error:
        problems += error.message.splitlines()
    if as_json:
        emit({"ok": not problems, "problems": problems})
    else:
        for problem in problems:
            say(problem)
        say(f"{len(problems)} problems" if problems else "the settings can be read")
    return CONFIGURATION if problems else OK

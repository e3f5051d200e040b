"""`digest config`: the settings as they are in force."""

import os

import click

from digest.cli.context import Cli, json_option, pass_cli
from digest.cli.output import emit, table


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

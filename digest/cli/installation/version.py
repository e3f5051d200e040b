"""Runs `digest version`: prints the version."""

import click

from digest import __version__
from digest.cli.terminal.context import json_option
from digest.cli.terminal.output import emit, say


@click.command()
@json_option
def version(as_json: bool) -> None:
    """Print the version.

    Example: digest version --json
    """
    if as_json:
        emit({"version": __version__})
    else:
        say(f"digest {__version__}")

"""Asks a person before something that can't be undone; a script must have said --yes."""

import click

from digest.cli.terminal.context import on_terminal
from digest.cli.terminal.exits import REFUSED
from digest.cli.terminal.output import say
from digest.errors import RefusedError


def ask(what: str) -> None:
    """Go on only if a person at a terminal agrees.

    Raises RefusedError where there is no terminal, and ends the command where they say no.
    """
    if not on_terminal():
        raise RefusedError(f"not done, for nobody can be asked here: {what}", fix="add --yes to do it")
    if not click.confirm(f"{what}. Go on?"):
        say("Cancelled; nothing was changed.", err=True)
        raise click.exceptions.Exit(REFUSED)

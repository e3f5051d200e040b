"""Before something that can't be undone: a person is asked, a script must have said --yes."""

import click

from digest.cli.context import on_terminal
from digest.errors import RefusedError


def ask(what: str) -> None:
    """Go on only if a person at a terminal agrees. Raises RefusedError where there is none, else Abort."""
    if not on_terminal():
        raise RefusedError(what, fix="say --yes to do it")
    if not click.confirm(f"{what}. Go on?"):
        raise click.exceptions.Abort

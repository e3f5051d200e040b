"""`digest db`: the database and its schema."""

import click

from digest.cli.terminal.context import Cli, json_option, pass_cli
from digest.cli.terminal.output import emit


@click.group()
def db() -> None:
    """The database: bring it up to date, say where it stands."""


@db.command()
@pass_cli
def upgrade(cli: Cli) -> None:
    """Create the tables, or bring them up to this version. Safe to repeat."""
    from digest.pipeline.operations import database

    revisions = database.upgrade(cli.settings)
    click.echo(f"schema {revisions.needed} (was {revisions.found or 'empty'})")


@db.command()
@json_option
@pass_cli
def current(cli: Cli, as_json: bool) -> None:
    """Print the revision of the schema, and the one that this version wants."""
    from digest.pipeline.operations import database

    revisions = database.revisions(cli.settings)
    if as_json:
        emit({"current": revisions.found, "head": revisions.needed})
    else:
        click.echo(f"{revisions.found or 'empty'} (this version needs {revisions.needed})")


@db.command()
@pass_cli
def check(cli: Cli) -> None:
    """Exit with 0 if the database answers and its schema fits this version, else with 4 or 5."""
    from digest.pipeline.operations import database

    database.check(cli.settings)
    click.echo("ok")

"""`digest db`: the database and its schema."""

import click

from digest.cli.context import Cli, json_option, pass_cli
from digest.cli.output import emit


@click.group()
def db() -> None:
    """The database: bring it up to date, say where it stands."""


@db.command()
@pass_cli
def upgrade(cli: Cli) -> None:
    """Create the tables, or bring them up to this version. Safe to repeat."""
    from digest.pipeline.installation import seed
    from digest.store import schema, session

    engine = session.connect(cli.settings.database())
    before = schema.current(engine)
    schema.upgrade(engine)
    seed(engine)
    click.echo(f"schema {schema.current(engine)} (was {before or 'empty'})")


@db.command()
@json_option
@pass_cli
def current(cli: Cli, as_json: bool) -> None:
    """Print the revision of the schema, and the one that this version wants."""
    from digest.store import schema, session

    engine = session.connect(cli.settings.database())
    found, wanted = schema.current(engine), schema.head()
    if as_json:
        emit({"current": found, "head": wanted})
    else:
        click.echo(f"{found or 'empty'} (this version wants {wanted})")


@db.command()
@pass_cli
def check(cli: Cli) -> None:
    """Exit with 0 if the database answers and its schema fits this version, else with 4 or 5."""
    from digest.store import schema, session

    schema.check(session.connect(cli.settings.database()))
    click.echo("ok")

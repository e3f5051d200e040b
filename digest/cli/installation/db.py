"""Runs `digest db`: upgrades, checks, backs up and restores the database."""

from pathlib import Path

import click

from digest.cli.terminal.context import Cli, json_option, pass_cli
from digest.cli.terminal.options import dry_run_option, yes_option
from digest.cli.terminal.output import emit, say
from digest.cli.terminal.prompts import ask


@click.group()
def db() -> None:
    """The database: bring it up to date, say where it stands, back it up and restore it."""


@db.command()
@dry_run_option
@json_option
@pass_cli
def upgrade(cli: Cli, *, dry_run: bool, as_json: bool) -> None:
    """Create the tables, or bring them up to this version. Safe to repeat.

    Example: digest db upgrade --dry-run
    """
    from digest.pipeline.operations import database

    revisions = database.revisions(cli.settings) if dry_run else database.upgrade(cli.settings)
    if as_json:
        emit({"before": revisions.found, "head": revisions.needed, "written": not dry_run})
    elif dry_run:
        say(f"schema {revisions.found or 'empty'} would become {revisions.needed}")
    else:
        say(f"schema {revisions.needed} (was {revisions.found or 'empty'})")


@db.command()
@json_option
@pass_cli
def current(cli: Cli, as_json: bool) -> None:
    """Print the revision of the schema, and the one that this version wants.

    Example: digest db current --json
    """
    from digest.pipeline.operations import database

    revisions = database.revisions(cli.settings)
    if as_json:
        emit({"current": revisions.found, "head": revisions.needed})
    else:
        say(f"{revisions.found or 'empty'} (this version needs {revisions.needed})")


@db.command()
@json_option
@pass_cli
def check(cli: Cli, as_json: bool) -> None:
    """Exit with 0 if the database answers and its schema fits this version, else with 4 or 5.

    Example: digest db check
    """
    from digest.pipeline.operations import database

    database.check(cli.settings)
    if as_json:
        emit({"ok": True})
    else:
        say("ok")


@db.command()
@click.argument("path", type=click.Path(dir_okay=False, path_type=Path))
@dry_run_option
@json_option
@pass_cli
def backup(cli: Cli, *, path: Path, dry_run: bool, as_json: bool) -> None:
    """Write the whole database to a new file that only you can read, while Digest goes on.

    SQLite copies itself; Postgres needs pg_dump. Keep the secret key with it: without that key its links end.

    Example: digest db backup digest-2026-03-17.backup
    """
    from digest.pipeline.operations import backup as backups
    from digest.pipeline.operations import database

    database.check(cli.settings)
    size = None if dry_run else backups.backup(cli.settings, path)
    if as_json:
        emit({"path": str(path), "bytes": size})
    else:
        say(f"{path}: {'would be written' if size is None else f'{size:,} bytes'}")


@db.command()
@click.argument("path", type=click.Path(dir_okay=False, path_type=Path))
@dry_run_option
@yes_option
@json_option
@pass_cli
def restore(cli: Cli, *, path: Path, dry_run: bool, yes: bool, as_json: bool) -> None:
    """Replace all that is in the database by a backup. Stop all processes of Digest first.

    Nothing is sent twice: what was waiting in the backup becomes uncertain, and digests that were due since
    then are skipped; both are listed by digest deliveries list. Who joined or left since then is lost.

    Example: digest db restore digest-2026-03-17.backup --yes
    """
    from digest.pipeline.operations import backup as backups

    backups.check(cli.settings, path)
    if dry_run:
        if as_json:
            emit({"path": str(path), "uncertain": None, "skipped": None})
        else:
            say(f"{path} can be restored; nothing was written")
        return
    if not yes:
        ask(f"all that is in the database will be replaced by {path}")
    found = backups.restore(cli.settings, path, cli.now, cli.actor)
    if as_json:
        emit({"path": str(path), "uncertain": found.uncertain, "skipped": found.skipped})
    else:
        say(f"restored {path}: {found.uncertain} emails became uncertain, {found.skipped} digests skipped")

"""Runs `digest sources pause` and `resume`: leaves a source alone for a while."""

import click

from digest.cli.terminal.context import Cli, json_option, pass_cli
from digest.cli.terminal.options import dry_run_option
from digest.cli.terminal.output import emit, say
from digest.domain import SourceState
from digest.serializers import source_object


@click.command()
@click.argument("name")
@dry_run_option
@json_option
@pass_cli
def pause(cli: Cli, *, name: str, dry_run: bool, as_json: bool) -> None:
    """Leave a source alone: it isn't asked, and raises no alarm, until it is resumed. Its papers stay.

    Example: digest sources pause biorxiv
    """
    from digest.pipeline.ingest import sources as registry

    before = registry.get(cli.installation, name)
    after = before if dry_run else registry.pause(cli.installation, name, cli.now)
    if as_json:
        emit(source_object(after))
    elif before.state is SourceState.PAUSED:
        say(f"{name} is paused already")
    elif dry_run:
        say(f"{name} would be paused (it is {before.state})")
    else:
        say(f"{name} is paused; ask it again: digest sources resume {name}")


@click.command()
@click.argument("name")
@dry_run_option
@json_option
@pass_cli
def resume(cli: Cli, *, name: str, dry_run: bool, as_json: bool) -> None:
    """Ask a paused source again, from the next round on. Days that it missed: digest sources backfill.

    Example: digest sources resume biorxiv
    """
    from digest.pipeline.ingest import sources as registry

    before = registry.get(cli.installation, name)
    after = before if dry_run else registry.resume(cli.installation, name, cli.now)
    if as_json:
        emit(source_object(after))
    elif before.state is not SourceState.PAUSED:
        say(f"{name} isn't paused (it is {before.state})")
    else:
        say(f"{name} {'would be' if dry_run else 'is'} asked again from the next round on")

"""Runs `digest papers encode`: computes what papers mean, for search, all at once."""

import click

from digest.cli.terminal.context import Cli, json_option, pass_cli
from digest.cli.terminal.options import dry_run_option
from digest.cli.terminal.output import emit, say
from digest.cli.terminal.progress import counting


@click.command()
@dry_run_option
@json_option
@pass_cli
def encode(cli: Cli, *, dry_run: bool, as_json: bool) -> None:
    """Give all papers their vectors of meaning at once, instead of 60 a round. Stopped, it goes on later.

    Example: digest papers encode
    """
    from digest.pipeline.catalog.ranking import meaning

    done = total = meaning.missing(cli.installation)
    if not dry_run:
        with counting("papers", total) as on_progress:
            done = meaning.encode_all(cli.installation, cli.now, on_progress=on_progress)
    if as_json:
        emit({"papers": done})
    else:
        say(f"{done:,} papers would be encoded" if dry_run else f"encoded {done:,} papers")

"""Runs `digest failures`: lists and retries what was set aside for a reason that nobody foresaw."""

import click

from digest.cli.terminal.context import Cli, json_option, pass_cli
from digest.cli.terminal.options import dry_run_option
from digest.cli.terminal.output import emit, say, table


@click.group()
def failures() -> None:
    """List what was set aside because it failed, and try it again."""


@failures.command("list")
@json_option
@pass_cli
def list_(cli: Cli, as_json: bool) -> None:
    """List steps, sign-ups, subscribers, deliveries and sources that fail, with their last error.

    Example: digest failures list --json
    """
    from digest.pipeline.failures import listing

    found = listing(cli.installation)
    if as_json:
        emit(found)
        return
    table(
        ("part", "item", "times", "since", "error"),
        [(f.part, f.item, f.count, f"{f.first_at:%Y-%m-%d %H:%M}", f.error) for f in found],
        empty="nothing is set aside",
    )


@failures.command()
@dry_run_option
@json_option
@pass_cli
def retry(cli: Cli, *, dry_run: bool, as_json: bool) -> None:
    """Forget what failed, so that the next round tries all of it again.

    Example: digest failures retry
    """
    from digest.pipeline.failures import retry as again

    count = again(cli.rehearsed(dry_run), cli.now)
    if as_json:
        emit({"failures": count, "written": not dry_run})
    elif dry_run:
        say(f"{count} failures would be forgotten")
    else:
        say(f"{count} failures are forgotten; `digest run` tries again what is due")

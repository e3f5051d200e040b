"""Runs `digest sources backfill`: asks for what a source brought on days that were missed."""

from datetime import date, datetime
from typing import TYPE_CHECKING, Any

import click

from digest.cli.terminal.context import Cli, json_option, pass_cli
from digest.cli.terminal.exits import PARTLY_FAILED
from digest.cli.terminal.output import emit, say
from digest.cli.terminal.progress import progress

if TYPE_CHECKING:
    from digest.pipeline.ingest.past.backfill import Repair

_DAY = click.DateTime(["%Y-%m-%d"])


@click.command()
@click.argument("name")
@click.option("--from", "first", type=_DAY, required=True, metavar="DATE", help="The first day.")
@click.option("--to", "last", type=_DAY, required=True, metavar="DATE", help="The last day.")
@click.option("--via", type=click.Choice(["api", "oai"]), default="api", show_default=True, help="For arXiv.")
@click.option("--again", is_flag=True, help="Ask for days that are whole already, too.")
@click.option("--dry-run", is_flag=True, help="Say which days would be asked for; ask and write nothing.")
@json_option
@pass_cli
def backfill(
    cli: Cli,
    *,
    name: str,
    first: datetime,
    last: datetime,
    via: str,
    again: bool,
    dry_run: bool,
    as_json: bool,
) -> int:
    """Repair a gap: ask a source for all its papers of these days. Goes on where it was stopped.

    Example: digest sources backfill arxiv --from 2026-03-16 --to 2026-03-20
    """
    from digest.pipeline.ingest.past import backfill as repairs
    from digest.sources.past import Way

    days = repairs.plan(cli.installation, name, first.date(), last.date(), cli.now)
    if dry_run:
        _show_plan(days, as_json)
        return 0
    with progress(len(days), "days") as on_progress:
        repair = repairs.backfill(
            cli.installation,
            name,
            first.date(),
            last.date(),
            cli.now,
            way=Way(via),
            again=again,
            on_progress=lambda repair: on_progress(repair.done, repair.entries),
        )
    if as_json:
        emit({"name": name} | _object(repair))
    else:
        _show(name, repair)
    return PARTLY_FAILED if repair.error else 0


def _object(repair: "Repair") -> dict[str, Any]:
    return {
        "days": repair.days,
        "done": repair.done,
        "requests": repair.requests,
        "entries": repair.entries,
        "new": repair.new,
        "updated": repair.updated,
        "open": repair.open,
        "error": repair.error,
    }


def _show_plan(days: list[date], as_json: bool) -> None:
    if as_json:
        emit({"days": days})
    else:
        say(f"would ask for {len(days)} days: {', '.join(f'{day}' for day in days)}")


def _show(name: str, repair: "Repair") -> None:
    say(
        f"{name}: {repair.done} of {repair.days} days are whole; {repair.requests} requests brought"
        f" {repair.entries} entries, {repair.new} new papers, {repair.updated} updated"
    )
    if repair.open:
        say(f"still open, asked for again by itself: {', '.join(f'{day}' for day in repair.open)}")
    if repair.error:
        say(f"error: {name}: {repair.error}\nfix: run the same command again later", err=True)

"""`digest sources backfill`: what a source brought on days that were missed."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

import click

from digest.cli.context import Cli, json_option, pass_cli
from digest.cli.output import emit

if TYPE_CHECKING:
    from digest.pipeline.backfill import Repair

PARTLY_FAILED = 6
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
    from digest.pipeline import backfill as repairs
    from digest.sources.past import Way

    days = repairs.plan(cli.installation, name, first.date(), last.date(), cli.now)
    if dry_run:
        _show_plan(days, as_json)
        return 0
    with _progress(len(days)) as told:
        repair = repairs.backfill(
            cli.installation,
            name,
            first.date(),
            last.date(),
            cli.now,
            way=Way(via),
            again=again,
            told=told,
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
        click.echo(f"would ask for {len(days)} days: {', '.join(f'{day}' for day in days)}")


def _show(name: str, repair: "Repair") -> None:
    click.echo(
        f"{name}: {repair.done} of {repair.days} days are whole; {repair.requests} requests brought"
        f" {repair.entries} entries, {repair.new} new papers, {repair.updated} updated"
    )
    if repair.open:
        click.echo(f"still open, asked for again by itself: {', '.join(f'{day}' for day in repair.open)}")
    if repair.error:
        click.echo(f"error: {name}: {repair.error}\nfix: run the same command again later", err=True)


@contextmanager
def _progress(days: int) -> "Iterator[Callable[[Repair], None]]":
    """A bar on a terminal (days, papers a second, time left); nothing anywhere else."""
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

    console = Console(stderr=True)
    columns = (
        BarColumn(),
        TextColumn("{task.completed:.0f}/{task.total:.0f} days, {task.fields[papers]}"),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as bar:
        task = bar.add_task("", total=days, papers="0 papers")

        def told(repair: "Repair") -> None:
            seconds = bar.tasks[0].elapsed or 1
            rate = f"{repair.entries:,} papers, {repair.entries / seconds:.1f}/s"
            bar.update(task, completed=repair.done, papers=rate)

        yield told

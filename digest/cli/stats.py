"""Runs `digest stats`: shows the numbers of the last days."""

import os
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from digest.cli.terminal.context import Cli, json_option, pass_cli
from digest.cli.terminal.output import emit, say, table
from digest.cli.terminal.sparklines import can_draw, pooled, sparkline
from digest.cli.terminal.types import Number
from digest.domain import DeliveryState

if TYPE_CHECKING:
    from digest.pipeline.monitoring.statistics import Statistics

_MOST_TOPICS = 15
_WIDE = 30  # bars of a sparkline: of more days, several make one
NO_OPENS = "Opens aren't tracked: emails hold no pixel and no redirecting link."


@click.command()
@click.option("--days", default=30, show_default=True, type=Number(1, 366), help="How far back.")
@click.option("--html", type=click.Path(dir_okay=False), metavar="FILE", help="Write a page with plots.")
@json_option
@pass_cli
def stats(cli: Cli, *, days: int, html: str | None, as_json: bool) -> None:
    """Show who joined and left, what was sent, votes, sources, and topics by reach. Opens aren't tracked.

    Example: digest stats --days 90 --html stats.html
    """
    from digest.pipeline.monitoring.statistics import as_page, read_statistics

    found = read_statistics(cli.installation, cli.now, days=days)
    if html:
        Path(html).write_text(as_page(cli.installation, found, cli.now), encoding="utf-8")
        say(f"wrote {html}", err=True)
    if as_json:
        emit(_object(found))
    elif not html:
        _show(found)


def _object(found: "Statistics") -> dict[str, Any]:
    def of_day(day: date) -> dict[str, Any]:
        counts = {"joined": found.joined, "left": found.left, "votes": found.votes}
        states = {str(state): found.deliveries.get(day, {}).get(state, 0) for state in DeliveryState}
        return {"date": day} | {name: by_day.get(day, 0) for name, by_day in counts.items()} | states

    days = [of_day(day) for day in found.days]
    return {
        "since": found.days[0],
        "until": found.days[-1],
        "subscribers": found.now,
        "totals": {name: sum(day[name] for day in days) for name in days[0] if name != "date"},
        "opens": None,
        "days": days,
        "sources": [
            {
                "name": source.name,
                "state": source.state,
                "new": sum(source.new.values()),
                "days": [{"date": day, "new": count} for day, count in sorted(source.new.items())],
            }
            for source in found.sources
        ],
        "topics": found.topics,
    }


def _show(found: "Statistics") -> None:
    draws = can_draw(os.environ)

    def row(name: str, counts: Mapping[date, int]) -> tuple[str, ...]:
        line = sparkline(pooled([counts.get(day, 0) for day in found.days], _WIDE)) if draws else None
        return (name, f"{sum(counts.values()):,}", *([line] if line is not None else []))

    of_days = ("by day",) if draws else ()
    say(f"{found.days[0]} to {found.days[-1]} ({len(found.days)} days)\n")
    rows = [row("joined", found.joined), row("left", found.left), row("votes", found.votes)]
    rows += [row(f"digests {state}", found.of_state(state)) for state in found.states]
    table(("", "total", *of_days), rows)
    say(NO_OPENS + "\n")
    table(("subscribers now", ""), [(str(status), f"{count:,}") for status, count in found.now.items()])
    if found.sources:
        click.echo()
        rows = [(*row(source.name, source.new), source.state) for source in found.sources]
        table(("source", "new papers", *of_days, "state"), rows)
    ticked = [topic for topic in found.topics if topic.readers][:_MOST_TOPICS]
    if ticked:
        click.echo()
        table(("topic", "readers"), [(topic.slug, f"{topic.readers:,}") for topic in ticked])

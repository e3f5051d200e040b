"""Runs `digest sources check|import|export`: tries a source before it is added, and moves many at a time."""

from typing import TYPE_CHECKING, Any

import click

from digest.cli.terminal.context import Cli, json_option, pass_cli
from digest.cli.terminal.exits import PARTLY_FAILED
from digest.cli.terminal.options import dry_run_option
from digest.cli.terminal.output import document, emit, say, table

if TYPE_CHECKING:
    from digest.pipeline.ingest.probe import SourceCheck


@click.command()
@click.argument("url")
@json_option
@pass_cli
def check(cli: Cli, url: str, as_json: bool) -> int:
    """Say what an address would be as a source: kind, entries, a sample, problems. Adds nothing.

    Example: digest sources check https://www.nature.com/nature.rss
    """
    from digest.pipeline.ingest.probe import check as checked
    from digest.pipeline.ingest.probe import read_source

    found = checked(cli.installation, read_source(url, cli.installation.allow_hosts), cli.now)
    if as_json:
        emit(_check_object(found))
    else:
        _show_check(found)
    return PARTLY_FAILED if found.error else 0


def _check_object(found: "SourceCheck") -> dict[str, Any]:
    sample = [
        {"key": e.key, "title": e.title, "url": e.url, "announced_at": e.announced_at} for e in found.sample
    ]
    return {
        "url": found.url,
        "kind": found.kind,
        "entries": found.entries,
        "sample": sample,
        "problems": found.problems,
        "error": found.error,
    }


def _show_check(found: "SourceCheck") -> None:
    say(f"{found.url}\nkind {found.kind}, {found.entries} entries")
    for entry in found.sample:
        say(f"  {entry.title}\n    {entry.url}")
    for problem in found.problems:
        say(f"problem: {problem}", err=True)
    if found.error:
        say(f"error: it can't be read: {found.error}", err=True)
    else:
        click.echo(f"add it: digest sources add '{found.url}' --name NAME")


@click.command("import")
@click.argument("file", type=click.File("rb", lazy=True))
@dry_run_option
@json_option
@pass_cli
def import_(cli: Cli, file: Any, dry_run: bool, as_json: bool) -> int:
    """Add the feeds of an OPML file (- for standard input) that aren't there yet; safe to repeat.

    Example: digest sources import feeds.opml --dry-run
    """
    from digest.pipeline.ingest.opml import import_opml

    listed = import_opml(cli.installation, file.read(), cli.now, dry_run=dry_run)
    if as_json:
        emit(listed)
    else:
        table(
            ("name", "kind", "result", "url", "error"),
            [(each.name, each.kind, each.result, each.url, each.error) for each in listed],
            empty="the file lists no feed",
        )
    return PARTLY_FAILED if any(each.error for each in listed) else 0


@click.command()
@json_option
@pass_cli
def export(cli: Cli, as_json: bool) -> None:
    """Write all sources as OPML to standard output, for other programs or another installation.

    Example: digest sources export
    """
    from digest.pipeline.ingest.opml import export_opml, outlines

    if as_json:
        emit([{"name": o.title, "kind": o.kind, "url": o.url} for o in outlines(cli.installation)])
        return
    document(export_opml(cli.installation))

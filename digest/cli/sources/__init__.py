"""Runs `digest sources`: lists, adds, changes and removes where papers come from."""

from datetime import datetime
from typing import TYPE_CHECKING, Any

import click

from digest.cli.sources.backfill import backfill
from digest.cli.sources.lists import check, export, import_
from digest.cli.sources.pauses import pause, resume
from digest.cli.terminal.context import Cli, json_option, pass_cli
from digest.cli.terminal.options import dry_run_option, yes_option
from digest.cli.terminal.output import emit, say, table
from digest.cli.terminal.prompts import ask
from digest.cli.terminal.sparklines import sparkline
from digest.cli.terminal.types import choice
from digest.domain import SourceKind
from digest.serializers import source_object

if TYPE_CHECKING:
    from digest.pipeline.ingest.overview import SourceView


@click.group()
def sources() -> None:
    """Where papers come from, and how each source is doing."""


@sources.command("list")
@json_option
@pass_cli
def list_(cli: Cli, as_json: bool) -> None:
    """List the sources: their states, and what their last 14 announcements brought.

    Example: digest sources list --json
    """
    from digest.pipeline.ingest.overview import views

    listed = views(cli.installation.engine, cli.now)
    if as_json:
        emit([view_object(view, cli.now) for view in listed])
        return
    table(
        ("name", "kind", "state", "last new", "announcements", "failures", "url"),
        [_row(view, cli.now) for view in listed],
        empty="no sources; add one: digest sources add URL --name NAME",
        optional=("url", "failures"),
    )
    for view in listed:
        for note in (view.source.last_error, *view.source.notes, *_missed(view)):
            if note:
                say(f"{view.source.name}: {note}", err=True)


def view_object(view: "SourceView", now: datetime) -> dict[str, Any]:
    """Return a source with what it brought lately; the age is in seconds."""
    from digest.pipeline.ingest.overview import age

    source, since = view.source, age(view.source, now)
    return source_object(source) | {
        "failing_since": source.failing_since,
        "next_fetch_at": source.next_fetch_at,
        "last_new_at": source.last_new_at,
        "last_new_age": None if since is None else round(since.total_seconds()),
        "announcements": [{"date": each.day, "new": each.new} for each in view.announcements],
        "missed": view.missed,
        "notes": source.notes,
    }


def _row(view: "SourceView", now: datetime) -> tuple[Any, ...]:
    from digest.pipeline.ingest.overview import age

    source, since = view.source, age(view.source, now)
    ago = None if since is None else f"{since.days} d {since.seconds // 3600} h"
    counts = sparkline([each.new for each in view.announcements])
    return (source.name, source.kind, source.state, ago, counts, source.failures, source.url)


def _missed(view: "SourceView") -> tuple[str, ...]:
    if not view.missed:
        return ()
    return (f"nothing came of the announcements of {', '.join(f'{day}' for day in view.missed)}",)


@sources.command()
@click.argument("url")
@click.option("--name", required=True, help="A short name of your choice, such as nature.")
@click.option(
    "--kind",
    type=choice(SourceKind),
    help="The format it speaks; otherwise guessed, by asking it if need be.",
)
@dry_run_option
@json_option
@pass_cli
def add(cli: Cli, *, url: str, name: str, kind: str | None, dry_run: bool, as_json: bool) -> None:
    """Add a source. Without --kind its host says what it is, or else its answer, for which it is asked once.

    Example: digest sources add https://rss.arxiv.org/rss/math --name arxiv-math
    """
    from digest.pipeline.ingest import probe
    from digest.pipeline.ingest import sources as registry

    here = cli.rehearsed(dry_run)
    known = SourceKind(kind) if kind else probe.guess_kind(cli.installation, url, cli.now)
    added = registry.add(here, url, name=name, kind=known, now=cli.now)
    if as_json:
        emit(source_object(added))
    elif dry_run:
        say(f"{added.name} would be added as {added.kind}: {added.url}")
    else:
        say(f"added {added.name} as {added.kind}; fetch it: digest sources fetch {added.name}")


@sources.command()
@click.argument("name")
@click.option("--url", required=True, help="Its new address.")
@dry_run_option
@json_option
@pass_cli
def edit(cli: Cli, *, name: str, url: str, dry_run: bool, as_json: bool) -> None:
    """Give a source another address; what it carried stays.

    Example: digest sources edit arxiv --url https://rss.arxiv.org/rss/cs.CL+cs.LG
    """
    from digest.pipeline.ingest import sources as registry
    from digest.pipeline.ingest.probe import read_source

    before = registry.get(cli.installation, name)
    wanted = read_source(url, cli.installation.allow_hosts)
    edited = before if dry_run else registry.edit(cli.installation, name, url=wanted, now=cli.now)
    if as_json:
        emit(source_object(edited))
    else:
        say(f"{name}: {before.url or 'no address'} → {wanted}{' (not written)' if dry_run else ''}")


@sources.command()
@click.argument("name")
@dry_run_option
@yes_option
@json_option
@pass_cli
def remove(cli: Cli, *, name: str, dry_run: bool, yes: bool, as_json: bool) -> None:
    """Stop asking a source; the papers that it carried stay.

    Example: digest sources remove nature --yes
    """
    from digest.pipeline.ingest import sources as registry

    source = registry.get(cli.installation, name)
    if not (dry_run or yes):
        ask(f"the source {name} ({source.url or 'files'}) will not be asked any more")
    if not dry_run:
        registry.remove(cli.installation, name, cli.now)
    if as_json:
        emit(source_object(source))
    else:
        say(f"{name}: {'would be removed' if dry_run else 'removed'}; its papers stay")


@sources.command()
@click.argument("names", nargs=-1)
@dry_run_option
@json_option
@pass_cli
def fetch(cli: Cli, names: tuple[str, ...], *, dry_run: bool, as_json: bool) -> int:
    """Ask these sources now, or all of them.

    Example: digest sources fetch huggingface
    """
    from digest.cli.installation.run import (
        exit_code,
        fetch_object,
        show_fetched,
        sources_reported_once,
    )
    from digest.pipeline.ingest import poll
    from digest.pipeline.ingest import sources as registry

    named = registry.named(cli.installation, names)
    if dry_run:
        asked = [source for source in named if source.url]
        if as_json:
            emit([source_object(source) for source in asked])
        else:
            table(("would be asked", "url"), [(source.name, source.url) for source in asked])
        return 0
    with sources_reported_once():
        fetched = poll.fetch(cli.installation, named, cli.now)
    if as_json:
        emit([fetch_object(report) for report in fetched])
    else:
        show_fetched(fetched)
    return exit_code(fetched)


for _command in (backfill, check, import_, export, pause, resume):
    sources.add_command(_command)

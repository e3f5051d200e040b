"""Runs `digest audit`: shows who changed what, and takes it back."""

from datetime import datetime
from typing import TYPE_CHECKING

import click

from digest.cli.terminal.context import Cli, json_option, pass_cli
from digest.cli.terminal.options import dry_run_option, yes_option
from digest.cli.terminal.output import emit, say, table, tell_if_cut
from digest.cli.terminal.prompts import ask
from digest.cli.terminal.types import ROW, SINCE, Number

if TYPE_CHECKING:
    from digest.pipeline.community.audit import Entry


@click.group()
def audit() -> None:
    """Who changed what, on pages, by the API and by commands; kept for a year."""


@audit.command("list")
@click.option("--actor", default="", help="Who did it: an address, a login, or such as token:3.")
@click.option(
    "--object", "object_", default="", help="What was changed: an address, a paper, or such as topic:llm."
)
@click.option("--since", type=SINCE, help="Not before this day or time.")
@click.option("--limit", default=50, show_default=True, type=Number(1, 1000), help="How many at most.")
@json_option
@pass_cli
def list_(cli: Cli, *, actor: str, object_: str, since: datetime | None, limit: int, as_json: bool) -> None:
    """List what was changed, the last first.

    Example: digest audit list --object topic:llm
    """
    from digest.pipeline.community import audit as acts

    found = acts.listing(cli.installation, actor=actor, object_=object_, since=since, limit=limit)
    if as_json:
        emit([acts.entry_object(entry) for entry in found])
    else:
        names = acts.names(cli.installation, found)
        table(
            ("act", "at", "who", "what", "object", "change"),
            [
                (entry.id, entry.at, names[entry.actor], _act(entry), entry.object, acts.in_words(entry))
                for entry in found
            ],
            empty="nothing was changed",
        )
    tell_if_cut(len(found), limit)


@audit.command()
@click.argument("number", metavar="ID", type=ROW)
@dry_run_option
@yes_option
@json_option
@pass_cli
def undo(cli: Cli, *, number: int, dry_run: bool, yes: bool, as_json: bool) -> None:
    """Take an act back: its object is as it was before. Refused where it was changed since.

    Example: digest audit undo 12 --yes
    """
    from digest.pipeline.community import audit as acts
    from digest.pipeline.community import undo as undoing

    entry = acts.get(cli.installation, number)
    undoing.check(entry, cli.installation.actor.name)
    if not as_json:
        say(f"{entry.at:%Y-%m-%d %H:%M} UTC {entry.actor} {entry.act} {entry.object}: {acts.in_words(entry)}")
    if not (dry_run or yes):
        ask("it will be taken back")
    made = None if dry_run else undoing.undo(cli.installation, number, cli.now)
    if as_json:
        emit(acts.entry_object(made or entry) | {"undone": made is not None})
    elif made:
        say(f"undone, by act {made.id}")
        if made.after and "stayed" in made.after:  # of an import: some may have got emails since
            say(f"{made.after['removed']:,} removed, {made.after['stayed']:,} stayed")


def _act(entry: "Entry") -> str:
    undone = f", undone by {entry.undone_by}" if entry.undone_by else ""
    return f"{entry.act}{f' of {entry.undo_of}' if entry.undo_of else ''}{undone}"

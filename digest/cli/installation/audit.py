"""Runs `digest audit`: shows who changed what, and takes it back."""

import re
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


_HASH = re.compile(r"\b([0-9a-f]{8})[0-9a-f]{24}\b")  # of an address that is suppressed


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
    """List what was changed, the last first; `audit show` says what of it.

    Example: digest audit list --object topic:llm
    """
    from digest.pipeline.community import audit as acts

    found = acts.listing(cli.installation, actor=actor, object_=object_, since=since, limit=limit)
    if as_json:
        emit([acts.entry_object(entry) for entry in found])
    else:
        names = acts.names(cli.installation, found)
        table(
            ("id", "when", "who", "from", "what"),
            [(entry.id, entry.at, names[entry.actor], entry.via, _what(entry)) for entry in found],
            empty="nothing was changed",
        )
    tell_if_cut(len(found), limit)


@audit.command()
@click.argument("number", metavar="ID", type=ROW)
@json_option
@pass_cli
def show(cli: Cli, *, number: int, as_json: bool) -> None:
    """Show one act: who did it, when and from where, and each field before and after.

    Example: digest audit show 12
    """
    from digest.pipeline.community import audit as acts

    entry = acts.get(cli.installation, number)
    if as_json:
        emit(acts.entry_object(entry))
        return
    fields = {
        "act": entry.act,
        "of": entry.object,
        "when": entry.at,
        "who": acts.names(cli.installation, [entry])[entry.actor],
        "from": " ".join(filter(None, (entry.via, entry.network and f"(network {entry.network})"))),
        "takes back": entry.undo_of,
        "undone by": entry.undone_by,
    }
    table(("", ""), [(name, value) for name, value in fields.items() if value])
    say("")
    table(("field", "before", "after"), acts.changed(entry), empty="no field of it is kept")


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


def _what(entry: "Entry") -> str:
    """The act and its object in few words: `edit topic:llm` for `topic.edit` of `topic:llm`."""
    noun, _, verb = entry.act.partition(".")
    named = entry.object.partition(":")[0]
    name = _HASH.sub(r"\1…", entry.object)
    act = f"{verb if noun == named else entry.act} {name}"
    return f"{act}{f' of {entry.undo_of}' if entry.undo_of else ''}" + (
        f", undone by {entry.undone_by}" if entry.undone_by else ""
    )

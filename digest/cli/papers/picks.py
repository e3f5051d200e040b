"""Runs `digest papers pick`, `unpick` and `order`: keeps what curators want others to read."""

from datetime import datetime

import click

from digest.cli.terminal.context import Cli, json_option, pass_cli
from digest.cli.terminal.options import dry_run_option
from digest.cli.terminal.output import emit, say, table
from digest.serializers import paper_object

date_option = click.option(
    "--date", "day", type=click.DateTime(["%Y-%m-%d"]), help="The day (UTC); today unless said."
)


@click.command()
@click.argument("paper_id", metavar="ID")
@click.option("--note", default="", help="Why to read it: plain text of at most 280 characters, no links.")
@click.option(
    "--by", "curator", metavar="EMAIL", help="The curator whose pick it is; without one: “a curator”."
)
@date_option
@dry_run_option
@json_option
@pass_cli
def pick(
    cli: Cli,
    *,
    paper_id: str,
    note: str,
    curator: str | None,
    day: datetime | None,
    dry_run: bool,
    as_json: bool,
) -> None:
    """Pick a paper for today or tomorrow, with a note that pages and emails show.

    Picking it again changes the note.

    Example: digest papers pick 2509.13332 --note 'Read this one for the ablation.'
    """
    from digest.pipeline.community import picks

    paper = picks.pick(
        cli.installation,
        paper_id,
        note,
        day=day.date() if day else None,
        curator=None if curator is None else picks.curator_of(cli.installation, curator),
        now=cli.now,
        dry_run=dry_run,
    )
    if as_json:
        emit(paper_object(paper, ()))
        return
    on = paper.picked.day if paper.picked else ""
    say(f"{paper.id} {'would be' if dry_run else 'is'} picked for {on}: {paper.title}")
    if not dry_run:
        click.echo(f"undo it: digest papers unpick {paper.id}")


@click.command()
@click.argument("paper_id", metavar="ID")
@date_option
@dry_run_option
@json_option
@pass_cli
def unpick(cli: Cli, *, paper_id: str, day: datetime | None, dry_run: bool, as_json: bool) -> None:
    """Take the pick of a paper back: that of a day, else its last one.

    Example: digest papers unpick 2509.13332
    """
    from digest.pipeline.community import picks

    paper = picks.unpick(
        cli.installation, paper_id, day=day.date() if day else None, now=cli.now, dry_run=dry_run
    )
    if as_json:
        emit(paper_object(paper, ()))
    else:
        say(f"{paper.id} {'would be' if dry_run else 'is'} no longer picked: {paper.title}")


@click.command()
@click.argument("paper_ids", metavar="[ID]...", nargs=-1)
@date_option
@dry_run_option
@json_option
@pass_cli
def order(
    cli: Cli, *, paper_ids: tuple[str, ...], day: datetime | None, dry_run: bool, as_json: bool
) -> None:
    """Show the picks of a day, or put them into the order given.

    Example: digest papers order 2509.13332 2509.14005
    """
    from digest.pipeline.community import picks

    on = day.date() if day else cli.now.date()
    if paper_ids:
        places = {ref: place for place, ref in enumerate(paper_ids, start=1)}
        picked = picks.place(cli.rehearsed(dry_run), on, places, cli.now)
    else:
        picked = picks.picked_on(cli.installation, on, cli.now)
    if as_json:
        emit([paper_object(paper, ()) for paper in picked])
        return
    rows = [(p.picked.order, p.id, p.picked.by or "a curator", p.picked.note) for p in picked if p.picked]
    table(("place", "paper", "by", "note"), rows, empty=f"no picks for {on}")

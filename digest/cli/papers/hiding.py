"""Runs `digest papers hide` and `unhide`: keeps papers from readers, and shows them again."""

import click

from digest.cli.terminal.context import Cli, json_option, pass_cli
from digest.cli.terminal.options import dry_run_option
from digest.cli.terminal.output import emit, say
from digest.domain import HideReason
from digest.serializers import paper_object


@click.command()
@click.argument("paper_id", metavar="ID")
@click.option(
    "--reason",
    "why",
    required=True,
    metavar="TEXT",
    help=f"Why, which its page says: {', '.join(HideReason)}, with words behind a colon; or other words.",
)
@dry_run_option
@json_option
@pass_cli
def hide(cli: Cli, *, paper_id: str, why: str, dry_run: bool, as_json: bool) -> None:
    """Hide a paper from lists, feeds, search and digests, also from those already queued.

    Example: digest papers hide 2509.13332 --reason 'spam: an advertisement'
    """
    from digest.pipeline.community import moderation

    reason, words = moderation.read_reason(why)
    paper = moderation.hide(cli.installation, paper_id, reason, words, now=cli.now, dry_run=dry_run)
    if as_json:
        emit(paper_object(paper, (), moderation.hiding_of(cli.installation, paper)))
        return
    say(f"{paper.id} {'would be' if dry_run else 'is'} hidden as {reason}: {paper.title}")
    if not dry_run:
        click.echo(f"undo it: digest papers unhide {paper.id}")


@click.command()
@click.argument("paper_id", metavar="ID")
@dry_run_option
@json_option
@pass_cli
def unhide(cli: Cli, *, paper_id: str, dry_run: bool, as_json: bool) -> None:
    """Show a hidden paper again.

    Example: digest papers unhide 2509.13332
    """
    from digest.pipeline.community import moderation

    paper = moderation.unhide(cli.installation, paper_id, now=cli.now, dry_run=dry_run)
    if as_json:
        emit(paper_object(paper, (), moderation.hiding_of(cli.installation, paper)))
    else:
        say(f"{paper.id} {'would be' if dry_run else 'is'} shown again: {paper.title}")

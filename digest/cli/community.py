"""Runs `digest community`: decides what readers propose and report."""

import click

from digest.cli.terminal.context import Cli, json_option, pass_cli
from digest.cli.terminal.options import dry_run_option
from digest.cli.terminal.output import emit, say, table
from digest.cli.terminal.types import ROW
from digest.domain import Proposal, ProposalState

_STATES = ["all", *(state.value for state in ProposalState)]


@click.group()
def community() -> None:
    """What readers propose and report."""


@community.command("list")
@click.option(
    "--state",
    default="pending",
    show_default=True,
    type=click.Choice(_STATES),
)
@json_option
@pass_cli
def list_(cli: Cli, state: str, as_json: bool) -> None:
    """List proposals, those that wait for a curator unless said otherwise, and the reports that wait.

    Example: digest community list
    """
    from digest.pipeline.community import reports, submissions
    from digest.serializers.proposals import proposal_object, report_object

    wanted = None if state == "all" else ProposalState(state)
    found = submissions.listing(cli.installation, wanted)
    if as_json:
        emit([proposal_object(each) for each in found])
        return
    table(
        ("id", "state", "since", "by", "paper"),
        [(each.id, each.state, each.created_at, each.by or "a reader", _title(each)) for each in found],
        empty="no proposals wait" if wanted is ProposalState.PENDING else "no proposals",
    )
    if waiting := reports.unsettled(cli.installation):
        table(
            ("report", "about", "paper", "words"),
            [(each.id, each.about, each.paper, report_object(each)["words"] or "") for each in waiting],
        )


@community.command()
@click.argument("number", type=ROW)
@click.option("--words", default="", help="A word for who proposed it.")
@dry_run_option
@json_option
@pass_cli
def accept(cli: Cli, *, number: int, words: str, dry_run: bool, as_json: bool) -> None:
    """Accept a proposal: its paper is listed today.

    Example: digest community accept 12
    """
    from digest.pipeline.community import submissions

    _show(submissions.accept(cli.rehearsed(dry_run), number, cli.now, words), as_json=as_json)


@community.command()
@click.argument("number", type=ROW)
@click.option("--reason", required=True, help="Why; who proposed it is told.")
@dry_run_option
@json_option
@pass_cli
def reject(cli: Cli, *, number: int, reason: str, dry_run: bool, as_json: bool) -> None:
    """Reject a proposal.

    Example: digest community reject 12 --reason 'Off topic here.'
    """
    from digest.pipeline.community import submissions

    _show(submissions.reject(cli.rehearsed(dry_run), number, reason, cli.now), as_json=as_json)


@community.command()
@click.argument("number", type=ROW)
@dry_run_option
@json_option
@pass_cli
def withdraw(cli: Cli, *, number: int, dry_run: bool, as_json: bool) -> None:
    """Take a proposal back for who made it.

    Example: digest community withdraw 12
    """
    from digest.pipeline.community import submissions

    _show(submissions.withdraw(cli.rehearsed(dry_run), number, cli.now), as_json=as_json)


@community.command()
@click.argument("number", type=ROW)
@dry_run_option
@json_option
@pass_cli
def settle(cli: Cli, number: int, *, dry_run: bool, as_json: bool) -> None:
    """Say that a report was looked at.

    Example: digest community settle 3
    """
    from digest.pipeline.community import reports

    reports.settle(cli.rehearsed(dry_run), number, cli.now)
    if as_json:
        emit({"report": number, "settled": not dry_run})
    else:
        say(f"report {number} {'would be' if dry_run else 'is'} settled")


def _show(proposal: Proposal, *, as_json: bool) -> None:
    from digest.serializers.proposals import proposal_object

    if as_json:
        emit(proposal_object(proposal))
    else:
        say(f"proposal {proposal.id} is {proposal.state}: {_title(proposal)}")


def _title(proposal: Proposal) -> str:
    return proposal.entry.title if proposal.entry else proposal.typed

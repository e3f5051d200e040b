"""Runs `digest papers submit`: proposes a paper as readers do."""

import click

from digest.cli.terminal.context import Cli, json_option, pass_cli
from digest.cli.terminal.options import dry_run_option, yes_option
from digest.cli.terminal.output import emit, say
from digest.cli.terminal.prompts import ask
from digest.cli.terminal.types import LIMIT
from digest.domain import ProposalState


@click.command()
@click.argument("paper", metavar="ID|URL|DOI|TITLE")
@click.option("--choice", type=LIMIT, help="Which of the papers that a title may mean.")
@click.option("--accept", is_flag=True, help="Accept it at once: it is listed today.")
@dry_run_option
@yes_option
@json_option
@pass_cli
def submit(
    cli: Cli, *, paper: str, choice: int | None, accept: bool, dry_run: bool, yes: bool, as_json: bool
) -> None:
    """Propose a paper: it is looked up, shown, and waits for a curator.

    Example: digest papers submit 10.1101/2024.01.02.573904 --yes
    """
    from digest.pipeline.community import submissions
    from digest.pipeline.community.proposals import fetching
    from digest.serializers.proposals import in_words, proposal_object

    here = cli.installation
    if dry_run:
        rehearsed = fetching.rehearse(here, paper, cli.now)
        if as_json:
            emit(proposal_object(rehearsed))
        else:
            say(in_words(rehearsed))
        return
    proposal = submissions.propose(here, paper, subscriber_id=None, tell=False, now=cli.now)
    fetching.look_up_due(here, cli.now, only=proposal.id)
    proposal = submissions.get(here, proposal.id)
    if proposal.choices and choice:
        proposal = fetching.choose(here, proposal.id, choice - 1, cli.now)
    if not as_json:
        say(in_words(proposal))
    if proposal.state is ProposalState.READY and proposal.entry:
        if not yes:
            ask("it will be sent to the curators" if not accept else "it will be listed today")
        proposal = submissions.send(here, proposal.id, cli.now)
        if accept and proposal.state is ProposalState.PENDING:
            proposal = submissions.accept(here, proposal.id, cli.now)
        if not as_json:
            say(f"proposal {proposal.id} is {proposal.state}")
    if as_json:
        emit(proposal_object(proposal))

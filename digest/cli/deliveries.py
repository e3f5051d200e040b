"""`digest deliveries`: the ledger."""

import click

from digest.cli.context import Cli, json_option, pass_cli
from digest.cli.output import emit, table
from digest.domain import DeliveryState


@click.group()
def deliveries() -> None:
    """The ledger: what each subscriber got, or why they got nothing."""


@deliveries.command("list")
@click.option("--issue", "issue_id", type=int, help="Only those of this issue.")
@click.option("--state", type=click.Choice(list(DeliveryState)), help="Only those in this state.")
@json_option
@pass_cli
def list_(cli: Cli, issue_id: int | None, state: DeliveryState | None, as_json: bool) -> None:
    """List deliveries, newest first.

    Example: digest deliveries list --state skipped
    """
    from digest.store import deliveries as stored
    from digest.store import session

    with session.transaction(cli.installation.engine) as db:
        listed = stored.listing(db, issue_id=issue_id, state=state)
    if as_json:
        emit(listed)
    else:
        table(
            ("date", "issue", "to", "state", "reason", "papers", "attempts", "reply"),
            [
                (d.issue_date, d.issue, d.email, d.state, d.reason, len(d.papers), d.attempts, d.reply)
                for d in listed
            ],
            empty="no deliveries yet",
        )

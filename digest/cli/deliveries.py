"""`digest deliveries`: the ledger."""

import click

from digest.cli.context import Cli, json_option, pass_cli
from digest.cli.output import emit, table, tell_if_cut
from digest.cli.types import choice
from digest.domain import DeliveryState
from digest.shapes import delivery_object


@click.group()
def deliveries() -> None:
    """The ledger: what each subscriber got, or why they got nothing."""


@deliveries.command("list")
@click.option("--issue", "issue_id", type=int, help="Only those of this issue.")
@click.option("--state", type=choice(DeliveryState), help="Only those in this state.")
@click.option("--limit", default=1000, show_default=True, help="How many at most.")
@json_option
@pass_cli
def list_(cli: Cli, *, issue_id: int | None, state: DeliveryState | None, limit: int, as_json: bool) -> None:
    """List deliveries, newest first.

    Example: digest deliveries list --state skipped
    """
    from digest.store import deliveries as stored
    from digest.store import papers, session

    with session.reading(cli.installation.engine) as db:
        listed = stored.listing(db, issue_id=issue_id, state=state and DeliveryState(state), limit=limit)
        names = papers.canonical_ids(db, {pk for row, _ in listed for pk in row.papers})
    if as_json:
        emit([delivery_object(row, email, names) for row, email in listed])
    else:
        table(
            ("date", "issue", "to", "state", "reason", "papers", "attempts", "reply"),
            [
                (d.issue_date, d.issue_id, email, d.state, d.reason, len(d.papers), d.attempts, d.reply)
                for d, email in listed
            ],
            empty="no deliveries yet",
        )
    tell_if_cut(len(listed), limit)

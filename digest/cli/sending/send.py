"""Runs `digest send`: sends one subscriber today's digest at once."""

import click

from digest.cli.terminal.context import Cli, json_option, pass_cli
from digest.cli.terminal.exits import OK, PARTLY_FAILED
from digest.cli.terminal.options import dry_run_option
from digest.cli.terminal.output import emit, say


@click.command()
@click.argument("address")
@click.option("--now", "at_once", is_flag=True, help="At once, not at the subscriber's hour.")
@dry_run_option
@json_option
@pass_cli
def send(cli: Cli, *, address: str, at_once: bool, dry_run: bool, as_json: bool) -> int:
    """Send ADDRESS, a subscriber, today's digest at once. It stands in the ledger: nobody gets two on a day.

    Example: digest send ada@example.org --now
    """
    from digest.domain import DeliveryState
    from digest.pipeline.delivery.send_now import check_sendable, send_now
    from digest.pipeline.issues.preview import preview
    from digest.serializers import delivery_object

    if not at_once:
        msg = f"it leaves by itself at the subscriber's hour; to send it now: digest send {address} --now"
        raise click.UsageError(msg)
    if dry_run:
        subscriber = check_sendable(cli.installation, address, cli.now)
        found = preview(cli.installation, subscriber, cli.now)
        papers = [match.paper.id for match in found.digest.papers] if found.digest else []
        if as_json:
            emit({"email": subscriber.email, "papers": papers, "skip_reason": found.skip_reason})
        elif found.digest:
            say(f"{subscriber.email} would get {len(papers)} papers; nothing was sent")
        else:
            say(f"{subscriber.email} would get nothing: {found.skip_reason}")
        return OK
    sent = send_now(cli.installation, address, cli.now)
    row = sent.delivery
    if as_json:
        emit(delivery_object(row, sent.subscriber.email, sent.papers))
    elif row.state is DeliveryState.SENT:
        say(f"sent {len(sent.papers)} papers to {sent.subscriber.email}")
    else:
        answer = f"; the server said: {row.reply}" if row.reply else ""
        say(f"{sent.subscriber.email}: {row.state}{f' ({row.reason})' if row.reason else ''}{answer}")
    return OK if row.state in {DeliveryState.SENT, DeliveryState.SKIPPED} else PARTLY_FAILED

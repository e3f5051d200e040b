"""Runs `digest mail`: tests whether emails arrive."""

import click

from digest.cli.terminal.context import Cli, json_option, pass_cli
from digest.cli.terminal.exits import OK, UNREACHABLE
from digest.cli.terminal.options import dry_run_option
from digest.cli.terminal.output import emit, say


@click.group()
def mail() -> None:
    """Sending emails: whether they arrive."""


@mail.command()
@click.argument("address")
@dry_run_option
@json_option
@pass_cli
def test(cli: Cli, *, address: str, dry_run: bool, as_json: bool) -> int:
    """Send a test email to ADDRESS and show the mail server's answer. Look at its headers when it is there.

    Example: digest mail test you@example.org
    """
    from digest.domain import DeliveryState
    from digest.pipeline.mail.test_email import send_test_email
    from digest.pipeline.subscriptions.validate import read_address

    recipient = read_address(address)
    if dry_run:
        say(f"would send a test email to {recipient}")
        return OK
    receipt = send_test_email(cli.installation, recipient, cli.now)
    if as_json:
        emit({"email": recipient, "state": receipt.state, "reply": receipt.reply})
    else:
        say(f"{recipient}: {receipt.state}; the server said: {receipt.reply}")
    return OK if receipt.state is DeliveryState.SENT else UNREACHABLE

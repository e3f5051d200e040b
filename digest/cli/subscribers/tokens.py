"""Runs `digest tokens`: makes, lists and revokes tokens by which scripts act for a subscriber."""

import click

from digest.cli.terminal.context import Cli, json_option, pass_cli
from digest.cli.terminal.options import dry_run_option, yes_option
from digest.cli.terminal.output import emit, say, table
from digest.cli.terminal.prompts import ask
from digest.cli.terminal.types import ROW, choice
from digest.domain import Role


@click.group()
def tokens() -> None:
    """Tokens by which scripts vote, pick or hide for a subscriber in the API."""


@tokens.command()
@click.argument("email")
@click.option("--label", required=True, help="What it is for, in words, such as 'the lab's bot'.")
@click.option(
    "--scope", type=choice(Role), default="reader", show_default=True, help="The role it acts by, at most."
)
@dry_run_option
@json_option
@pass_cli
def create(cli: Cli, *, email: str, label: str, scope: str, dry_run: bool, as_json: bool) -> None:
    """Make a token for a subscriber. It is printed now and never again; only a hash of it is kept.

    Example: digest tokens create ada@example.org --label 'reading group bot' --scope curator
    """
    from digest.pipeline.community import tokens as registry

    made, text = registry.create(
        cli.installation, email, label=label, scope=Role(scope), now=cli.now, dry_run=dry_run
    )
    if as_json:
        emit({"id": made.id, "label": made.label, "scope": made.scope, "token": None if dry_run else text})
    elif dry_run:
        say(f"would make a token for {email} that acts as {made.scope}; nothing was written")
    else:
        click.echo(text)
        say(f"token {made.id} of {email}, acts as {made.scope}; keep it: it isn't shown again", err=True)


@tokens.command("list")
@click.option("--email", default="", help="Only those of this subscriber.")
@json_option
@pass_cli
def list_(cli: Cli, *, email: str, as_json: bool) -> None:
    """List tokens: whose they are, by which role they act, and when they were used last.

    Example: digest tokens list --email ada@example.org
    """
    from digest.pipeline.community import tokens as registry

    found = registry.listing(cli.installation, email)
    if as_json:
        emit(
            [
                {
                    "id": token.id,
                    "email": owner,
                    "label": token.label,
                    "scope": token.scope,
                    "created_at": token.created_at,
                    "used_at": token.used_at,
                    "revoked_at": token.revoked_at,
                }
                for token, owner in found
            ]
        )
    else:
        table(
            ("token", "of", "label", "scope", "made", "last used", "revoked"),
            [(t.id, owner, t.label, t.scope, t.created_at, t.used_at, t.revoked_at) for t, owner in found],
            empty="no tokens; make one: digest tokens create EMAIL --label NAME",
        )


@tokens.command()
@click.argument("number", metavar="ID", type=ROW)
@dry_run_option
@yes_option
@json_option
@pass_cli
def revoke(cli: Cli, *, number: int, dry_run: bool, yes: bool, as_json: bool) -> None:
    """Revoke a token: from now on it is refused.

    Example: digest tokens revoke 3 --yes
    """
    from digest.pipeline.community import tokens as registry

    found = registry.revoke(cli.installation, number, cli.now, dry_run=True)
    if not found.revoked_at and not (dry_run or yes):
        ask(f"token {number} ({found.label}) will work no more")
    found = registry.revoke(cli.installation, number, cli.now, dry_run=dry_run)
    if as_json:
        emit({"id": found.id, "label": found.label, "scope": found.scope, "revoked_at": found.revoked_at})
    elif dry_run and not found.revoked_at:
        say(f"token {number} ({found.label}) would be revoked")
    else:
        say(f"token {number} ({found.label}) is revoked")

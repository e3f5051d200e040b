"""Runs `digest suppressions`: lists, adds and lifts addresses that must not be written to."""

from typing import Any

import click

from digest.cli.terminal.context import Cli, json_option, pass_cli
from digest.cli.terminal.exits import PARTLY_FAILED
from digest.cli.terminal.options import dry_run_option, yes_option
from digest.cli.terminal.output import emit, say, table, tell_if_cut
from digest.cli.terminal.prompts import ask
from digest.cli.terminal.types import LIMIT


@click.group()
def suppressions() -> None:
    """Addresses that must not be written to: they bounced, were erased, or you say so."""


@suppressions.command("list")
@click.option("--limit", default=1000, show_default=True, type=LIMIT, help="How many at most.")
@json_option
@pass_cli
def list_(cli: Cli, *, limit: int, as_json: bool) -> None:
    """List suppressed addresses, the last first. Only a hash is kept of those that no subscriber has.

    Example: digest suppressions list
    """
    from digest.pipeline.subscriptions import suppression_list

    listed = suppression_list.listing(cli.installation, limit=limit)
    if as_json:
        emit(listed)
    else:
        table(
            ("since", "address", "reason"),
            [(one.at, one.email or f"hash {one.address_hash[:12]}", one.reason) for one in listed],
            empty="no address is suppressed",
        )
    tell_if_cut(len(listed), limit)


@suppressions.command()
@click.argument("email")
@click.option("--reason", required=True, help="Why, in words; it is kept.")
@dry_run_option
@json_option
@pass_cli
def add(cli: Cli, *, email: str, reason: str, dry_run: bool, as_json: bool) -> None:
    """Suppress an address, whether somebody has it or not; a subscriber who has it gets nothing more.

    Example: digest suppressions add ada@example.org --reason 'asked by phone, 2026-03-16'
    """
    from digest.pipeline.subscriptions import suppression_list

    if dry_run:
        added = suppression_list.find(cli.installation, email) is None
    else:
        added = suppression_list.add(cli.installation, email, reason=reason, now=cli.now)
    if as_json:
        emit({"email": email, "added": added, "written": added and not dry_run})
    else:
        would = "would be suppressed" if dry_run else "is suppressed now"
        say(f"{email} {would if added else 'is suppressed already'}")


@suppressions.command()
@click.argument("email")
@dry_run_option
@yes_option
@json_option
@pass_cli
def lift(cli: Cli, *, email: str, dry_run: bool, yes: bool, as_json: bool) -> None:
    """Let an address be written to again; a subscriber who has it and had confirmed is active again.

    Example: digest suppressions lift ada@example.org --yes
    """
    from digest.errors import InputError
    from digest.pipeline.subscriptions import suppression_list

    found = suppression_list.find(cli.installation, email)
    if found is None:
        raise InputError(f"{email} is not suppressed", fix="digest suppressions list")
    if not as_json:
        say(f"{email} is suppressed since {found.at:%Y-%m-%d}: {found.reason}")
    if not (dry_run or yes):
        ask(f"{email} will be written to again")
    status = None if dry_run else suppression_list.lift(cli.installation, email, cli.now)
    if as_json:
        emit({"email": email, "reason": found.reason, "lifted": not dry_run, "status": status})
    elif not dry_run:
        say(f"lifted; {f'the subscriber is {status}' if status else 'no subscriber has it'}")


@suppressions.command("import")
@click.argument("file", type=click.File("rb", lazy=True))
@click.option("--reason", default="imported", show_default=True, help="For rows that name none.")
@dry_run_option
@json_option
@pass_cli
def import_(cli: Cli, *, file: Any, reason: str, dry_run: bool, as_json: bool) -> int:
    """Suppress the addresses of a table with the column email (and reason); all or none, safe to repeat.

    Example: digest suppressions import bounced.csv --reason 'from our old list'
    """
    from digest.cli.subscribers.lists import seekable
    from digest.pipeline.subscriptions.suppression_list import import_addresses

    added, errors = import_addresses(
        cli.installation, seekable(file), reason=reason, now=cli.now, dry_run=dry_run
    )
    if as_json:
        emit({"added": added, "errors": [{"line": line, "error": error} for line, error in errors]})
    else:
        for line, error in errors:
            say(f"line {line}: {error}", err=True)
        say(f"{added} {'would be ' if dry_run else ''}suppressed")
    return PARTLY_FAILED if errors else 0

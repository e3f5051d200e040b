"""`digest subscribers edit`, `pause`, `resume`, `unsubscribe`, `erase`: changes of one subscriber."""

from datetime import UTC, date, datetime
from typing import Any

import click

from digest.cli.subscribers.options import changes, with_options
from digest.cli.terminal.context import Cli, json_option, pass_cli
from digest.cli.terminal.options import dry_run_option, yes_option
from digest.cli.terminal.output import emit
from digest.cli.terminal.prompts import ask
from digest.serializers import subscriber_object


@click.command()
@click.argument("email")
@with_options(changes)
@dry_run_option
@yes_option
@json_option
@pass_cli
def edit(cli: Cli, /, email: str, *, dry_run: bool, yes: bool, as_json: bool, **given: Any) -> None:
    """Change what is given of a subscriber; the difference is shown before anything is written.

    --topic, --filter and --exclude replace the whole list (with '' they empty it); --add-… and --remove-…
    change single entries.

    Example: digest subscribers edit ada@example.org --add-filter 'ti:"state space"' --at 07:30 --yes
    """
    from digest.pipeline.subscriptions import admin

    wanted = {name.rstrip("_"): value for name, value in given.items() if value not in (None, ())}
    if not wanted:
        raise click.UsageError("say what to change, such as --at 07:30 (see --help)")
    planned = admin.planned(cli.installation, email, wanted)
    after = planned.after
    if planned.changed and not as_json:
        click.echo(planned.before.email)
        for name, old, new in planned.changed:
            click.echo(f"  {name}: {_shown(old)} → {_shown(new)}")
    if planned.changed and not dry_run:
        if not yes:
            ask(f"{planned.before.email} will change")
        after = admin.carry_out(cli.installation, planned, cli.now)
    if as_json:
        fields = [{"field": name, "before": old, "after": new} for name, old, new in planned.changed]
        emit(subscriber_object(after) | {"changed": fields})
    elif not planned.changed:
        click.echo(f"{planned.before.email}: nothing to change")


@click.command()
@click.argument("email")
@click.option(
    "--until", type=click.DateTime(["%Y-%m-%d"]), required=True, help="The first day with mail again."
)
@dry_run_option
@json_option
@pass_cli
def pause(cli: Cli, *, email: str, until: datetime, dry_run: bool, as_json: bool) -> None:
    """Pause a subscriber until a day.

    Example: digest subscribers pause ada@example.org --until 2026-12-24
    """
    from digest.errors import RefusedError
    from digest.pipeline.subscriptions import admin, preferences

    found = preferences.by_address(cli.installation, email)
    end = admin.pause_until(found, until.date())
    preferences.check_pause(end, cli.now)
    if found.status not in {"active", "paused"}:
        raise RefusedError(f"{found.email} is {found.status}: there is no mail to pause")
    if not dry_run:
        preferences.pause(cli.installation, found.id, end, cli.now)
    _tell(cli, email, f"is paused until {until:%Y-%m-%d}", dry_run=dry_run, as_json=as_json)


@click.command()
@click.argument("email")
@dry_run_option
@json_option
@pass_cli
def resume(cli: Cli, *, email: str, dry_run: bool, as_json: bool) -> None:
    """End a pause; the next digest comes at the subscriber's next time.

    Example: digest subscribers resume ada@example.org
    """
    from digest.errors import RefusedError
    from digest.pipeline.subscriptions import preferences

    found = preferences.by_address(cli.installation, email)
    if found.status not in {"active", "paused"}:
        fix = f"digest subscribers resend-confirmation {found.email}"
        raise RefusedError(f"{found.email} is {found.status}: only they can come back", fix=fix)
    if not dry_run:
        preferences.resume(cli.installation, found.id, cli.now)
    _tell(cli, email, "gets digests again", dry_run=dry_run, as_json=as_json)


@click.command()
@click.argument("email")
@click.option("--goodbye", is_flag=True, help="Also tell them by mail.")
@dry_run_option
@yes_option
@json_option
@pass_cli
def unsubscribe(cli: Cli, *, email: str, goodbye: bool, dry_run: bool, yes: bool, as_json: bool) -> None:
    """End a subscription. Only the subscriber can start it again.

    Example: digest subscribers unsubscribe ada@example.org --yes
    """
    from digest.pipeline.subscriptions import preferences

    found = preferences.by_address(cli.installation, email)
    if not (dry_run or yes):
        ask(f"{found.email} won't get digests any more")
    if not dry_run:
        preferences.leave(cli.installation, found.id, cli.now, goodbye=goodbye)
    _tell(cli, email, "is unsubscribed", dry_run=dry_run, as_json=as_json)


@click.command()
@click.argument("email")
@dry_run_option
@yes_option
@json_option
@pass_cli
def erase(cli: Cli, *, email: str, dry_run: bool, yes: bool, as_json: bool) -> None:
    """Erase a subscriber and all that is kept about them, for good; only a keyed hash of the address stays.

    Example: digest subscribers erase ada@example.org --yes
    """
    from digest.pipeline.subscriptions import personal_data, preferences

    found = preferences.by_address(cli.installation, email)
    kept = personal_data.export(cli.installation, found.id)
    counts = {
        name: len(kept[name]) for name in ("consents", "requests", "mails", "digests", "mutes", "votes")
    }
    if not as_json:
        click.echo(f"{found.email}: " + ", ".join(f"{count} {name}" for name, count in counts.items()))
    if not (dry_run or yes):
        ask(f"all of it will be erased, and {found.email} can't be subscribed again")
    if not dry_run:
        personal_data.erase(cli.installation, found.id, cli.now)
    if as_json:
        emit({"email": found.email, "erased": not dry_run} | counts)
    elif not dry_run:
        click.echo("erased")


def _tell(cli: Cli, email: str, what: str, *, dry_run: bool, as_json: bool) -> None:
    from digest.pipeline.subscriptions import preferences

    found = preferences.by_address(cli.installation, email)
    if as_json:
        emit(subscriber_object(found))
    else:
        click.echo(f"{found.email}: nothing was written" if dry_run else f"{found.email} {what}")


def _shown(value: object) -> str:
    match value:
        case None | [] | "":
            return "none"
        case list():
            return "; ".join(map(str, value))
        case bool():
            return "yes" if value else "no"
        case datetime():
            return f"{value.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
        case date():
            return value.isoformat()
    return str(value)

"""Runs `digest subscribers pause`, `resume`, `unsubscribe` and `erase`, on one subscriber or many."""

from datetime import datetime

import click

from digest.cli.subscribers.bulk import act_on_all, check_one_or_where, where_option
from digest.cli.terminal.context import Cli, json_option, pass_cli
from digest.cli.terminal.exits import OK
from digest.cli.terminal.options import dry_run_option, yes_option
from digest.cli.terminal.output import emit, say
from digest.cli.terminal.prompts import ask
from digest.serializers import subscriber_object


@click.command()
@click.argument("email", required=False)
@where_option
@click.option(
    "--until", type=click.DateTime(["%Y-%m-%d"]), required=True, help="The first day with mail again."
)
@dry_run_option
@yes_option
@json_option
@pass_cli
def pause(
    cli: Cli,
    *,
    email: str | None,
    where: tuple[str, ...],
    until: datetime,
    dry_run: bool,
    yes: bool,
    as_json: bool,
) -> int:
    """Pause a subscriber, or all who meet conditions, until a day.

    Example: digest subscribers pause ada@example.org --until 2026-12-24
    """
    from digest.errors import RefusedError
    from digest.pipeline.subscriptions import admin, preferences
    from digest.pipeline.subscriptions.lists import acts

    check_one_or_where(email, where)
    if email is None:
        what, act = f"will be paused until {until:%Y-%m-%d}", acts.pausing(until.date(), cli.now)
        return act_on_all(cli, where, act, what=what, dry_run=dry_run, yes=yes, as_json=as_json)
    found = preferences.by_address(cli.installation, email)
    end = admin.pause_until(found, until.date())
    preferences.check_pause(end, cli.now)
    if found.status not in preferences.READERS:
        raise RefusedError(f"{found.email} is {found.status}: there is no mail to pause")
    if not dry_run:
        preferences.pause(cli.installation, found.id, end, cli.now)
    return _tell(cli, email, f"is paused until {until:%Y-%m-%d}", dry_run=dry_run, as_json=as_json)


@click.command()
@click.argument("email", required=False)
@where_option
@dry_run_option
@yes_option
@json_option
@pass_cli
def resume(
    cli: Cli, *, email: str | None, where: tuple[str, ...], dry_run: bool, yes: bool, as_json: bool
) -> int:
    """End a pause, or those of all who meet conditions; the next digest comes at the next time.

    Example: digest subscribers resume ada@example.org
    """
    from digest.errors import RefusedError
    from digest.pipeline.subscriptions import preferences
    from digest.pipeline.subscriptions.lists import acts

    check_one_or_where(email, where)
    if email is None:
        what, act = "will get digests again where they are paused", acts.resuming(cli.now)
        return act_on_all(cli, where, act, what=what, dry_run=dry_run, yes=yes, as_json=as_json)
    found = preferences.by_address(cli.installation, email)
    if found.status not in preferences.READERS:
        fix = f"digest subscribers resend-confirmation {found.email}"
        raise RefusedError(f"{found.email} is {found.status}: only they can come back", fix=fix)
    if not dry_run:
        preferences.resume(cli.installation, found.id, cli.now)
    return _tell(cli, email, "gets digests again", dry_run=dry_run, as_json=as_json)


@click.command()
@click.argument("email", required=False)
@where_option
@click.option("--goodbye", is_flag=True, help="Also tell them by mail.")
@dry_run_option
@yes_option
@json_option
@pass_cli
def unsubscribe(
    cli: Cli,
    *,
    email: str | None,
    where: tuple[str, ...],
    goodbye: bool,
    dry_run: bool,
    yes: bool,
    as_json: bool,
) -> int:
    """End a subscription, or those of all who meet conditions. Only the subscriber can start it again.

    Example: digest subscribers unsubscribe ada@example.org --yes
    """
    from digest.pipeline.subscriptions import preferences
    from digest.pipeline.subscriptions.lists import acts

    check_one_or_where(email, where)
    if email is None:
        what, act = "won't get digests any more", acts.leaving(cli.now, goodbye=goodbye)
        return act_on_all(cli, where, act, what=what, dry_run=dry_run, yes=yes, as_json=as_json)
    found = preferences.by_address(cli.installation, email, leaving=True)
    if not (dry_run or yes):
        ask(f"{found.email} won't get digests any more")
    if not dry_run:
        preferences.leave(cli.installation, found.id, cli.now, goodbye=goodbye)
    return _tell(cli, email, "is unsubscribed", dry_run=dry_run, as_json=as_json)


@click.command()
@click.argument("email", required=False)
@where_option
@dry_run_option
@yes_option
@json_option
@pass_cli
def erase(
    cli: Cli, *, email: str | None, where: tuple[str, ...], dry_run: bool, yes: bool, as_json: bool
) -> int:
    """Erase a subscriber, or all who meet conditions, and all that is kept about them, for good.

    Only a keyed hash of the address stays, so that nobody can subscribe it again.

    Example: digest subscribers erase ada@example.org --yes
    """
    from digest.pipeline.subscriptions import personal_data, preferences
    from digest.pipeline.subscriptions.lists import acts

    check_one_or_where(email, where)
    if email is None:
        what, act = "will be erased with all that is kept about them, for good", acts.erasing(cli.now)
        return act_on_all(cli, where, act, what=what, dry_run=dry_run, yes=yes, as_json=as_json)
    found = preferences.by_address(cli.installation, email, leaving=True)
    kept = personal_data.export(cli.installation, found.id)
    counts = {
        name: len(kept[name]) for name in ("consents", "requests", "mails", "digests", "mutes", "votes")
    }
    if not as_json:
        say(f"{found.email}: " + ", ".join(f"{count} {name}" for name, count in counts.items()))
    if not (dry_run or yes):
        ask(f"all of it will be erased, and {found.email} can't be subscribed again")
    if not dry_run:
        personal_data.erase(cli.installation, found.id, cli.now)
    if as_json:
        emit({"email": found.email, "erased": not dry_run} | counts)
    elif not dry_run:
        say("erased")
    return OK


def _tell(cli: Cli, email: str, what: str, *, dry_run: bool, as_json: bool) -> int:
    from digest.pipeline.subscriptions import preferences

    found = preferences.by_address(cli.installation, email, leaving=True)
    if as_json:
        emit(subscriber_object(found))
    else:
        say(f"{found.email}: nothing was written" if dry_run else f"{found.email} {what}")
    return OK

"""Runs `digest subscribers edit`: changes one subscriber, or many."""

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any

import click

from digest.cli.subscribers.bulk import act_on_all, check_one_or_where, where_option
from digest.cli.subscribers.options import changes, with_options
from digest.cli.terminal.context import Cli, json_option, pass_cli
from digest.cli.terminal.exits import OK
from digest.cli.terminal.options import dry_run_option, yes_option
from digest.cli.terminal.output import emit, say
from digest.cli.terminal.prompts import ask
from digest.serializers import subscriber_object

if TYPE_CHECKING:
    from digest.domain import Subscriber
    from digest.pipeline.subscriptions.admin import Edit


@click.command()
@click.argument("email", required=False)
@where_option
@with_options(changes)
@dry_run_option
@yes_option
@json_option
@pass_cli
def edit(
    cli: Cli,
    /,
    email: str | None,
    *,
    where: tuple[str, ...],
    dry_run: bool,
    yes: bool,
    as_json: bool,
    **given: Any,
) -> int:
    """Change what is given of a subscriber, or of all; the difference is shown before anything is written.

    --topic, --filter and --exclude replace the whole list (with '' they empty it); --add-… and --remove-…
    change single entries.

    Example: digest subscribers edit ada@example.org --add-filter 'ti:"state space"' --at 07:30 --yes
    """
    from digest.pipeline.subscriptions import admin, preferences

    check_one_or_where(email, where)
    wanted = {name.rstrip("_"): value for name, value in given.items() if value not in (None, ())}
    if not wanted:
        raise click.UsageError("say what to change, such as --at 07:30 (see --help)")
    if email is None:
        if "email" in wanted:
            raise click.UsageError("--email is of one subscriber, not of all who meet --where")
        return _edit_all(cli, where, wanted, dry_run=dry_run, yes=yes, as_json=as_json)
    planned = admin.planned(cli.installation, preferences.by_address(cli.installation, email), wanted)
    after = planned.after
    if planned.changed and not as_json:
        say(planned.before.email)
        for line in _differences(planned):
            say(f"  {line}")
    if planned.changed and not dry_run:
        if not yes:
            ask(f"{planned.before.email} will change")
        after = admin.carry_out(cli.installation, planned, cli.now)
    if as_json:
        fields = [{"field": name, "before": old, "after": new} for name, old, new in planned.changed]
        emit(subscriber_object(after) | {"changed": fields})
    elif not planned.changed:
        say(f"{planned.before.email}: nothing to change")
    return OK


def _edit_all(
    cli: Cli, where: Sequence[str], wanted: Mapping[str, Any], *, dry_run: bool, yes: bool, as_json: bool
) -> int:
    from digest.pipeline.subscriptions.lists import acts

    act = acts.editing(cli.installation, wanted, cli.now)

    def shown(person: "Subscriber") -> str:
        planned = act.plan(person)
        return ", ".join(_differences(planned)) if planned else "nothing to change"

    return act_on_all(
        cli, where, act, what="will change", dry_run=dry_run, yes=yes, as_json=as_json, shown=shown
    )


def _differences(planned: "Edit") -> list[str]:
    return [f"{name}: {_shown(old)} → {_shown(new)}" for name, old, new in planned.changed]


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

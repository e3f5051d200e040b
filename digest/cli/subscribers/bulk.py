"""Runs an act on all subscribers who meet `--where`: counts and shows them first, then asks."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import click

from digest.cli.terminal.context import Cli
from digest.cli.terminal.exits import OK, PARTLY_FAILED
from digest.cli.terminal.output import emit, say, table
from digest.cli.terminal.prompts import ask

if TYPE_CHECKING:
    from digest.domain import Subscriber
    from digest.pipeline.subscriptions.lists.acts import Act

where_option = click.option(
    "--where",
    multiple=True,
    metavar="CONDITION",
    help="All who meet this: status=active, topic=llm, domain=example.org, 'joined before 2026-01-01';"
    " repeated, all of them must hold.",
)


def check_one_or_where(email: str | None, where: Sequence[str]) -> None:
    """Raise UsageError unless either an address or conditions are given."""
    if email is not None and where:
        raise click.UsageError("say an address or --where, not both")
    if email is None and not where:
        raise click.UsageError("say whom: an address, or --where CONDITION for all who meet it")


def act_on_all(
    cli: Cli,
    where: Sequence[str],
    act: "Act[Any]",
    *,
    what: str,
    dry_run: bool,
    yes: bool,
    as_json: bool,
    shown: Callable[["Subscriber"], str] = lambda person: " ".join(person.interests.topics),
) -> int:
    """Count and show whom the conditions choose, ask, and act on each; returns an exit code.

    `what` goes on "N subscribers …"; `shown` is told of each of the first few.
    """
    from digest.cli.terminal.progress import counting
    from digest.pipeline.subscriptions.lists.bulk import BulkReport
    from digest.pipeline.subscriptions.lists.bulk import act_on_all as act_on
    from digest.pipeline.subscriptions.where import choose

    chosen = choose(cli.installation, where)
    report = BulkReport()
    if not as_json:
        say(f"{chosen.count:,} subscribers {what}: {', '.join(where)}")
        rows = [(person.email, person.status, shown(person)) for person in chosen.sample]
        if rows:
            table(("", "", ""), rows)
        if chosen.count > len(rows):
            say(f"and {chosen.count - len(rows):,} more")
    if chosen.count and not dry_run:
        if not yes:
            ask(f"{chosen.count:,} subscribers {what}")
        with counting("subscribers", chosen.count) as on_rows:
            report = act_on(cli.installation, chosen, act, on_rows=on_rows)
    if as_json:
        emit(_object(where, chosen.count, chosen.sample, report, written=not dry_run))
    elif dry_run:
        say("nothing was written")
    elif chosen.count:
        counts = (
            f"{report.changed:,} changed, {report.unchanged:,} needed no change, {report.failed:,} failed"
        )
        say(counts)
    for email, error in report.errors:
        say(f"{email}: {error}", err=True)
    return PARTLY_FAILED if report.failed else OK


def _object(
    where: Sequence[str], count: int, sample: Sequence["Subscriber"], report: Any, *, written: bool
) -> dict[str, Any]:
    return {
        "where": list(where),
        "matching": count,
        "sample": [person.email for person in sample],
        "written": written,
        "changed": report.changed,
        "unchanged": report.unchanged,
        "failed": [{"email": email, "error": error} for email, error in report.errors],
    }

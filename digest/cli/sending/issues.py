"""Runs `digest issues`: shows what went out on each day."""

from typing import TYPE_CHECKING, Any

import click

from digest.cli.terminal.context import Cli, json_option, pass_cli
from digest.cli.terminal.output import emit, say, table, tell_if_cut
from digest.cli.terminal.types import LIMIT
from digest.domain import DeliveryState

if TYPE_CHECKING:
    from digest.pipeline.issues.history import PastIssue

_SHOWN = ("sent", "queued", "uncertain", "bounced", "failed", "skipped", "expired")


@click.group()
def issues() -> None:
    """What went out on each day, and what became of it."""


@issues.command("list")
@click.option("--limit", default=20, show_default=True, type=LIMIT, help="How many at most.")
@json_option
@pass_cli
def list_(cli: Cli, *, limit: int, as_json: bool) -> None:
    """List the last issues, newest first.

    Example: digest issues list --limit 7
    """
    from digest.pipeline.issues import history

    listed = history.listing(cli.installation, limit=limit)
    if as_json:
        emit([_issue(past) for past in listed])
    else:
        shown = [state for state in _SHOWN if any(past.counts[DeliveryState(state)] for past in listed)]
        table(
            ("issue", "date", "due at", "subscribers", *shown),
            [
                (
                    past.issue.id,
                    past.issue.date,
                    past.issue.due_at,
                    past.audience,
                    *(past.counts[DeliveryState(state)] or "" for state in shown),
                )
                for past in listed
            ],
            empty="no issue yet; digest run opens the first",
        )
    tell_if_cut(len(listed), limit)


@issues.command()
@click.argument("issue", metavar="DATE|NUMBER")
@click.option("--papers", "most", default=20, show_default=True, type=LIMIT, help="How many papers at most.")
@json_option
@pass_cli
def show(cli: Cli, *, issue: str, most: int, as_json: bool) -> None:
    """Show an issue: its deliveries by state and reason, and the papers that most readers got.

    Example: digest issues show 2026-03-17
    """
    from digest.pipeline.issues import history

    found = history.read_issues(cli.installation, issue)
    if as_json:
        emit(
            [
                _issue(past)
                | {
                    "reasons": past.reasons,
                    "papers": [{"id": paper, "readers": count} for paper, count in past.papers],
                }
                for past in found
            ]
        )
        return
    for place, past in enumerate(found):
        if place:
            click.echo()
        one = past.issue
        say(f"issue {one.id} of {one.date}, due at {one.due_at:%H:%M}, opened at {one.opened_at:%H:%M} UTC")
        states = [(state, count) for state, count in past.counts.items() if count]
        table(("state", "subscribers"), states, empty="for nobody")
        if past.reasons:
            table(("reason", "subscribers"), list(past.reasons.items()))
        named = [(paper, readers, past.titles.get(paper, "")) for paper, readers in past.papers[:most]]
        table(("paper", "readers", "title"), named, empty="no papers")


def _issue(past: "PastIssue") -> dict[str, Any]:
    issue = past.issue
    states = {str(state): past.counts.get(state, 0) for state in DeliveryState}
    whole = {"id": issue.id, "date": issue.date, "due_at": issue.due_at, "opened_at": issue.opened_at}
    return whole | {"audience": past.audience} | states

"""Runs `digest deliveries`: shows the ledger, and retries or resolves its rows."""

from typing import TYPE_CHECKING

import click

from digest.cli.terminal.context import Cli, json_option, pass_cli
from digest.cli.terminal.options import dry_run_option, yes_option
from digest.cli.terminal.output import emit, say, table, tell_if_cut
from digest.cli.terminal.prompts import ask
from digest.cli.terminal.types import LIMIT, ROW, choice
from digest.domain import DeliveryState
from digest.serializers import delivery_object, pace_object

if TYPE_CHECKING:
    from digest.pipeline.delivery.resolve import Picked

issue_option = click.option("--issue", "issue_id", type=ROW, help="All of this issue.")


@click.group()
def deliveries() -> None:
    """The ledger: what each subscriber got, or why they got nothing."""


@deliveries.command("list")
@click.option("--issue", "issue_id", type=ROW, help="Only those of this issue.")
@click.option("--state", type=choice(DeliveryState), help="Only those in this state.")
@click.option("--limit", default=1000, show_default=True, type=LIMIT, help="How many at most.")
@json_option
@pass_cli
def list_(cli: Cli, *, issue_id: int | None, state: DeliveryState | None, limit: int, as_json: bool) -> None:
    """List deliveries, newest first.

    Example: digest deliveries list --state skipped
    """
    from digest.pipeline.delivery import resolve

    listed, names = resolve.listing(cli.installation, issue_id, state and DeliveryState(state), limit)
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
            optional=("reply", "attempts"),
        )
    tell_if_cut(len(listed), limit)


@deliveries.command()
@click.argument("ids", type=ROW, nargs=-1)
@issue_option
@dry_run_option
@yes_option
@json_option
@pass_cli
def retry(
    cli: Cli, *, ids: tuple[int, ...], issue_id: int | None, dry_run: bool, yes: bool, as_json: bool
) -> None:
    """Try deliveries again that were deferred, failed, bounced or expired: by id, or all of an issue.

    Example: digest deliveries retry --issue 3 --dry-run
    """
    from digest.pipeline.delivery import resolve

    found = resolve.pick(cli.installation, ids, issue_id, resolve.RETRIED, cli.now)
    what = f"{len(found.rows)} deliveries will be tried again"
    if _goes_on(found, what, dry_run, yes):
        done = resolve.send_again(
            cli.installation, [row.id for row, _ in found.rows], resolve.RETRIED, cli.now
        )
    else:
        done = 0
    _print_counts({"found": len(found.rows), "queued": done, "stale": found.stale}, as_json)


@deliveries.command()
@click.argument("ids", type=ROW, nargs=-1)
@issue_option
@click.option("--resend", is_flag=True, help="Send them again: some readers may get it twice.")
@click.option("--mark-sent", is_flag=True, help="Take them as sent: some readers may get nothing.")
@dry_run_option
@yes_option
@json_option
@pass_cli
def resolve(
    cli: Cli,
    *,
    ids: tuple[int, ...],
    issue_id: int | None,
    resend: bool,
    mark_sent: bool,
    dry_run: bool,
    yes: bool,
    as_json: bool,
) -> None:
    """Resolve deliveries whose connection dropped after the message was sent.

    Nobody knows whether these arrived; look at the mail server's log.

    Example: digest deliveries resolve --issue 3 --mark-sent --dry-run
    """
    from digest.pipeline.delivery import resolve

    if resend == mark_sent:
        raise click.UsageError("say --resend or --mark-sent")
    found = resolve.pick(cli.installation, ids, issue_id, resolve.DOUBTFUL, cli.now)
    numbers = [row.id for row, _ in found.rows]
    done = 0
    count = f"{len(numbers)} uncertain deliveries"
    what = f"{count} will be sent again; who has theirs gets it twice" if resend else f"{count} count as sent"
    if _goes_on(found, what, dry_run, yes):
        if resend:
            done = resolve.send_again(cli.installation, numbers, resolve.DOUBTFUL, cli.now)
        else:
            done = resolve.mark_sent(cli.installation, numbers, cli.now)
    _print_counts(
        {"found": len(numbers), "queued" if resend else "sent": done, "stale": found.stale}, as_json
    )


@deliveries.command()
@click.option("--resume", multiple=True, metavar="DOMAIN", help="Send to a stopped domain again, now.")
@json_option
@pass_cli
def domains(cli: Cli, *, resume: tuple[str, ...], as_json: bool) -> None:
    """List recipient domains that asked for time (slow) or refuse our mail (stopped), in their own words.

    Example: digest deliveries domains
    """
    from digest.pipeline.delivery import throttle

    if resume:
        throttle.resume(cli.installation, [name.lower() for name in resume], cli.now)
    limits = cli.installation.limits
    found = [pace_object(pace, limits, cli.now) for pace in throttle.troubled(cli.installation)]
    if as_json:
        emit(found)
    else:
        table(
            ("domain", "state", "mails/s", "again at", "its words"),
            [(d["domain"], d["state"], d["per_second"], d["next_at"], d["reply"]) for d in found],
            empty="no domain asked for time or refused us",
        )


def _goes_on(found: "Picked", what: str, dry_run: bool, yes: bool) -> bool:
    """Whether to do it: a sample is shown, a person asked, a script must have said --yes."""
    if dry_run or not found.rows:
        return False
    if not yes:
        for row, email in found.rows[:3]:
            say(f"  {row.issue_date} {email}: {row.state} {row.reason or row.reply}", err=True)
        ask(what)
    return True


def _print_counts(counts: dict[str, int], as_json: bool) -> None:
    if as_json:
        emit(counts)
        return
    *first, stale = counts.items()
    say(", ".join(f"{number} {name}" for name, number in first))
    if stale[1]:
        say(f"{stale[1]} are of issues older than 20 hours, which are not sent any more", err=True)

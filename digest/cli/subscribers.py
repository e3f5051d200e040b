"""`digest subscribers`: the people and what they asked for."""

from collections.abc import Callable
from typing import Any, TypeVar

import click

from digest.cli.context import Cli, json_option, on_terminal, pass_cli
from digest.cli.exits import PARTLY_FAILED
from digest.cli.explaining import show_read_back
from digest.cli.output import emit, table, tell_if_cut
from digest.cli.types import choice
from digest.domain import DeliveryState, Frequency, SubscriberStatus
from digest.serializers import delivery_object, subscriber_object

F = TypeVar("F", bound=Callable[..., Any])


wishes = (
    click.option("--topic", "topics", multiple=True, help="A topic, by its slug; may be repeated."),
    click.option("--filter", "filters", multiple=True, help="A filter; may be repeated."),
    click.option("--exclude", multiple=True, help="A filter that must not match; may be repeated."),
    click.option("--min-upvotes", default=0, show_default=True, help="Leave out papers with fewer."),
    click.option("--top", default=0, show_default=True, help="Also the day's top N, whatever the filters."),
    click.option("--max", "max_papers", default=20, show_default=True, help="Maximum papers per email."),
)
times = (
    click.option("--frequency", type=choice(Frequency), default="daily", show_default=True),
    click.option("--weekday", default="mon", show_default=True, help="For weekly: mon, tue, …"),
    click.option("--at", default="08:00", show_default=True, help="The hour, on the clock of the time zone."),
    click.option("--timezone", default="UTC", show_default=True, help="Such as Europe/Paris."),
    click.option("--quiet-days", is_flag=True, help="A short mail with the reason when there is no paper."),
)
consent_options = (
    click.option("--confirmed", is_flag=True, help="They agreed already; needs --consent."),
    click.option("--consent", help="Where and when they agreed, in words; kept as the record."),
)


def _with(*groups: tuple[Any, ...]) -> Callable[[F], F]:
    """Apply groups of options to a command, in their written order."""

    def decorate(command: F) -> F:
        for option in reversed([option for group in groups for option in group]):
            command = option(command)
        return command

    return decorate


@click.group()
def subscribers() -> None:
    """The people who get digests."""


@subscribers.command()
@click.argument("email")
@_with(wishes, times, consent_options)
@json_option
@pass_cli
def add(
    cli: Cli,
    /,
    email: str,
    *,
    frequency: Frequency,
    weekday: str,
    at: str,
    timezone: str,
    quiet_days: bool,
    confirmed: bool,
    consent: str | None,
    as_json: bool,
    **wanted: Any,
) -> None:
    """Add a subscriber; unless they agreed already, a mail asks them to confirm.

    Example: digest subscribers add ada@example.org --topic llm --exclude survey --at 07:30
    --timezone Europe/Paris --confirmed --consent 'asked by mail, 2026-03-16'
    """
    from digest.pipeline.subscriptions import signup as joining
    from digest.pipeline.subscriptions import validate
    from digest.store import session

    agreed = _agreed(confirmed, consent)
    schedule = validate.read_schedule(
        frequency=frequency, weekday=weekday, at=at, timezone=timezone, quiet_days=quiet_days
    )
    address = validate.read_address(email)
    listed = validate.known_topics(cli.installation)
    with session.transaction(cli.installation.engine) as db:
        added = validate.subscribe(
            cli.installation,
            db,
            email=address,
            interests=validate.read_interests(listed, **wanted),
            schedule=schedule,
            now=cli.now,
            consent=agreed,
        )
        asked = agreed is not None or joining.invite(cli.installation, db, added, cli.now)
    for text in (*wanted["filters"], *wanted["exclude"]):
        show_read_back(text)
    if not asked:
        click.echo(f"{address} had enough mails to confirm; ask again later: resend-confirmation", err=True)
    if as_json:
        emit(subscriber_object(added))
    else:
        due = f", next digest {added.next_due_at:%Y-%m-%d %H:%M} UTC" if added.next_due_at else ""
        click.echo(f"{added.email} is {added.status}{due}")


@subscribers.command("resend-confirmation")
@click.argument("email")
@pass_cli
def resend_confirmation(cli: Cli, email: str) -> None:
    """Ask somebody who is pending once more; the mail leaves with the next round.

    The caps are those of the sign-up form: once in ten minutes, 3 a day, 5 a month.

    Example: digest subscribers resend-confirmation ada@example.org
    """
    from digest.errors import RefusedError
    from digest.pipeline.subscriptions import signup
    from digest.store import session
    from digest.store.subscriptions import subscribers as stored

    with session.transaction(cli.installation.engine) as db:
        found = stored.get(db, email)
        if found.status not in {SubscriberStatus.PENDING, SubscriberStatus.UNSUBSCRIBED}:
            raise RefusedError(f"{found.email} is {found.status}: there is nothing to confirm")
        if not signup.invite(cli.installation, db, found, cli.now):
            raise RefusedError(f"{found.email} had enough mails to confirm", fix="try again later")
    click.echo(f"{found.email} will be asked")


@subscribers.command()
@click.argument("email")
@json_option
@pass_cli
def show(cli: Cli, email: str, as_json: bool) -> None:
    """Show a subscriber: interests, consent, deliveries.

    Example: digest subscribers show ada@example.org
    """
    from digest.store import deliveries, papers, session
    from digest.store.subscriptions import subscribers as stored

    with session.reading(cli.installation.engine) as db:
        found = stored.get(db, email)
        consents = stored.consents(db, found.id)
        got = deliveries.of_subscriber(db, found.id)
        names = papers.canonical_ids(db, {pk for row in got for pk in row.papers})
    rows = [delivery_object(row, found.email, names) for row in got]
    whole = subscriber_object(found) | {
        "consent": consents,
        "deliveries": rows,
        "bounces": [row for row in rows if row["state"] == DeliveryState.BOUNCED],
    }
    if as_json:
        emit(whole)
        return
    table(
        ("", ""), [(key, value) for key, value in subscriber_object(found).items() if value not in (None, [])]
    )
    table(
        ("date", "state", "reason", "papers"),
        [(d.issue_date, d.state, d.reason, len(d.papers)) for d in got],
        empty="no digest yet",
    )


@subscribers.command("list")
@click.option("--status", type=choice(SubscriberStatus), help="Only those with this status.")
@click.option("--query", default="", help="Only addresses that hold this text.")
@click.option("--limit", default=1000, show_default=True, help="How many at most.")
@json_option
@pass_cli
def list_(cli: Cli, *, status: SubscriberStatus | None, query: str, limit: int, as_json: bool) -> None:
    """List subscribers.

    Example: digest subscribers list --status active
    """
    from digest.store import session
    from digest.store.subscriptions import subscribers as stored

    with session.transaction(cli.installation.engine) as db:
        listed = stored.listing(db, status=status and SubscriberStatus(status), query=query, limit=limit)
    if as_json:
        emit([subscriber_object(found) for found in listed])
    else:
        table(
            ("email", "status", "topics", "filters", "next digest"),
            [
                (
                    s.email,
                    s.status,
                    " ".join(s.interests.topics),
                    "; ".join(s.interests.filters),
                    s.next_due_at,
                )
                for s in listed
            ],
            empty="no subscribers",
        )
    tell_if_cut(len(listed), limit)


@subscribers.command("import")
@click.argument("file", type=click.File("rb", lazy=True))
@_with(consent_options)
@click.option(
    "--from",
    "form",
    type=click.Choice(("listmonk", "mailman", "buttondown", "mailchimp")),
    help="Whose export it is, if not ours.",
)
@click.option("--skip-errors", is_flag=True, help="Leave out wrong lines instead of everything.")
@click.option("--dry-run", is_flag=True, help="Say what would happen; write nothing.")
@click.option("--yes", is_flag=True, help="Don't ask.")
@json_option
@pass_cli
def import_(
    cli: Cli,
    *,
    file: Any,
    confirmed: bool,
    consent: str | None,
    form: str | None,
    skip_errors: bool,
    dry_run: bool,
    yes: bool,
    as_json: bool,
) -> int:
    """Read a table of subscribers (- for standard input); all or nothing, safe to repeat. Mails nobody.

    CSV as spreadsheets write it, or JSON, one object a line. Lists are separated by semicolons.

    \b
    Columns: email,topics,filters,exclude,frequency,at,timezone,max,status,
             quiet_days,weekday,min_upvotes,top,paused_until,joined_at,
             consent,consent_at
    Example: digest subscribers import people.csv --dry-run
    """
    from digest.cli.progress import counting
    from digest.pipeline.subscriptions.csv_import import import_subscribers
    from digest.pipeline.subscriptions.list_formats import ListFormat

    options: dict[str, Any] = {
        "now": cli.now,
        "consent": _agreed(confirmed, consent),
        "skip_errors": skip_errors,
        "form": form and ListFormat(form),
    }
    table_file = _seekable(file)
    asks = not (dry_run or yes)
    with counting("rows") as on_rows:
        report = import_subscribers(
            cli.installation, table_file, dry_run=dry_run or asks, on_rows=on_rows, **options
        )
    if asks and (skip_errors or not report.errors):
        if report.updated:
            _ask(report.updated)
        table_file.seek(0)
        report = import_subscribers(cli.installation, table_file, **options)
    if as_json:
        emit(
            {
                "added": report.added,
                "updated": report.updated,
                "unchanged": report.unchanged,
                "errors": [{"line": line, "error": error} for line, error in report.errors],
            }
        )
    else:
        for line, error in report.errors:
            click.echo(f"line {line}: {error}", err=True)
        click.echo(f"{report.added} added, {report.updated} updated, {report.unchanged} unchanged")
    return PARTLY_FAILED if report.errors else 0


def _seekable(file: Any) -> Any:
    """The file, or a copy of a pipe on the disk: its encoding is found out before it is read."""
    import shutil
    import tempfile

    opened = file.open() if hasattr(file, "open") else file
    if opened.seekable():
        return opened
    copy = tempfile.TemporaryFile()  # noqa: SIM115 - open until the process ends
    shutil.copyfileobj(opened, copy)
    copy.seek(0)
    return copy


def _ask(updated: int) -> None:
    """A change of what people chose is confirmed at a terminal, and refused elsewhere without --yes."""
    from digest.errors import RefusedError

    what = f"the interests or schedule of {updated} subscribers will change"
    if not on_terminal():
        raise RefusedError(what, fix="say --yes to do it")
    if not click.confirm(f"{what}. Go on?"):
        raise click.exceptions.Abort


def _agreed(confirmed: bool, consent: str | None) -> str | None:
    """The consent's words where somebody vouches for it; both or neither."""
    if confirmed and not consent:
        raise click.UsageError("--confirmed needs --consent 'where and when they agreed'")
    if consent and not confirmed:
        raise click.UsageError("--consent needs --confirmed")
    return consent if confirmed else None

"""Runs `digest subscribers import` and `export`: reads and writes tables of subscribers."""

import io
import sys
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import TYPE_CHECKING, Any, TextIO

import click

from digest.cli.subscribers.bulk import where_option
from digest.cli.subscribers.options import agreed_words, consent_options, with_options
from digest.cli.terminal.context import Cli, json_option, pass_cli
from digest.cli.terminal.exits import OK, PARTLY_FAILED
from digest.cli.terminal.options import dry_run_option, yes_option
from digest.cli.terminal.output import emit, say
from digest.cli.terminal.prompts import ask
from digest.cli.terminal.types import choice
from digest.domain import SubscriberStatus

if TYPE_CHECKING:
    from digest.pipeline.subscriptions.lists.csv_import import ImportReport


@click.command("import")
@click.argument("file", type=click.File("rb", lazy=True))
@with_options(consent_options)
@click.option(
    "--from",
    "form",
    type=click.Choice(("listmonk", "mailman", "buttondown", "mailchimp")),
    help="Whose export it is, if not ours.",
)
@click.option("--skip-errors", is_flag=True, help="Leave out wrong lines instead of everything.")
@dry_run_option
@yes_option
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
             quiet_days,language,weekday,min_upvotes,about_only,front,top,
             paused_until,joined_at,consent,consent_at,role,display_name
    Example: digest subscribers import people.csv --dry-run
    """
    from digest.cli.terminal.progress import counting
    from digest.pipeline.subscriptions.lists.csv_import import import_subscribers
    from digest.pipeline.subscriptions.lists.list_formats import ListFormat

    options: dict[str, Any] = {
        "now": cli.now,
        "consent": agreed_words(confirmed, consent),
        "skip_errors": skip_errors,
        "form": form and ListFormat(form),
    }
    table_file = seekable(file)
    total = lines_of(table_file)
    asks = not (dry_run or yes)
    with counting("rows", total) as on_rows:
        report = import_subscribers(
            cli.installation, table_file, dry_run=dry_run, only_new=asks, on_rows=on_rows, **options
        )
    changes = report.updated or report.roles
    if asks and changes and not report.is_written and (skip_errors or not report.errors):
        ask(_changes(report))
        table_file.seek(0)
        with counting("rows", total) as on_rows:
            report = import_subscribers(cli.installation, table_file, on_rows=on_rows, **options)
    if as_json:
        emit(
            {
                "added": report.added,
                "updated": report.updated,
                "unchanged": report.unchanged,
                "roles": report.roles,
                "errors": [{"line": line, "error": error} for line, error in report.errors],
            }
        )
    else:
        for line, error in report.errors:
            say(f"line {line}: {error}", err=True)
        say(f"{report.added:,} added, {report.updated:,} updated, {report.unchanged:,} unchanged")
    return PARTLY_FAILED if report.errors else 0


def _changes(report: "ImportReport") -> str:
    of_people = f"subscribers whose interests, schedule, name, role or status will change: {report.updated:,}"
    of_roles = f"people who get another role on the site: {report.roles:,}"
    return "; ".join([*([of_people] if report.updated else []), *([of_roles] if report.roles else [])])


def seekable(file: Any) -> Any:
    """Return the file, or a copy of a pipe on the disk: its encoding is found out before it is read."""
    import shutil
    import tempfile

    opened = file.open() if hasattr(file, "open") else file
    if opened.seekable():
        return opened
    copy = tempfile.TemporaryFile()  # noqa: SIM115 - open until the process ends
    shutil.copyfileobj(opened, copy)
    copy.seek(0)
    return copy


def lines_of(file: Any) -> int:
    """Count the lines of a file, for a bar: rows may go over several, and some may be blank."""
    lines: int = sum(chunk.count(b"\n") for chunk in iter(lambda: file.read(1 << 20), b""))
    file.seek(0)
    return lines


@click.command()
@click.argument("email", required=False)
@click.option(
    "--out", type=click.Path(dir_okay=False), help="A file, readable by its owner alone; else stdout."
)
@click.option("--status", type=choice(SubscriberStatus), help="Only those with this status.")
@where_option
@click.option("--jsonl", is_flag=True, help="JSON, one object a line, instead of CSV.")
@json_option
@pass_cli
def export(
    cli: Cli,
    *,
    email: str | None,
    out: str | None,
    status: str | None,
    where: tuple[str, ...],
    jsonl: bool,
    as_json: bool,
) -> int:
    """Write all subscribers (or those of --where) as a table that `import` reads back; of EMAIL, all we keep.

    Example: digest subscribers export --out people.csv
    """
    from digest.cli.terminal.progress import counting
    from digest.pipeline.subscriptions import personal_data, preferences
    from digest.pipeline.subscriptions.lists.csv_export import export_subscribers
    from digest.pipeline.subscriptions.where import conditions_of, count

    if email is not None:
        emit(personal_data.export(cli.installation, preferences.by_address(cli.installation, email).id))
        return OK
    conditions = conditions_of(cli.installation, where, status=status or "")
    total = count(cli.installation, conditions)
    with _opened(out) as file, counting("subscribers", total) as on_rows:
        written = export_subscribers(
            cli.installation,
            file,
            as_json=jsonl or as_json,
            where=conditions,
            on_rows=on_rows,
        )
    if out:
        say(f"{written} subscribers written to {out}", err=True)
    if written < total:
        say(f"{total - written} of {total} are not in it: their rows can't be read, or they left", err=True)
    return OK if written >= total else PARTLY_FAILED


@contextmanager
def _stdout() -> Iterator[TextIO]:
    """Standard output as a table is written: UTF-8 whatever the terminal can show, line ends as they are."""
    sys.stdout.flush()
    out = io.TextIOWrapper(sys.stdout.buffer, encoding="utf-8", newline="")
    try:
        yield out
    finally:
        out.detach()  # flushes, and leaves standard output open


def _opened(out: str | None) -> AbstractContextManager[TextIO]:
    import os

    if out is None:
        return _stdout()
    number = os.open(out, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    return os.fdopen(number, "w", encoding="utf-8", newline="")

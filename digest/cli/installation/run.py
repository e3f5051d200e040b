"""Runs `digest run`: plays one round in this process."""

import logging
import signal
from contextlib import contextmanager
from threading import Event
from typing import TYPE_CHECKING, Any

import click

from digest.cli.terminal.context import Cli, json_option, pass_cli
from digest.cli.terminal.exits import INTERRUPTED, OK, PARTLY_FAILED, UNREACHABLE
from digest.cli.terminal.options import dry_run_option
from digest.cli.terminal.output import emit, say, table
from digest.domain import DeliveryState

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import datetime

    from digest.pipeline.ingest.poll import FetchReport
    from digest.pipeline.issues.open import IssueReport
    from digest.pipeline.runner import Round


@click.command()
@click.option("--no-fetch", is_flag=True, help="Ask no source; work with the papers that are there.")
@dry_run_option
@json_option
@pass_cli
def run(cli: Cli, *, no_fetch: bool, dry_run: bool, as_json: bool) -> int:
    """Run one round in this process: fetch what is due, open due issues, deliver.

    Digests wait a few seconds for slow sources, no longer; what fails stops nothing else.
    Told to stop (SIGTERM, Ctrl-C) it ends with the mails at hand, told twice at once; the next round goes on.

    Example: digest run --no-fetch
    """
    from digest.pipeline.clock import shared_now
    from digest.pipeline.failures import words
    from digest.pipeline.runner import run_round

    now = cli.now if cli.is_clock_set else shared_now(cli.installation)
    if dry_run:
        _show_due(cli, now, fetch=not no_fetch, as_json=as_json)
        return OK
    with _stop_on_signal() as stopping, sources_reported_once():
        report = run_round(
            cli.installation, now, fetch=not no_fetch, summarise=not no_fetch, stopping=stopping
        )
    if as_json:
        emit(
            {
                "sources": [fetch_object(f) for f in report.sources],
                "issues": [issue_object(i) for i in report.issues],
                "emails": report.emails,
                "failed": [{"step": name, "error": words(error)} for name, error in report.failed.items()],
            }
        )
    else:
        if not no_fetch:
            show_fetched(report.sources)
        _show_issues(report)
    for name, error in report.failed.items():
        if error is not report.delivery_error:
            say(f"error: {name}: {words(error)}; the other steps went on", err=True)
    if broken := report.delivery_error or report.outage:
        raise broken
    if stopping():
        return INTERRUPTED
    return PARTLY_FAILED if report.failed else exit_code(report.sources)


def _show_due(cli: Cli, now: "datetime", *, fetch: bool, as_json: bool) -> None:
    from digest.pipeline.monitoring.due_work import read_due_work

    due = read_due_work(cli.installation, now)
    names = due.sources if fetch else ()
    if as_json:
        emit({"sources": names, "subscribers": due.subscribers, "deliveries": due.deliveries})
        return
    say(f"sources to ask: {', '.join(names) or 'none'}")
    say(f"digests to prepare: {due.subscribers:,}; prepared and waiting: {due.deliveries:,}")
    say("nothing was written")


@contextmanager
def _stop_on_signal() -> "Iterator[Callable[[], bool]]":
    """Whether the process was told to stop. Cut off at once it would leave mails of which nobody knows
    whether they arrived; who tells it twice gets that."""
    asked_to_stop = Event()

    def apply_reply(number: int, _frame: object) -> None:
        asked_to_stop.set()
        signal.signal(number, before[signal.Signals(number)])

    before = {number: signal.signal(number, apply_reply) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield asked_to_stop.is_set
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextmanager
def sources_reported_once() -> "Iterator[None]":
    """Keep what becomes of sources out of the log meanwhile: the report of the command says it."""
    log = logging.getLogger("digest.pipeline.ingest.poll")
    before = log.level
    log.setLevel(logging.ERROR)
    try:
        yield
    finally:
        log.setLevel(before)


def exit_code(fetched: "tuple[FetchReport, ...] | list[FetchReport]") -> int:
    """Return 0 where every source answered, 5 where none did, 6 between."""
    failed = sum(1 for report in fetched if report.error)
    if not failed:
        return 0
    return UNREACHABLE if failed == len(fetched) else PARTLY_FAILED


def fetch_object(report: "FetchReport") -> dict[str, Any]:
    """Return a fetch in the shape that scripts know."""
    return {
        "name": report.name,
        "state": report.state,
        "not_modified": report.not_modified,
        "entries": report.entries,
        "new": report.new,
        "updated": report.updated,
        "unchanged": report.unchanged,
        "skipped": report.skipped,
        "error": report.error,
        "notes": report.notes,
    }


def show_fetched(fetched: "tuple[FetchReport, ...] | list[FetchReport]") -> None:
    """Print what came of sources, for people: counts, or what went wrong in words."""
    for report in fetched:
        if report.error:
            say(f"{report.name}: {report.error}", err=True)
        for note in report.notes:
            say(f"{report.name}: {note}", err=True)
    table(
        ("source", "state", "entries", "new", "updated", "skipped"),
        [(r.name, r.state, r.entries, r.new, r.updated, len(r.skipped)) for r in fetched],
        empty="no source was due",
    )


def issue_object(report: "IssueReport") -> dict[str, Any]:
    """Return an issue in the shape that scripts know: the audience and the states that add up to it."""
    states = {str(state): report.counts.get(state, 0) for state in DeliveryState}
    return {"id": report.id, "date": report.date, "audience": report.audience} | states


def _show_issues(report: "Round") -> None:
    shown = ("sent", "queued", "deferred", "uncertain", "bounced", "failed", "skipped", "expired")
    table(
        ("issue", "date", "audience", *shown),
        [
            (i.id, i.date, i.audience, *(i.counts.get(DeliveryState(s), 0) for s in shown))
            for i in report.issues
        ],
        empty="no digest was due",
    )
    if report.emails:
        say(f"emails about subscriptions (confirmations and the like): {report.emails}")

"""Runs `digest demo`: plays the whole service on bundled samples."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from digest.cli.terminal.context import json_option
from digest.cli.terminal.options import dry_run_option
from digest.cli.terminal.output import emit, say, table
from digest.cli.terminal.types import Number
from digest.domain import DeliveryState
from digest.serializers import reasons_in_words

if TYPE_CHECKING:
    from digest.pipeline.demo import Demo

SHOWN = 3  # papers of each mail in the table


@click.command()
@click.option(
    "--out",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path("data/demo"),
    show_default=True,
    help="The folder to use; a demo's files in it are replaced.",
)
@click.option("--serve", "serves", is_flag=True, help="Serve the site on the sample papers afterwards.")
@click.option(
    "--port",
    default=8000,
    show_default=True,
    type=Number(0, 65_535),
    help="For --serve; 0: any.",
)
@dry_run_option
@json_option
def demo(out: Path, *, serves: bool, port: int, dry_run: bool, as_json: bool) -> None:
    """Run everything on bundled sample papers: no network, no server, no configuration.

    Example: digest demo --serve
    """
    from digest.pipeline.demo import demo as played

    if dry_run:
        if as_json:
            emit({"out": str(out), "written": False})
        else:
            say(f"the demo would be played in {out}/; nothing was written")
        return
    if serves:
        _serve(out, port)
        return
    report = played(out)
    if as_json:
        emit(
            {
                "issue_date": report.played.issues[0].date,
                "papers": report.papers,
                "subscribers": sum(issue.audience for issue in report.played.issues),
                "sent": sum(issue.counts[DeliveryState.SENT] for issue in report.played.issues),
                "mails": [
                    {
                        "to": mail.to,
                        "subject": mail.subject,
                        "path": str(mail.path),
                        "papers": [match.paper.id for match in mail.matches],
                    }
                    for mail in report.mails
                ],
            }
        )
    else:
        _show(report)


def _show(report: "Demo") -> None:
    say(f"{report.papers} sample papers, {len(report.mails)} emails:")
    rows = []
    for mail in report.mails:
        for number, match in enumerate(mail.matches[:SHOWN]):
            reader = mail.to if number == 0 else ""
            rows.append((reader, match.paper.title, reasons_in_words(match.reasons)))
        if len(mail.matches) > SHOWN:
            rows.append(("", f"… and {len(mail.matches) - SHOWN} more", ""))
    table(("who", "gets", "because of"), rows)
    first = report.mails[0].path
    say(f"The emails are in {first.parent}/, as .eml for a mail program and as .html.")
    click.echo(f"Open one:  python3 -m webbrowser {first.with_suffix('.html')}")
    click.echo(f"The site on the same papers:  {_command()} demo --serve")


def _serve(out: Path, port: int) -> None:
    """Play the demo, then serve its site on this machine until it is stopped."""
    from digest.pipeline.demo import MORNING
    from digest.pipeline.demo import demo as played
    from digest.web.server import listen, serve_demo

    with listen("127.0.0.1", port) as listening:  # before the demo: a port that is taken is told at once
        report = played(out)
        host, number = listening.getsockname()[:2]
        say(f"{report.papers} sample papers, as of {MORNING:%A} {MORNING.day} {MORNING:%B %Y}.")
        say(f"The site:  http://{host}:{number}/   (Ctrl+C ends it)")
        say(f"Emails of sign-ups are in {out}/outbox/.")
        serve_demo(report.installation, listening, MORNING)


def _command() -> str:
    """How this program was called, as it can be typed again: `.venv/bin/digest` after `make demo`."""
    called = Path(sys.argv[0])
    return "digest" if called.name != "digest" or not str(called).startswith(".") else str(called)

"""`digest demo`: the whole thing on bundled samples."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from digest.cli.context import json_option
from digest.cli.output import emit, table
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
@json_option
def demo(out: Path, as_json: bool) -> None:
    """The whole thing on bundled sample papers: no network, no server, no configuration."""
    from digest.pipeline.demo import demo as played

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
    click.echo(f"{report.papers} sample papers, {len(report.mails)} mails:")
    rows = []
    for mail in report.mails:
        for number, match in enumerate(mail.matches[:SHOWN]):
            reader = mail.to if number == 0 else ""
            rows.append((reader, match.paper.title, reasons_in_words(match.reasons)))
        if len(mail.matches) > SHOWN:
            rows.append(("", f"… and {len(mail.matches) - SHOWN} more", ""))
    table(("who", "gets", "because of"), rows)
    first = report.mails[0].path
    click.echo(f"The mails lie in {first.parent}/, as .eml for a mail program and as .html.")
    click.echo(f"Open one:  python3 -m webbrowser {first.with_suffix('.html')}")

"""Runs `digest bounces`: reads emails that came back."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from digest.cli.terminal.context import Cli, json_option, pass_cli
from digest.cli.terminal.output import emit, table

if TYPE_CHECKING:
    from digest.pipeline.bounces.process import Processed


@click.group()
def bounces() -> None:
    """Mails that came back: bounces, complaints, automatic replies."""


@bounces.command("process")
@click.argument("files", nargs=-1, type=click.File("rb", lazy=True))
@click.option(
    "--maildir",
    type=click.Path(path_type=Path),
    help="All that is new in this Maildir; it is put away there.",
)
@click.option(
    "--imap",
    is_flag=True,
    help="All that is unread in the mailbox of DIGEST_BOUNCE_IMAP_URL; it is marked as read there.",
)
@click.option("--dry-run", is_flag=True, help="Say what each mail is; write nothing.")
@json_option
@pass_cli
def process_(
    cli: Cli, *, files: tuple[Any, ...], maildir: Path | None, imap: bool, dry_run: bool, as_json: bool
) -> None:
    """Read mails that came back, and do what follows: from files, a Maildir, a mailbox, or - for standard
    input.

    Without any, the Maildir of DIGEST_BOUNCE_MAILDIR is read. What comes through standard input is kept there
    first; files stay where they are.

    Example: digest bounces process bounce.eml --dry-run
    """
    from digest.pipeline.bounces.maildir import process_folder

    if bool(files) + bool(maildir) + imap > 1:
        raise click.UsageError("name files, or one Maildir, or --imap")
    if imap:
        done = _of_mailbox(cli, dry_run)
    elif files:
        done = [_of_file(cli, file, dry_run) for file in files]
    elif maildir or cli.settings.bounces().exists():  # the one of the settings begins with what comes
        folder = maildir or cli.settings.bounces()
        done = process_folder(cli.installation, folder, cli.now, dry_run=dry_run)
    else:
        done = []
    if as_json:
        emit(done)
    else:
        table(
            ("file", "kind", "about", "status"),
            [(one.file, one.kind, one.email, one.status) for one in done],
            empty="nothing came back",
        )


def _of_mailbox(cli: Cli, dry_run: bool) -> "list[Processed]":
    from digest.errors import ConfigError
    from digest.pipeline.bounces import imap

    url = cli.settings.bounce_imap_url.get_secret_value()
    if not url:
        raise ConfigError("no mailbox of bounces is configured", fix=imap.FORM)
    return imap.process_mailbox(cli.installation, url, cli.now, dry_run=dry_run)


def _of_file(cli: Cli, file: Any, dry_run: bool) -> "Processed":
    from digest.bounces import LARGEST
    from digest.pipeline.bounces import maildir, process

    if file.name == "-" and not dry_run:
        kept = maildir.keep(cli.settings.bounces(), file.read())
        return maildir.process_input(cli.installation, kept, cli.now)
    return process.process(cli.installation, file.name, file.read(LARGEST), cli.now, dry_run=dry_run)

"""Runs `digest init`: makes of nothing an installation that can send."""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from digest.cli.terminal.context import json_option, on_terminal
from digest.cli.terminal.empty import Clearable
from digest.cli.terminal.exits import OK, PARTLY_FAILED
from digest.cli.terminal.options import dry_run_option
from digest.cli.terminal.output import emit, say, table

if TYPE_CHECKING:
    from digest.domain import Receipt

ENV = Path(".env")
# setting → what is asked, the answer of who only presses Enter, and what helps to answer
QUESTIONS = {
    "site_name": ("Name of the digest", "Daily Papers", ""),
    "base_url": (
        "Address of its pages",
        "http://localhost:8000",
        "Where its pages are; links in emails lead there.",
    ),
    "mail_from": ("Sender", "papers@localhost", "The sender: an address, or Name <address>."),
    "smtp_url": (
        "Mail server",
        "",
        "Such as smtp+starttls://user:password@mail.example.org:587 (empty: a folder).",
    ),
    "postal_address": (
        "Postal address",
        "",
        "For the foot of every email: the law asks for one.",
    ),
}
# From nothing to the first digest: somebody gets one, papers are fetched, theirs is sent at once.
NEXT = (
    "digest subscribers add {address} --topic llm --confirmed --consent myself",
    "digest run",
    "digest send {address} --now",
)
YOU = "you@example.org"


@click.command()
@click.option("--site-name", help="The name in subject lines and heads.")
@click.option("--base-url", help="Where the links in emails lead.")
@click.option("--mail-from", help="The sender: an address, or Name <address>.")
@click.option("--smtp-url", cls=Clearable, help="The mail server; '': emails go to a folder.")
@click.option("--postal-address", cls=Clearable, help="Who sends this, in the foot of every email.")
@click.option("--test-mail", metavar="ADDRESS", help="Send a test email there when all is made.")
@click.option("--no-input", is_flag=True, help="Ask nothing: what isn't given keeps its default.")
@dry_run_option
@json_option
def init(*, no_input: bool, test_mail: str | None, dry_run: bool, as_json: bool, **given: str | None) -> int:
    """Set Digest up in this folder: five questions (or options), then .env and the database are made.

    .env is readable by you only and has fresh secrets; one that is there is never replaced. What DNS must
    hold, and the next three commands, are printed. A test email is sent where you name an address for it.

    Example: digest init --no-input --mail-from papers@example.org --base-url https://papers.example.org
    """
    from dataclasses import asdict

    from digest.config import load
    from digest.pipeline.operations import database, setup
    from digest.pipeline.subscriptions.validate import read_address

    setup.refuse_existing(ENV)
    asks = on_terminal() and not no_input and not as_json
    answers = {
        field: answer if (answer := given[field]) is not None else _asked(field) if asks else ""
        for field in QUESTIONS
    }
    if asks and test_mail is None:
        test_mail = _prompt("Test email to", "", "Who gets a test email now (empty: nobody).", read_address)
    recipient = read_address(test_mail) if test_mail else None
    following = [command.format(address=recipient or YOU) for command in NEXT]
    text = setup.env_text(answers)
    records = setup.dns_records(load(**{field: answer for field, answer in answers.items() if answer}))
    made = None
    if not dry_run:
        setup.write_env(ENV, text)
        made = database.upgrade(load())
    receipt = setup.try_sending(load(), recipient, datetime.now(UTC)) if recipient and not dry_run else None
    if as_json:
        dns = [asdict(record) for record in records]
        emit(
            {
                "env": str(ENV),
                "written": not dry_run,
                "schema": made and made.needed,
                "database": database.place(load()),
                "dns": dns,
                "next": following,
                "test_mail": receipt,
            }
        )
        return _code(receipt)
    if dry_run:
        say(f"{ENV} and the database would be made; nothing was written")
    elif made:
        say(f"wrote {ENV} (only you can read it)")
        state = "was there already; what it holds stays" if made.found else "is ready"
        say(f"the database {database.place(load())} {state} (schema {made.needed})")
    if receipt:
        say(f"test email to {recipient}: {receipt.state}; {receipt.reply}")
    say("\nWhat DNS must hold:")
    table(
        ("name", "type", "value", "why"),
        [(r.name, r.type, r.value, r.why) for r in records],
        empty="nothing: only this machine knows the sender and the site",
    )
    say("\nNext:")
    for command in following:
        click.echo(command)
    return _code(receipt)


def _asked(field: str) -> str:
    from digest.pipeline.operations.setup import env_text

    def check(answer: str) -> object:
        return env_text({field: answer})

    return _prompt(*QUESTIONS[field], check)


def _prompt(question: str, default: str, help_text: str, check: Callable[[str], object]) -> str:
    """Ask until the answer can be used."""
    from digest.errors import DigestError

    def read(answer: str) -> str:
        plain = answer.strip()
        try:
            if plain:
                check(plain)
        except DigestError as error:
            raise click.UsageError(error.message) from error
        return plain

    if help_text:
        say(help_text)
    answer: str = click.prompt(question, default=default, value_proc=read)
    return answer


def _code(receipt: "Receipt | None") -> int:
    return OK if receipt is None or receipt.state == "sent" else PARTLY_FAILED

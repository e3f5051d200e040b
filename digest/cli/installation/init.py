"""`digest init`: from nothing to an installation that can send."""

from pathlib import Path

import click

from digest.cli.terminal.context import json_option, on_terminal
from digest.cli.terminal.options import dry_run_option
from digest.cli.terminal.output import emit, table

ENV = Path(".env")
# setting → what is asked, and the answer of who only presses Enter
QUESTIONS = {
    "site_name": ("Name of the digest", "Daily Papers"),
    "base_url": ("Address of its pages, where links in emails lead", "http://localhost:8000"),
    "mail_from": ("Sender: an address, or Name <address>", "papers@localhost"),
    "smtp_url": ("Mail server, as smtp+starttls://user:password@host:587 (empty: a folder)", ""),
    "postal_address": ("Postal address in the foot of every email (the law asks for it)", ""),
}
NEXT = (
    "digest subscribers add you@example.org --topic llm --confirmed --consent 'my own address'",
    "digest mail test you@example.org",
    "digest run",
)


@click.command()
@click.option("--site-name", help="The name in subject lines and heads.")
@click.option("--base-url", help="Where the links in emails lead.")
@click.option("--mail-from", help="The sender: an address, or Name <address>.")
@click.option("--smtp-url", help="The mail server; empty: emails go to a folder.")
@click.option("--postal-address", help="Who sends this, in the foot of every email.")
@click.option("--no-input", is_flag=True, help="Ask nothing: what isn't given keeps its default.")
@dry_run_option
@json_option
def init(*, no_input: bool, dry_run: bool, as_json: bool, **given: str | None) -> None:
    """Set Digest up in this folder: five questions (or options), then .env and the database are made.

    .env is readable by you only and has fresh secrets; one that is there is never replaced. What DNS must
    hold, and the next three commands, are printed.

    Example: digest init --no-input --mail-from papers@example.org --base-url https://papers.example.org
    """
    from dataclasses import asdict

    from digest.config import load
    from digest.pipeline.operations import database, setup

    setup.refuse_existing(ENV)
    asks = on_terminal() and not no_input and not as_json
    answers = {
        field: answer
        if (answer := given[field]) is not None
        else click.prompt(question, default=default)
        if asks
        else ""
        for field, (question, default) in QUESTIONS.items()
    }
    text = setup.env_text(answers)
    records = setup.dns_records(load(**{field: answer for field, answer in answers.items() if answer}))
    schema = None
    if not dry_run:
        setup.write_env(ENV, text)
        schema = database.upgrade(load()).needed
    if as_json:
        dns = [asdict(record) for record in records]
        emit({"env": str(ENV), "written": not dry_run, "schema": schema, "dns": dns, "next": NEXT})
        return
    if dry_run:
        click.echo(f"{ENV} and the database would be made; nothing was written")
    else:
        click.echo(f"wrote {ENV} (only you can read it); the database is ready (schema {schema})")
    click.echo("\nWhat DNS must hold:")
    table(("name", "type", "value", "why"), [(r.name, r.type, r.value, r.why) for r in records])
    click.echo("\nNext:")
    for command in NEXT:
        click.echo(f"  {command}")

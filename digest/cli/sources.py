"""`digest sources`: where papers come from."""

import click

from digest.cli.context import Cli, json_option, pass_cli
from digest.cli.output import emit, table
from digest.cli.types import choice
from digest.domain import SourceKind
from digest.shapes import source_object


@click.group()
def sources() -> None:
    """Where papers come from, and how each source is doing."""


@sources.command("list")
@json_option
@pass_cli
def list_(cli: Cli, as_json: bool) -> None:
    """List the sources with their states."""
    from digest.store import session
    from digest.store import sources as stored

    with session.transaction(cli.installation.engine) as db:
        listed = stored.listing(db)
    if as_json:
        emit([source_object(source) for source in listed])
    else:
        table(
            ("name", "kind", "state", "last success", "failures", "last error", "url"),
            [(s.name, s.kind, s.state, s.last_success_at, s.failures, s.last_error, s.url) for s in listed],
            empty="no sources; add one: digest sources add URL --name NAME --kind feed",
        )


@sources.command()
@click.argument("url")
@click.option("--name", required=True, help="A short name of your choice, such as nature.")
@click.option("--kind", required=True, type=choice(SourceKind), help="The format it speaks.")
@json_option
@pass_cli
def add(cli: Cli, url: str, name: str, kind: SourceKind, as_json: bool) -> None:
    """Add a source.

    Example: digest sources add https://rss.arxiv.org/rss/math --name arxiv-math --kind arxiv
    """
    from digest.pipeline.subscriptions import read_source
    from digest.store import session
    from digest.store import sources as stored

    with session.transaction(cli.installation.engine) as db:
        added = stored.add(db, name=name, kind=SourceKind(kind), url=read_source(url))
    if as_json:
        emit(source_object(added))
    else:
        click.echo(f"added {added.name}; fetch it: digest sources fetch {added.name}")


@sources.command()
@click.argument("names", nargs=-1)
@json_option
@pass_cli
def fetch(cli: Cli, names: tuple[str, ...], as_json: bool) -> int:
    """Ask these sources now, or all of them.

    Example: digest sources fetch huggingface
    """
    from digest.cli.run import exit_code, fetch_object, show_fetched
    from digest.pipeline import polling
    from digest.store import session
    from digest.store import sources as stored

    with session.transaction(cli.installation.engine) as db:
        chosen = [stored.get(db, name) for name in names] or stored.listing(db)
    fetched = polling.fetch(cli.installation, chosen, cli.now)
    if as_json:
        emit([fetch_object(report) for report in fetched])
    else:
        show_fetched(fetched)
    return exit_code(fetched)

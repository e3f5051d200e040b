"""Runs `digest papers`: imports, searches, explains and merges the papers of the store."""

from contextlib import suppress
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

import click

from digest.cli.papers.encoding import encode
from digest.cli.papers.hiding import hide, unhide
from digest.cli.papers.picks import order, pick, unpick
from digest.cli.papers.reading import list_, show
from digest.cli.papers.submit import submit
from digest.cli.terminal.context import Cli, json_option, pass_cli
from digest.cli.terminal.exits import PARTLY_FAILED
from digest.cli.terminal.options import dry_run_option
from digest.cli.terminal.output import emit, say, table
from digest.cli.terminal.progress import progress
from digest.cli.terminal.types import LIMIT, TIME, choice
from digest.domain import SourceKind
from digest.serializers import ranked_object

if TYPE_CHECKING:
    from digest.pipeline.catalog.search import Item, SearchResult
    from digest.pipeline.ingest.import_files import ImportReport


class SeenAt(click.ParamType[Any]):
    """A time, a date (its first moment in UTC), or the word `source`."""

    name = "TIME|DATE|source"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        if value == "source":
            return value
        with suppress(TypeError, ValueError):  # it isn't a date
            value = f"{date.fromisoformat(value)}T00:00:00Z"
        return TIME.convert(value, param, ctx)


@click.group()
def papers() -> None:
    """The papers in the store."""


for command in (list_, show, pick, unpick, order, hide, unhide, submit, encode):
    papers.add_command(command)


@papers.command("import")
@click.argument("files", nargs=-1, required=True, type=click.File("rb", lazy=True))
@click.option("--kind", required=True, type=choice(SourceKind), help="The format of the files.")
@click.option("--source", "name", help="The source they count for; the kind's name unless said otherwise.")
@click.option(
    "--seen-at", type=SeenAt(), help="When they were first seen: now unless said; `source`: as the files say."
)
@dry_run_option
@json_option
@pass_cli
def import_(
    cli: Cli,
    *,
    files: tuple[Any, ...],
    kind: SourceKind,
    name: str | None,
    seen_at: "datetime | str | None",
    dry_run: bool,
    as_json: bool,
) -> int:
    """Read files as their source serves them (.gz too, or - for standard input).

    Example: digest papers import 2026-03-16.json.gz --kind huggingface
    """
    from digest.pipeline.ingest import import_files

    when = None if seen_at == "source" else seen_at or cli.now
    with progress(None, "") as on_progress:
        reports = [
            import_files.import_file(
                cli.rehearsed(dry_run),
                file.name,
                file,
                kind=SourceKind(kind),
                name=name or str(kind),
                seen_at=when,  # type: ignore[arg-type] # SeenAt gives a datetime or "source"
                on_progress=lambda report: on_progress(report.entries, report.entries),
            )
            for file in files
        ]
    if not dry_run:
        index_papers(cli)
    if as_json:
        emit(reports)
    else:
        _show_import(reports)
    return PARTLY_FAILED if any(report.error for report in reports) else 0


def _show_import(reports: "list[ImportReport]") -> None:
    for report in reports:
        if report.error:
            say(f"error: {report.file}: {report.error}", err=True)
        for note in report.notes:
            say(f"note: {report.file}: {note}", err=True)
        for skipped in report.skipped:
            say(f"skipped: {report.file}: {skipped.entry}: {skipped.error}", err=True)
    table(
        ("file", "entries", "new", "updated", "unchanged", "skipped"),
        [(r.file, r.entries, r.new, r.updated, r.unchanged, len(r.skipped)) for r in reports if not r.error],
        empty="nothing was imported",
    )


@papers.command()
@click.argument("query")
@click.option("--limit", default=20, show_default=True, type=LIMIT, help="How many at most.")
@click.option(
    "--order",
    default="relevance",
    show_default=True,
    type=click.Choice(["relevance", "date", "trend"]),
    help="What comes first.",
)
@click.option("--as-typed", is_flag=True, help="Correct no word and add no acronym's other form.")
@click.option("--reader", metavar="EMAIL", help="Whose saved papers like:saved means.")
@json_option
@pass_cli
def search(
    cli: Cli, *, query: str, limit: int, order: str, as_typed: bool, reader: str | None, as_json: bool
) -> None:
    """Search all papers; plain words rank, the filter language selects.

    Example: digest papers search 'diffusion cat:cs.CV -survey' --limit 5
    """
    from digest.pipeline.catalog.search import MOST, Search, item_object
    from digest.pipeline.subscriptions.preferences import by_address
    from digest.search import Order

    saved = by_address(cli.installation, reader).saved if reader else None
    index_papers(cli)
    searching = Search(cli.installation)
    items: list[Item] = []
    cursor = ""
    while len(items) < limit:
        result = searching(
            query,
            cli.now,
            limit=min(limit - len(items), MOST),
            cursor=cursor,
            order=Order(order),
            as_typed=as_typed,
            saved=saved,
        )
        items += result.items
        cursor = result.next
        if not cursor:
            break
    if as_json:
        emit([item_object(item) for item in items])
        return
    table(
        ("paper", "score", "title"),
        [(item.paper.id, f"{item.score:.2f}", item.paper.title) for item in items],
        empty="no paper matches",
    )
    _explain_result(result, len(items))


def _explain_result(result: "SearchResult", shown: int) -> None:
    """Say on stderr what was searched for, and what else there is."""
    lines = [f"{shown} of {result.total:,} papers"] if shown < result.total else []
    if result.mistake:
        lines.append(f"searched for the words, because as a filter: {result.mistake}")
    for typed, corrected in result.corrections:
        lines.append(
            f"showing results for {corrected!r}, no paper has {typed!r}; --as-typed keeps your words"
        )
    lines += [f"{words!r}: papers that say {other!r} count too" for words, other in result.expanded]
    lines += [f"no paper has {word!r}" for word in result.unknown]
    lines += [f"like {word!r}: {', '.join(near)}" for word, near in result.nearest]
    lines += [f"{part} alone finds {count:,}" for part, count in result.parts]
    for line in lines:
        say(line, err=True)


def index_papers(cli: Cli) -> int:
    """Index the papers that changed, with a bar where that takes long; how many there were."""
    from digest.pipeline.catalog.search_index import catch_up

    with progress(None, "") as on_progress:
        return catch_up(cli.installation, on_progress=lambda done, _total: on_progress(done, done))


@papers.command()
@dry_run_option
@json_option
@pass_cli
def reindex(cli: Cli, *, dry_run: bool, as_json: bool) -> None:
    """Build the search index anew; searches go on meanwhile. Needed only where files were damaged.

    Example: digest papers reindex
    """
    from digest.pipeline.catalog import search_index

    done = total = search_index.count(cli.installation)
    if not dry_run:
        with progress(total, "papers") as on_progress:
            done = search_index.reindex(cli.installation, on_progress=lambda done, _: on_progress(done, done))
    if as_json:
        emit({"papers": done})
    else:
        say(f"{done:,} papers would be indexed anew" if dry_run else f"indexed {done:,} papers")


@papers.command()
@click.argument("paper_id", metavar="ID")
@json_option
@pass_cli
def explain(cli: Cli, paper_id: str, as_json: bool) -> None:
    """Show the parts of a paper's trend score.

    Example: digest papers explain 2509.13332
    """
    from digest.pipeline.issues.trend_score import explain as explained

    ranked = explained(cli.installation, paper_id, cli.now)
    if as_json:
        emit(ranked_object(ranked))
    else:
        say(f"{ranked.paper.title}\nscore {ranked.score:.4f}")
        table(
            ("signal", "value", "points"),
            [(p.signal, f"{p.value:g}", f"{p.points:.4f}") for p in ranked.parts],
        )


@papers.command()
@click.argument("paper_id", metavar="ID")
@click.argument("other_id", metavar="ID")
@click.option("--why", required=True, help="Why they are one work; kept with the merge.")
@dry_run_option
@json_option
@pass_cli
def merge(cli: Cli, *, paper_id: str, other_id: str, why: str, dry_run: bool, as_json: bool) -> None:
    """Let two papers be one work. The one with an arXiv id, else with a DOI, stands for both.

    Example: digest papers merge 2509.13332 10.1101/2026.01.01.123456 --why 'same work, same authors'
    """
    from digest.pipeline.community import merges

    made = merges.merge(cli.installation, paper_id, other_id, reason=why, now=cli.now, dry_run=dry_run)
    if as_json:
        emit(made)
    else:
        say(f"{made.paper} {'would be' if dry_run else 'is'} part of {made.into} now")
        if not dry_run:
            click.echo(f"undo it: digest papers split {made.paper}")


@papers.command()
@click.argument("paper_id", metavar="ID")
@dry_run_option
@json_option
@pass_cli
def split(cli: Cli, paper_id: str, dry_run: bool, as_json: bool) -> None:
    """Undo a merge: ID is the paper that was merged into another. It won't be merged again by itself.

    Example: digest papers split 10.1101/2026.01.01.123456
    """
    from digest.pipeline.community import merges

    undone = merges.split(cli.installation, paper_id, now=cli.now, dry_run=dry_run)
    if as_json:
        emit(undone)
    else:
        say(f"{undone.paper} {'would be' if dry_run else 'is'} a paper of its own again")

"""`digest papers`: what the store holds."""

from contextlib import suppress
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

import click

from digest.cli.context import Cli, json_option, pass_cli
from digest.cli.exits import PARTLY_FAILED
from digest.cli.output import emit, table
from digest.cli.progress import progress
from digest.cli.types import TIME, choice
from digest.domain import Merge, SourceKind
from digest.serializers import paper_object, ranked_object

if TYPE_CHECKING:
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


@papers.command("import")
@click.argument("files", nargs=-1, required=True, type=click.File("rb", lazy=True))
@click.option("--kind", required=True, type=choice(SourceKind), help="The format of the files.")
@click.option("--source", "name", help="The source they count for; the kind's name unless said otherwise.")
@click.option(
    "--seen-at", type=SeenAt(), help="When they were first seen: now unless said; `source`: as the files say."
)
@json_option
@pass_cli
def import_(
    cli: Cli,
    *,
    files: tuple[Any, ...],
    kind: SourceKind,
    name: str | None,
    seen_at: "datetime | str | None",
    as_json: bool,
) -> int:
    """Read files as their source serves them (.gz too, or - for standard input).

    Example: digest papers import 2026-03-16.json.gz --kind huggingface
    """
    from digest.pipeline.ingest import import_files

    when = None if seen_at == "source" else seen_at or cli.now
    with progress(None, "") as told:
        reports = [
            import_files.import_file(
                cli.installation,
                file.name,
                file,
                kind=SourceKind(kind),
                name=name or str(kind),
                seen_at=when,  # type: ignore[arg-type] # SeenAt gives a datetime or "source"
                told=lambda report: told(report.entries, report.entries),
            )
            for file in files
        ]
    if as_json:
        emit(reports)
    else:
        _show_import(reports)
    return PARTLY_FAILED if any(report.error for report in reports) else 0


def _show_import(reports: "list[ImportReport]") -> None:
    for report in reports:
        if report.error:
            click.echo(f"error: {report.file}: {report.error}", err=True)
        for note in report.notes:
            click.echo(f"note: {report.file}: {note}", err=True)
        for skipped in report.skipped:
            click.echo(f"skipped: {report.file}: {skipped.entry}: {skipped.error}", err=True)
    table(
        ("file", "entries", "new", "updated", "unchanged", "skipped"),
        [(r.file, r.entries, r.new, r.updated, r.unchanged, len(r.skipped)) for r in reports if not r.error],
        empty="nothing was imported",
    )


@papers.command()
@click.argument("query")
@click.option("--limit", default=20, show_default=True, help="How many at most.")
@json_option
@pass_cli
def search(cli: Cli, query: str, limit: int, as_json: bool) -> None:
    """Search title and abstract in the filter language; words are enough.

    Example: digest papers search 'ti:diffusion -video' --limit 5
    """
    from digest.pipeline.issues.preview import search as searched

    found = searched(cli.installation, query, limit, cli.now)
    if as_json:
        emit([{"id": m.paper.id, "title": m.paper.title, "score": round(m.score, 6)} for m in found])
    else:
        table(
            ("paper", "score", "title"),
            [(m.paper.id, f"{m.score:.3f}", m.paper.title) for m in found],
            empty="no paper matches",
        )


@papers.command()
@click.argument("paper_id", metavar="ID")
@json_option
@pass_cli
def show(cli: Cli, paper_id: str, as_json: bool) -> None:
    """Show one paper; ID is an arXiv id, a DOI, or an address of it.

    Example: digest papers show 2509.13332
    """
    from digest.pipeline.community.merges import find

    paper, merges = find(cli.installation, paper_id)
    if as_json:
        emit(paper_object(paper, merges))
        return
    click.echo(f"{paper.title}\n{', '.join(paper.authors)}\n{paper.id} · {' '.join(paper.categories)}")
    if paper.withdrawn_at:
        click.echo(f"withdrawn on {paper.withdrawn_at:%Y-%m-%d}: {paper.withdrawal}")
    if paper.organization:
        click.echo(f"organization: {paper.organization}")
    if paper.keywords:
        click.echo(f"keywords: {', '.join(paper.keywords)}")
    click.echo(f"first seen {paper.first_seen_at:%Y-%m-%d %H:%M} UTC by {', '.join(paper.sources)}")
    for merge_ in merges:
        click.echo(_merge_in_words(merge_))
    click.echo(f"{paper.url}\n\n{paper.abstract}")


@papers.command()
@click.argument("paper_id", metavar="ID")
@json_option
@pass_cli
def explain(cli: Cli, paper_id: str, as_json: bool) -> None:
    """Show the parts of a paper's trend score.

    Example: digest papers explain 2509.13332
    """
    from digest.pipeline.issues.preview import explain as explained

    ranked = explained(cli.installation, paper_id, cli.now)
    if as_json:
        emit(ranked_object(ranked))
    else:
        click.echo(f"{ranked.paper.title}\nscore {ranked.score:.4f}")
        table(
            ("signal", "value", "points"),
            [(p.signal, f"{p.value:g}", f"{p.points:.4f}") for p in ranked.parts],
        )


@papers.command()
@click.argument("paper_id", metavar="ID")
@click.argument("other_id", metavar="ID")
@click.option("--why", required=True, help="Why they are one work; kept with the merge.")
@click.option("--dry-run", is_flag=True, help="Say what would be merged, and change nothing.")
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
        click.echo(f"{made.paper} {'would be' if dry_run else 'is'} part of {made.into} now")
        click.echo(f"undo it: digest papers split {made.paper}")


@papers.command()
@click.argument("paper_id", metavar="ID")
@click.option("--dry-run", is_flag=True, help="Say what would be split, and change nothing.")
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
        click.echo(f"{undone.paper} {'would be' if dry_run else 'is'} a paper of its own again")


def _merge_in_words(merge: Merge) -> str:
    """One merge on one line."""
    said = f"{merge.paper} was merged into {merge.into} on {merge.at:%Y-%m-%d} by {merge.by}: {merge.reason}"
    return f"{said}; split on {merge.split_at:%Y-%m-%d}" if merge.split_at else said

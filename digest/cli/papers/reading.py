"""Runs `digest papers list` and `show`: shows papers of a day, and all that is known of one."""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import click

from digest.cli.terminal.context import Cli, json_option, pass_cli
from digest.cli.terminal.output import emit, paragraph, say, table, tell_if_cut
from digest.cli.terminal.types import LIMIT
from digest.serializers import paper_object

if TYPE_CHECKING:
    from digest.domain import Hiding, Merge, Paper
    from digest.pipeline.catalog.readers import Readers

_MOST_READERS = 20


@click.command("list")
@click.argument("period", required=False, metavar="[DAY|WEEK|MONTH]")
@click.option(
    "--order",
    type=click.Choice(["trend", "newest"]),
    default="trend",
    show_default=True,
    help="What is first.",
)
@click.option("--limit", default=40, show_default=True, type=LIMIT, help="How many at most.")
@json_option
@pass_cli
def list_(cli: Cli, *, period: str | None, order: str, limit: int, as_json: bool) -> None:
    """List the papers of a day (2026-03-17), week (2026-W12) or month (2026-03); else of the newest day.

    Example: digest papers list 2026-W12 --order newest
    """
    from digest.domain import SignalKind
    from digest.pipeline.catalog.listing import Order, list_papers

    named, papers = list_papers(cli.installation, period, Order(order), cli.now, limit=limit)
    if as_json:
        emit([_listed(paper) for paper in papers])
        return
    say(f"{named}, {'by attention' if order == 'trend' else 'newest first'}", err=True)
    upvotes = SignalKind.UPVOTES
    table(
        ("paper", "upvotes", "source", "title"),
        [(p.id, p.latest(upvotes) or "", " ".join(p.sources), p.title) for p in papers],
        empty="no papers",
    )
    tell_if_cut(len(papers), limit)


@click.command()
@click.argument("paper_id", metavar="ID")
@click.option(
    "--readers", is_flag=True, help="Also who got it in a digest: this reads the ledger of a month."
)
@json_option
@pass_cli
def show(cli: Cli, paper_id: str, *, readers: bool, as_json: bool) -> None:
    """Show one paper with its signals and links. ID is an arXiv id, a DOI or an address of it.

    Example: digest papers show 2509.13332 --readers
    """
    from digest.pipeline.catalog.readers import readers_of
    from digest.pipeline.community.merges import find
    from digest.pipeline.community.moderation import hiding_of

    paper, merges = find(cli.installation, paper_id)
    hiding = hiding_of(cli.installation, paper)
    got = readers_of(cli.installation, paper, limit=_MOST_READERS) if readers else None
    if as_json:
        emit(paper_object(paper, merges, hiding) | ({"readers": _readers(got)} if got else {}))
        return
    for line in _facts(paper, hiding, merges):
        paragraph(line)
    if paper.summary:
        click.echo()
        paragraph(f"TL;DR ({paper.summary_source or paper.summary_model}): {paper.summary}")
    if paper.abstract:
        click.echo()
        paragraph(paper.abstract)
    _show_signals(paper)
    if got:
        _show_readers(got)


def _facts(paper: "Paper", hiding: "Hiding | None", merges: "Sequence[Merge]") -> Iterator[str]:
    yield paper.title
    yield ", ".join(paper.authors)
    yield f"{paper.id} · {' '.join(paper.categories)}"
    if paper.withdrawn_at:
        yield f"withdrawn on {paper.withdrawn_at:%Y-%m-%d}: {paper.withdrawal}"
    if paper.organization:
        yield f"organization: {paper.organization}"
    if paper.keywords:
        yield f"keywords: {', '.join(paper.keywords)}"
    if hiding:
        yield f"hidden on {hiding.at:%Y-%m-%d} as {hiding.reason} by {hiding.by}: {hiding.words}"
    if paper.picked:
        yield f"picked for {paper.picked.day} by {paper.picked.by or 'a curator'}: {paper.picked.note}"
    yield f"first seen {paper.first_seen_at:%Y-%m-%d %H:%M} UTC by {', '.join(paper.sources)}"
    yield from map(merge_in_words, merges)


def _show_signals(paper: "Paper") -> None:
    newest = {(signal.kind, signal.source): signal for signal in paper.signals}
    if newest:
        click.echo()
        table(
            ("signal", "source", "value", "observed"),
            [(s.kind, s.source, s.value, s.observed_at) for s in newest.values()],
        )
    links = paper_object(paper, ())["links"]
    if links:
        click.echo()
        table(("", ""), list(links.items()))


def _show_readers(got: "Readers") -> None:
    click.echo()
    counts = ", ".join(f"{count:,} {state}" for state, count in got.counts.items())
    say(f"in digests: {counts or 'none'}")
    if got.deliveries:
        table(
            ("date", "reader", "state"), [(row.issue_date, email, row.state) for row, email in got.deliveries]
        )
    if sum(got.counts.values()) > len(got.deliveries):
        say(f"the last {len(got.deliveries)}; --json has the counts of all", err=True)


def _readers(got: "Readers") -> dict[str, Any]:
    rows = [{"date": row.issue_date, "email": email, "state": row.state} for row, email in got.deliveries]
    return {"counts": got.counts, "last": rows}


def _listed(paper: "Paper") -> dict[str, Any]:
    return {
        "id": paper.id,
        "title": paper.title,
        "authors": paper.authors,
        "categories": paper.categories,
        "first_seen_at": paper.first_seen_at,
        "sources": paper.sources,
        "signals": {str(signal.kind): paper.latest(signal.kind) for signal in paper.signals},
        "url": paper.url,
    }


def merge_in_words(merge: "Merge") -> str:
    """Say one merge on one line."""
    merged = (
        f"{merge.paper} was merged into {merge.into} on {merge.at:%Y-%m-%d} by {merge.by}: {merge.reason}"
    )
    return f"{merged}; split on {merge.split_at:%Y-%m-%d}" if merge.split_at else merged

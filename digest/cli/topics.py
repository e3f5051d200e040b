"""Runs `digest topics`: shows and changes the shared filters that people tick."""

from typing import TYPE_CHECKING, Any

import click

from digest.cli.terminal.context import Cli, json_option, pass_cli
from digest.cli.terminal.empty import Clearable
from digest.cli.terminal.explaining import show_read_back, show_why_not
from digest.cli.terminal.options import dry_run_option, yes_option
from digest.cli.terminal.output import emit, paragraph, say, table
from digest.cli.terminal.prompts import ask
from digest.serializers import match_object, reasons_in_words

if TYPE_CHECKING:
    from digest.domain import Topic
    from digest.pipeline.subscriptions.topics import TopicEdit

_MOST_SHOWN = 10  # papers that an edit gains or loses


@click.group()
def topics() -> None:
    """The named, shared filters that people tick."""


@topics.command("list")
@click.option("--counts", is_flag=True, help="Also papers of the last week: all of them are read.")
@json_option
@pass_cli
def list_(cli: Cli, *, counts: bool, as_json: bool) -> None:
    """List the topics with their active readers.

    Example: digest topics list --counts
    """
    from digest.pipeline.subscriptions import topics as registry

    listed = _topics(cli)
    readers = registry.readers_of_topics(cli.installation)
    papers = registry.papers_of_topics(cli.installation, cli.now) if counts else None
    if as_json:
        of_week = {} if papers is None else {t.slug: {"papers_a_week": papers.get(t.slug, 0)} for t in listed}
        emit([_object(t) | {"readers": readers.get(t.slug, 0)} | of_week.get(t.slug, {}) for t in listed])
        return
    rows: list[tuple[Any, ...]] = [(t.slug, t.title, t.group, readers.get(t.slug, 0)) for t in listed]
    if papers is not None:
        rows = [(*row, papers.get(row[0], 0)) for row in rows]
    table(("slug", "title", "group", "readers", *(("papers a week",) if counts else ())), rows)


@topics.command()
@click.argument("slug")
@click.option("--title", required=True, help="What readers see.")
@click.option("--expression", required=True, help="What it selects, in the filter language.")
@click.option("--group", help="Under which heading it stands.")
@dry_run_option
@json_option
@pass_cli
def add(
    cli: Cli, *, slug: str, title: str, expression: str, group: str | None, dry_run: bool, as_json: bool
) -> None:
    """Add a topic that people can tick; shows how many papers of the last two weeks it selects.

    Example: digest topics add gnn --title 'Graph learning' --expression '"graph neural network" OR GNN'
    """
    from digest.pipeline.subscriptions import topics as registry

    planned = registry.planned(
        cli.installation, slug, cli.now, is_new=True, title=title, expression=expression, group=group
    )
    _show(planned, as_json=as_json, written=not dry_run)
    if not dry_run:
        registry.carry_out(cli.installation, planned, cli.now)


@topics.command()
@click.argument("slug")
@click.option("--title", help="What readers see.")
@click.option("--expression", help="What it selects, in the filter language.")
@click.option("--group", cls=Clearable, help="Under which heading it stands; '' for none.")
@dry_run_option
@yes_option
@json_option
@pass_cli
def edit(
    cli: Cli,
    *,
    slug: str,
    title: str | None,
    expression: str | None,
    group: str | None,
    dry_run: bool,
    yes: bool,
    as_json: bool,
) -> None:
    """Change a topic; first shows which papers of the last two weeks it would gain and lose.

    Example: digest topics edit llm --title 'Large language models' --dry-run
    """
    from digest.pipeline.subscriptions import topics as registry

    planned = registry.planned(
        cli.installation, slug, cli.now, is_new=False, title=title, expression=expression, group=group
    )
    changes = planned.before != planned.after
    if not as_json:
        _show(planned, as_json=False, written=changes and not dry_run)
    if changes and not dry_run:
        if not yes:
            ask(f"the topic {slug} will change for all who have it")
        registry.carry_out(cli.installation, planned, cli.now)
    if as_json:
        _show(planned, as_json=True, written=changes and not dry_run)


@topics.command()
@click.argument("slug")
@dry_run_option
@yes_option
@json_option
@pass_cli
def remove(cli: Cli, *, slug: str, dry_run: bool, yes: bool, as_json: bool) -> None:
    """Remove a topic that you added, and that no subscriber and no filter names any more.

    Example: digest topics remove gnn --yes
    """
    from digest.pipeline.subscriptions import topics as registry

    topic = registry.remove(cli.installation, slug, cli.now, dry_run=True)
    if not (dry_run or yes):
        ask(f"the topic {slug} ({topic.title}) will be removed")
    if not dry_run:
        registry.remove(cli.installation, slug, cli.now)
    if as_json:
        emit(_object(topic) | {"removed": not dry_run})
    else:
        say(f"{slug}: {'would be removed' if dry_run else 'removed'}")


@topics.command()
@click.argument("slug")
@json_option
@pass_cli
def show(cli: Cli, slug: str, as_json: bool) -> None:
    """Show one topic and its expression in the filter language.

    Example: digest topics show llm
    """
    from digest.pipeline.subscriptions.validate import known_topic

    topic = known_topic(_topics(cli), slug)
    if as_json:
        emit(topic)
    else:
        paragraph(f"{topic.slug} · {topic.title} · {topic.group}")
        paragraph(topic.expression)


@topics.command()
@click.argument("filter_text", metavar="FILTER")
@click.option("--paper", "paper_id", metavar="ID", help="Say why FILTER doesn't match this paper.")
@json_option
@pass_cli
def test(cli: Cli, filter_text: str, *, paper_id: str | None, as_json: bool) -> None:
    """Show all papers that FILTER matches within the window of a digest now, best first, and why.

    How FILTER was read goes to stderr, with hints.

    Example: digest topics test '"mixture of experts" OR cat:cs.CL -survey'
    """
    from digest.pipeline.issues import explain
    from digest.pipeline.issues.preview import matching

    if paper_id is not None:
        why = explain.of_filter(cli.installation, filter_text, paper_id, cli.now)
        show_read_back(filter_text)
        show_why_not(why, as_json=as_json)
        return
    found = matching(cli.installation, filter_text, cli.now)
    show_read_back(filter_text)
    if as_json:
        emit([match_object(match) for match in found])
    else:
        table(
            ("paper", "score", "title", "why"),
            [(m.paper.id, f"{m.score:.3f}", m.paper.title, reasons_in_words(m.reasons)) for m in found],
            empty="no paper of the last days matches",
        )


def _topics(cli: Cli) -> "list[Topic]":
    from digest.pipeline.subscriptions.validate import known_topics

    return list(known_topics(cli.installation))


def _object(topic: "Topic") -> dict[str, Any]:
    return {"slug": topic.slug, "title": topic.title, "expression": topic.expression, "group": topic.group}


def _show(planned: "TopicEdit", *, as_json: bool, written: bool) -> None:
    if as_json:
        papers = {name: [paper.id for paper in getattr(planned, name)] for name in ("gained", "lost")}
        emit(_object(planned.after) | papers | {"kept": planned.kept, "written": written})
        return
    before = _object(planned.before) if planned.before else {}
    for name, value in _object(planned.after).items():
        if name != "slug" and before.get(name) != value:
            say(f"{name}: {before[name]} → {value}" if before else f"{name}: {value}")
    say(
        f"papers of the last two weeks: {planned.kept} as before, {len(planned.gained)} gained,"
        f" {len(planned.lost)} lost"
    )
    for sign, papers_ in (("+", planned.gained), ("-", planned.lost)):
        for paper in papers_[:_MOST_SHOWN]:
            say(f"{sign} {paper.id}  {paper.title}")
        if len(papers_) > _MOST_SHOWN:
            say(f"{sign} and {len(papers_) - _MOST_SHOWN} more")

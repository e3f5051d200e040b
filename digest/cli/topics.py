"""`digest topics`: the shared filters that people tick."""

from typing import TYPE_CHECKING

import click

from digest.cli.context import Cli, json_option, pass_cli
from digest.cli.explaining import show_read_back, show_why_not
from digest.cli.output import emit, table
from digest.serializers import match_object, reasons_in_words

if TYPE_CHECKING:
    from digest.domain import Topic


@click.group()
def topics() -> None:
    """The named, shared filters that people tick."""


@topics.command("list")
@json_option
@pass_cli
def list_(cli: Cli, as_json: bool) -> None:
    """List the topics."""
    listed = _topics(cli)
    if as_json:
        emit(listed)
    else:
        table(("slug", "title", "group"), [(t.slug, t.title, t.group) for t in listed])


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
        click.echo(f"{topic.slug} · {topic.title} · {topic.group}\n{topic.expression}")


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

    if paper_id:
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

"""Runs `digest preview`: shows the digest that would be sent now."""

from dataclasses import replace
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING

import click

from digest.cli.terminal.context import Cli, json_option, pass_cli
from digest.cli.terminal.exits import OK, UNREACHABLE
from digest.cli.terminal.explaining import explained_object, show_arithmetic, show_why_not
from digest.cli.terminal.output import document, emit, say, table
from digest.languages import CODES
from digest.serializers import preview_object, reasons_in_words

if TYPE_CHECKING:
    from digest.domain import Digest, Subscriber
    from digest.pipeline.issues.preview import Preview


@click.command()
@click.argument("email", required=False)
@click.option("--topic", "topics", multiple=True, help="A topic to preview, by its slug; may be repeated.")
@click.option("--filter", "filters", multiple=True, help="A filter to preview; may be repeated.")
@click.option("--exclude", multiple=True, help="A filter that must not match; may be repeated.")
@click.option("--eml", "part", flag_value="eml", help="The whole message on stdout (RFC 5322), unsigned.")
@click.option("--html", "part", flag_value="html", help="The HTML part on stdout.")
@click.option("--text", "part", flag_value="text", help="The text part on stdout.")
@click.option("--open", "part", flag_value="open", help="Open the HTML part in a browser.")
@click.option("--to", metavar="ADDRESS", help="Send it there to look at; its links are nobody's.")
@click.option("--language", type=click.Choice(CODES), help="Of the message; otherwise the subscriber's own.")
@click.option("--explain", is_flag=True, help="Show the arithmetic of each paper's score.")
@click.option("--paper", "paper_id", metavar="ID", help="Say why this paper isn't there.")
@json_option
@pass_cli
def preview(
    cli: Cli,
    *,
    email: str | None,
    topics: tuple[str, ...],
    filters: tuple[str, ...],
    exclude: tuple[str, ...],
    part: str | None,
    to: str | None,
    language: str | None,
    explain: bool,
    paper_id: str | None,
    as_json: bool,
) -> int:
    """Show the digest that EMAIL, or somebody with these topics and filters, would get now.

    Nothing is sent but by --to, and nothing is written into the ledger.

    Example: digest preview --topic llm --filter '"mixture of experts" -survey'
    """
    from digest.pipeline.issues.candidates import read_candidates, window_of
    from digest.pipeline.issues.explain import of_digest
    from digest.pipeline.issues.preview import preview as previewed

    if email is not None and (topics or filters or exclude):
        raise click.UsageError("name a subscriber, or topics and filters, not both")
    subscriber = _subscriber(cli, email, topics, filters, exclude)
    if language:
        subscriber = replace(subscriber, schedule=replace(subscriber.schedule, language=language))
    if paper_id is not None:
        show_why_not(of_digest(cli.installation, subscriber, paper_id, cli.now), as_json=as_json)
        return OK
    candidates = read_candidates(cli.installation, cli.now, window_of(cli.installation, subscriber, cli.now))
    found = previewed(cli.installation, subscriber, cli.now, candidates)
    if found.digest and (part or to is not None):
        return _hand_out(cli, found.digest, part, to, as_json=as_json)
    papers = found.digest.papers if found.digest else ()
    withdrawn = found.digest.withdrawn if found.digest else ()
    sums = (
        [candidates.corpus.why.arithmetic(subscriber.interests, m.paper.id, subscriber.saved) for m in papers]
        if explain
        else []
    )
    if as_json:
        shown = preview_object(_subject(cli, found), found.skip_reason, papers, withdrawn)
        if explain:
            shown["papers"] = [explained_object(*each) for each in zip(papers, count(1), sums, strict=False)]
        emit(shown)
        return OK
    say(_subject(cli, found) or f"no digest: {found.skip_reason}", err=bool(part))
    for place, match, each in zip(count(1), papers, sums, strict=False):
        show_arithmetic(place, match, each)
    if papers and not explain:
        table(
            ("paper", "score", "title", "why"),
            [(m.paper.id, f"{m.score:.3f}", m.paper.title, reasons_in_words(m.reasons)) for m in papers],
        )
    for paper in withdrawn:
        say(f"withdrawn since it was sent: {paper.id}  {paper.title}")
    return OK


def _hand_out(cli: Cli, digest: "Digest", part: str | None, to: str | None, *, as_json: bool) -> int:
    """Print a part of the message, open it in a browser, or send it somewhere; returns an exit code."""
    if to is not None:
        from digest.domain import DeliveryState
        from digest.pipeline.mail.test_email import send_preview
        from digest.pipeline.subscriptions.validate import read_address

        recipient = read_address(to)
        receipt = send_preview(cli.installation, digest, recipient, cli.now)
        if as_json:
            emit({"email": recipient, "state": receipt.state, "reply": receipt.reply})
        else:
            say(f"{recipient}: {receipt.state}; the server said: {receipt.reply}")
        return OK if receipt.state is DeliveryState.SENT else UNREACHABLE
    if part == "open":
        import tempfile
        import webbrowser

        with tempfile.NamedTemporaryFile("wb", prefix="digest-", suffix=".html", delete=False) as file:
            file.write(str(_part(cli, digest, "html")).encode())
        opened = webbrowser.open(Path(file.name).as_uri())
        say(f"{file.name}{'' if opened else ': no browser here'}", err=True)
        return OK
    document(_part(cli, digest, part or "text"))
    return OK


def _subject(cli: Cli, found: "Preview") -> str | None:
    from digest.pipeline.mail import build

    return build.subject(cli.installation, found.digest) if found.digest else None


def _subscriber(
    cli: Cli, email: str | None, topics: tuple[str, ...], filters: tuple[str, ...], exclude: tuple[str, ...]
) -> "Subscriber":
    from digest.pipeline.issues.preview import stranger
    from digest.pipeline.subscriptions.preferences import by_address
    from digest.pipeline.subscriptions.validate import known_topics, read_interests

    if email is not None:
        return by_address(cli.installation, email)
    listed = known_topics(cli.installation)
    return stranger(read_interests(listed, topics=topics, filters=filters, exclude=exclude), cli.now)


def _part(cli: Cli, digest: "Digest", part: str) -> str | bytes:
    from digest.pipeline.mail import build

    written = build.write(cli.installation, digest)
    if part == "eml":
        to = digest.subscriber.email
        return build.unsigned(cli.installation, written, to, message_id="<preview@digest>", now=cli.now)
    return written.html if part == "html" else written.text

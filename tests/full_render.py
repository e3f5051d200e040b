"""The oracle of splicing: a digest rendered whole by Jinja, packed by Python's email package.

It knows the templates and the view, and nothing of slots, pieces and caches.
"""

from collections.abc import Callable
from datetime import datetime
from email.message import EmailMessage
from email.policy import SMTP

from markupsafe import Markup

from digest.bundled import folder
from digest.domain import Digest, Match, Message
from digest.render import Links, Site, cards, phrases, view
from digest.render.colors import Colors
from digest.render.headers import digest_headers, header_text, own_headers
from digest.render.phrases import Piece
from digest.render.plain import word_count, wrap
from digest.render.templates import environment
from digest.render.view import LEVELS, Level

JINJA = environment(folder("templates") / "email", colors=Colors())


def full_message(digest: Digest, site: Site, links: Links, level: Level = LEVELS[0]) -> Message:
    """The message at a level, each part rendered in one go."""
    bodies = {kind: body(kind, digest, site, links, level) for kind in ("html", "txt")}
    shown = {
        "first": view.first_title(digest),
        "count": len(digest.papers),
        "short_day": f"{digest.issue.date:%a} {digest.issue.date.day} {digest.issue.date:%b}",
    }
    subject = JINJA.get_template("digest/subject.txt").render(site=site, digest=shown)
    kinds = frozenset(str(reason.kind) for match in digest.papers for reason in match.reasons)
    headers = own_headers(links) + digest_headers(digest, site, links, kinds)
    return Message(header_text(subject), bodies["txt"], bodies["html"], headers)


def full_mail(message: Message, *, sender: str, recipient: str, date: datetime, message_id: str) -> bytes:
    """The bytes that Python's email package makes of a message."""
    mail = EmailMessage(policy=SMTP.clone(max_line_length=78))
    mail["From"], mail["To"], mail["Subject"], mail["Date"] = sender, recipient, message.subject, date
    mail["Message-ID"] = message_id
    for name, value in message.headers:
        mail[name] = value
    mail.set_content(message.text, cte="quoted-printable")
    mail.add_alternative(message.html, subtype="html", cte="quoted-printable")
    return mail.as_bytes()


def body(kind: str, digest: Digest, site: Site, links: Links, level: Level) -> str:
    layout = view.layout(digest, level, digest.subscriber.interests.front or site.front)
    blocks, words = blocks_of(kind, digest, layout, level, links)
    audience = view.audience(digest)
    texts = view.texts(digest, audience, words=words)
    plain = kind == "txt"
    before, address, behind = texts.because
    values = {
        "heading": audience.heading,
        "notes": digest.notes,
        "quiet": not digest.papers,
        "hidden": layout.hidden,
        "list": "".join(blocks) if plain else Markup("".join(blocks)),
        "preheader": "".join(texts.preheader),
        "meta": wrap(texts.meta) if plain else texts.meta,
        "because": f"{wrap(before + address)}\n{wrap(behind)}" if plain else before + address + behind,
        "count": texts.papers,
        "next": wrap(view.following(digest)) if plain else view.following(digest),
    }
    return JINJA.get_template(f"digest/body.{kind}").render(site=site, links=links, digest=values)


def told(paper: cards.Card, plain: tuple[str, ...], kind: str) -> dict[str, object]:
    """What a card says because of the reasons for its paper; `plain`: those that its text part says."""
    if kind == "html":
        why = part("why.html", why=phrases.together("\u00a0· ".join(paper.why))) if paper.why else ""
    else:
        why = f"\n{wrap(part('why.txt', why=' · '.join(plain)), 5)}\n" if plain else ""
    return {
        "title": marked(paper.title),
        "summary": marked(paper.summary),
        "why": why,
    }


def marked(runs: tuple[Piece, ...]) -> Markup:
    runs = phrases.runs_together(runs)
    return Markup("").join(part("hit.html", text=run.text) if run.marked else run.text for run in runs)


def part(name: str, **values: object) -> Markup:
    return Markup(JINJA.get_template(f"_paper/{name}").render(**values))


def blocks_of(
    kind: str, digest: Digest, layout: view.Layout, level: Level, links: Links
) -> tuple[list[str], int]:
    """The parts of the list, and the words in them."""

    def render(part: str, **values: object) -> None:
        blocks.append(JINJA.get_template(f"_paper/{part}.{kind}").render(links=links, **values))

    def place(number: int) -> str:
        return f"{number:>3}" if kind == "txt" else str(number)

    blocks: list[str] = []
    words = number = 0
    titles = {topic.slug: topic.title for topic in digest.topics}
    pictures = {picture.paper: picture for picture in digest.pictures}
    for section in layout.sections:
        if section.heading:
            render("heading", heading=section.heading, level=2)
        named = titles | {section.topic: ""}
        for match in section.matches:
            number += 1
            paper = cards.card(
                match.paper,
                match.reasons,
                named,
                day=digest.issue.date,
                words=level.words,
                all_links=level.all_links,
                heading=3 if section.heading else 2,
            )
            words += word_count(f"{paper.plain_title} {paper.plain_summary}")
            plain = phrases.reason_phrases(cards.unsaid(match.paper, match.reasons), named)
            shown = {"picture": pictures.get(match.paper.pk), **told(paper, plain, kind)}
            render("card", paper=paper, number=place(number), **shown)
    words += in_brief(kind, layout, titles, number, render)
    if digest.also_trending and level.also_trending:
        render("heading", heading="Also trending" if digest.papers else "Trending meanwhile", level=2)
        for each in digest.also_trending:
            line = cards.line(each, numbered=False)
            words += word_count(line.title)
            render("line", paper=line)
    return blocks, words


def in_brief(
    kind: str, layout: view.Layout, titles: dict[str, str], number: int, render: Callable[..., None]
) -> int:
    """Render the lines; returns the words in them."""
    words = 0
    if layout.tail:
        render("heading", heading="In brief", level=2)
    for section in layout.tail:
        if section.heading:
            render("group", heading=section.heading, level=3)
        for match in section.matches:
            number += 1
            line = cards.line(match.paper, numbered=True)
            words += word_count(line.title)
            shown = marked(phrases.marked(line.title, cards.title_terms(match.reasons)))
            place = f"{number:>3}" if kind == "txt" else str(number)
            render(
                "brief",
                paper=line,
                number=place,
                title=shown,
                **beside(match, titles | {section.topic: ""}, kind),
            )
    return words


def beside(match: Match, titles: dict[str, str], kind: str) -> dict[str, str]:
    """What stands beside a title in brief."""
    line = cards.line(match.paper, numbered=True)
    unsaid = cards.unsaid(match.paper, match.reasons)
    told = cards.unmarked(unsaid, line.title) if kind == "html" else unsaid
    pieces = [piece for piece in (line.upvotes, *phrases.reason_phrases(told, titles)) if piece]
    if not pieces:
        return {"beside": ""}
    if kind == "html":
        return {"beside": part("beside.html", beside=phrases.together("\u00a0· ".join(pieces)))}
    return {"beside": f"\n{wrap(' · '.join(pieces), 5, ' ' * 5)}"}

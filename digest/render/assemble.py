"""Digests → messages, spliced from parts that are rendered and encoded once for all who get them.

In: a digest, its site and links, and a function that renders a template. Out: `Encoded`. Never: renders a
template for one reader.

The frame of a mail depends on the day, its notes and which links there are, and holds the blocks of the list
(`blocks.py`). What is a reader's own (links, numbers of papers, texts) stands in `Slot`s.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import count

from markupsafe import escape

from digest.domain import Digest
from digest.languages import dates, deferred
from digest.languages import gettext as _
from digest.render import phrases, view
from digest.render.blocks import LINKS, Block, Blocks, Render, manner_of, numbers, slots
from digest.render.headers import Headers, header_text
from digest.render.mime import Encoded, quoted
from digest.render.placeholders import EncodedTemplate, Placeholder, Values
from digest.render.plain import wrap
from digest.render.site import Links, Site
from digest.render.view import LEVELS, Level

BUDGET = 90_000  # bytes of the HTML part as encoded; Gmail cuts mails off near 102,400
_LINE = 74  # characters of a link on one encoded line
_PLAIN = re.compile(r"[A-Za-z0-9:/._~+?#%-]{1,148}")  # a link in which nothing is to be escaped or encoded
WITHDRAWN = deferred("Withdrawn since we sent it to you")
_BRIEF = deferred("In brief")
_Frame = tuple[EncodedTemplate, EncodedTemplate]


@dataclass(frozen=True, slots=True)
class MailLayout:
    """What the messages of one mail and day have in common: who sends it, which links there are."""

    mail: str
    site: Site
    links: tuple[str, ...]
    top: int  # level of the headings below which papers stand


class MessageAssembler:
    """Splices the messages of digests; remembers the parts that were made last."""

    def __init__(self, render: Render) -> None:
        self._parts = Blocks(render)
        self._frame = lru_cache(64)(self._set_frame)
        self._subject = lru_cache(1_024)(self._set_subject)

    def print(self, sheet: MailLayout, digest: Digest, links: Links, headers: Headers) -> Encoded:
        """The mail at the most generous level of detail that fits."""
        day = dates.short_day(digest.issue.date)
        subject = self._subject(sheet, view.first_title(digest), len(digest.papers), day)
        for level in LEVELS:
            html, text = self._bodies(sheet, digest, links, level)
            if len(html) <= BUDGET:
                break
        return Encoded(subject, headers, text, html)

    def _bodies(self, sheet: MailLayout, digest: Digest, links: Links, level: Level) -> tuple[bytes, bytes]:
        layout = view.layout(digest, level, sheet.site.front)
        blocks = list(self._blocks(sheet, digest, layout, level))
        texts = view.texts(digest, words=sum([block.words for block, _ in blocks]))
        heading, notes, quiet = view.heading(digest), _notes(digest), not digest.papers
        html_frame, text_frame = self._frame(sheet, heading, notes, quiet=quiet, hidden=bool(layout.hidden))
        html, text = _values(texts, links, sheet.links)
        return (
            _spliced(html_frame, [(block.html, numbers(number).html) for block, number in blocks], html),
            _spliced(text_frame, [(block.text, numbers(number).text) for block, number in blocks], text),
        )

    def _blocks(
        self, sheet: MailLayout, digest: Digest, layout: view.Layout, level: Level
    ) -> Iterator[tuple[Block, int]]:
        """The parts of the list in their order, and the number of the paper in each; 0 = none."""
        place = count(1)
        topics = {topic.slug: topic.title for topic in digest.topics}
        for section in layout.sections:
            below = sheet.top + bool(section.heading)
            manner = manner_of(digest.issue.date, level.words, level.all_links, below, sheet.links)
            if section.heading:
                yield self._parts.heading(section.heading, sheet.top), 0
            for match in section.matches:
                yield self._parts.card(match, topics, manner), next(place)
        if layout.tail:
            yield self._parts.heading(_(_BRIEF), sheet.top), 0
        for match in layout.tail:
            yield self._parts.brief(match, topics), next(place)
        if digest.withdrawn:
            yield self._parts.others(digest.withdrawn, _(WITHDRAWN), sheet.top), 0
        if digest.also_trending and level.also_trending:
            yield self._parts.others(digest.also_trending, view.others(digest), sheet.top), 0

    def _set_frame(
        self, sheet: MailLayout, heading: str, notes: tuple[str, ...], *, quiet: bool, hidden: bool
    ) -> tuple[_Frame, _Frame]:
        """What stands before the list, and what behind it, in HTML and in text."""
        own = {name: Placeholder(name) for name in ("preheader", "meta", "because", "count", "list")}
        digest = {**own, "heading": heading, "notes": notes, "quiet": quiet, "hidden": hidden}
        values = {"site": sheet.site, "links": slots(sheet.links), "digest": digest}
        body = self._parts.set(f"{sheet.mail}/body", values)
        return body.html.parted("list"), body.text.parted("list")

    def _set_subject(self, sheet: MailLayout, first: str, papers: int, short_day: str) -> str:
        digest = {"first": first, "count": papers, "short_day": short_day}
        return header_text(
            self._parts.render(f"{sheet.mail}/subject.txt", {"site": sheet.site, "digest": digest})
        )


def present(links: Links) -> tuple[str, ...]:
    """The names of the links that a mail has."""
    return tuple(name for name in LINKS if getattr(links, name))


def _spliced(frame: _Frame, blocks: Sequence[tuple[EncodedTemplate, bytes]], values: Values) -> bytes:
    """The frame with the blocks where its list stands, each with its number, all slots filled; one copy of
    everything."""
    before, behind = frame
    parts = before.filled(values)
    for block, values["number"] in blocks:
        parts += block.filled(values)
    parts += behind.filled(values)
    return b"".join(parts)


def _notes(digest: Digest) -> tuple[str, ...]:
    return tuple(phrases.one_line(_(note)) for note in digest.notes[:5])


def _values(texts: view.Texts, links: Links, names: Sequence[str]) -> tuple[Values, Values]:
    """What the slots of a mail hold in its HTML and in its text, encoded."""
    html, text = Values(), Values()
    for name in names:
        target = getattr(links, name)
        if _PLAIN.fullmatch(target):
            html[name] = text[name] = _lines(target)
        else:
            target = phrases.printable(target)
            html[name], text[name] = quoted(escape(target)), quoted(target)
    html["meta"], text["meta"] = _shared_paragraph(texts.meta)
    html["because"], text["because"] = _paragraph(texts.because)
    html["count"] = text["count"] = numbers(texts.count).html
    html["preheader"] = quoted(escape(texts.preheader))
    return html, text


def _lines(target: str) -> bytes:
    """A plain link as lines of quoted-printable that go on, as `quoted` writes them."""
    if len(target) <= _LINE:
        return f"{target}=\r\n".encode()
    return f"{target[:_LINE]}=\r\n{target[_LINE:]}=\r\n".encode()


def _paragraph(value: str) -> tuple[bytes, bytes]:
    """A text for HTML, and wrapped for text."""
    value = phrases.printable(value)
    return quoted(escape(value)), quoted(wrap(value))


_shared_paragraph = lru_cache(1_024)(_paragraph)  # one that all have who asked for the same

"""Digests → messages, spliced from parts that are rendered and encoded once for all who get them.

In: a digest, its site and links, and a function that renders a template. Out: `Encoded`. Never: renders a
template for one reader.

A paper's card depends on the paper, the reasons for it and the level of detail; the frame on the day, its
notes and which links there are. What is a reader's own (links, numbers of papers, texts) stands in `Slot`s.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from functools import lru_cache
from typing import Generic, NamedTuple, TypeVar

from markupsafe import escape

from digest.domain import Digest, Match, Paper, Reason, ReasonKind
from digest.render import cards, phrases, view
from digest.render.headers import Headers, header_text
from digest.render.mime import Encoded, quoted
from digest.render.site import Links, Site
from digest.render.slots import Pieces, Slot, filled, joined, pieces
from digest.render.templates import wrap
from digest.render.view import LEVELS, Level

BUDGET = 90_000  # bytes of the HTML part as encoded; Gmail cuts mails off near 102,400
_BLOCKS = 4_096  # of each kind, about 6 kB each; a day has some hundred papers, each for few reasons
_LINKS = tuple(field.name for field in fields(Links) if field.name != "unsubscribe_mail")
_PLAIN = re.compile(r"[A-Za-z0-9:/._~+-]{1,74}")  # a link in which nothing is to be escaped or encoded
_TAIL = "Also in this digest"

Parts = TypeVar("Parts")
Render = Callable[[str, Mapping[str, object]], str]  # a template's name and its values → text


@dataclass(frozen=True, slots=True)
class Block:
    """A part of a mail in both formats, and how many words of it there are to read."""

    html: Pieces
    text: Pieces
    words: int = 0


class Manner(NamedTuple):
    """What the cards of a section have in common."""

    year: int
    words: int
    all_links: bool
    heading: int
    links: tuple[str, ...]  # which there are


_manner = lru_cache(64)(Manner)  # equal ones are one object, which is compared in no time


class _Key(Generic[Parts]):
    """All that a part of a mail depends on, as the key of a cache; `told_by` tells most keys apart.

    The papers of one issue are the same objects for all its readers: comparing them costs nothing then, while
    a hash of all that they say would cost more than the rest of a message.
    """

    __slots__ = ("_hash", "parts")

    def __init__(self, parts: Parts, told_by: tuple[object, ...]) -> None:
        self.parts = parts
        self._hash = hash(told_by)

    def __hash__(self) -> int:
        return self._hash

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Key) and self.parts == other.parts


_Wanted = _Key[tuple[Paper, tuple[Reason, ...], tuple[tuple[str, str], ...], Manner]]
_Others = _Key[tuple[tuple[Paper, ...], str, int]]


def _wanted(match: Match, topics: Mapping[str, str], manner: Manner) -> _Wanted:
    first = match.reasons[0].term if match.reasons else ""
    titles = _titles(match.reasons, topics)
    return _Key((match.paper, match.reasons, titles, manner), (match.paper.id, first, manner.words))


@dataclass(frozen=True, slots=True)
class Sheet:
    """What the messages of one mail and day have in common: who sends it, which links there are."""

    mail: str
    site: Site
    links: tuple[str, ...]
    top: int  # level of the headings below which papers stand


class Press:
    """Splices the messages of digests; remembers the parts that were made last."""

    def __init__(self, render: Render) -> None:
        self._render = render
        self._numbered_card = lru_cache(_BLOCKS)(self._number_card)
        self._card = lru_cache(_BLOCKS)(self._set_card)
        self._line = lru_cache(_BLOCKS)(self._set_line)
        self._others = lru_cache(_BLOCKS)(self._set_others)
        self._heading = lru_cache(256)(self._set_heading)
        self._frame = lru_cache(64)(self._set_frame)
        self._subject = lru_cache(1_024)(self._set_subject)

    def print(self, sheet: Sheet, digest: Digest, links: Links, headers: Headers) -> Encoded:
        """The mail at the most generous level of detail that fits."""
        count, day = len(digest.papers), phrases.short_day(digest.issue.date)
        subject = self._subject(sheet, view.first_title(digest), count, day)
        for level in LEVELS:
            html, text = self._bodies(sheet, digest, links, level)
            if len(html) <= BUDGET:
                break
        return Encoded(subject, headers, text, html)

    def _bodies(self, sheet: Sheet, digest: Digest, links: Links, level: Level) -> tuple[bytes, bytes]:
        layout = view.layout(digest, level)
        blocks = list(self._blocks(sheet, digest, layout, level))
        shown = sum(len(section.matches) for section in layout.sections)
        texts = view.texts(digest, words=sum(block.words for block in blocks), cards=shown)
        heading, notes, quiet = view.heading(digest), _notes(digest), not digest.papers
        frame = self._frame(sheet, heading, notes, quiet=quiet, hidden=bool(layout.hidden))
        html, text = _values(texts, links, sheet.links)
        return (
            _spliced(frame.html, [block.html for block in blocks], html),
            _spliced(frame.text, [block.text for block in blocks], text),
        )

    def _blocks(self, sheet: Sheet, digest: Digest, layout: view.Layout, level: Level) -> Iterator[Block]:
        """The parts of the list in their order."""
        number = 0
        topics = {topic.slug: topic.title for topic in digest.topics}
        for section in layout.sections:
            below = sheet.top + bool(section.heading)
            manner = _manner(digest.issue.date.year, level.words, level.all_links, below, sheet.links)
            if section.heading:
                yield self._heading(section.heading, sheet.top)
            for match in section.matches:
                number += 1
                yield self._numbered_card(_wanted(match, topics, manner), number)
        if layout.tail:
            yield self._heading(_TAIL, sheet.top)
        for place, match in enumerate(layout.tail, number + 1):
            yield _numbered(self._line(match.paper, numbered=True), place)
        if digest.also and level.also:
            ids = tuple([paper.id for paper in digest.also])
            yield self._others(_Key((digest.also, view.others(digest), sheet.top), ids))

    def _number_card(self, wanted: _Wanted, number: int) -> Block:
        return _numbered(self._card(wanted), number)

    def _set_card(self, wanted: _Wanted) -> Block:
        paper, reasons, titles, manner = wanted.parts
        card = cards.card(
            paper,
            reasons,
            dict(titles),
            year=manner.year,
            words=manner.words,
            all_links=manner.all_links,
            heading=manner.heading,
        )
        values = {"paper": card, "number": Slot("number"), "links": _slots(manner.links)}
        words = len(f"{card.plain_title} {card.plain_summary}".split())
        return self._set("_paper/card", values, words)

    def _set_line(self, paper: Paper, *, numbered: bool) -> Block:
        line = cards.line(paper, numbered=numbered)
        return self._set("_paper/line", {"paper": line, "number": Slot("number")}, len(line.title.split()))

    def _set_others(self, others: _Others) -> Block:
        """The titles of what others read, under their heading: few sets of them are on many mails."""
        papers, heading, top = others.parts
        blocks = [self._heading(heading, top), *(self._line(paper, numbered=False) for paper in papers)]
        html, text = (
            tuple(piece for each in pair for piece in each)
            for pair in zip(*((b.html, b.text) for b in blocks), strict=True)
        )
        return Block(joined(html, {}), joined(text, {}), sum(block.words for block in blocks))

    def _set_heading(self, heading: str, level: int) -> Block:
        return self._set("_paper/heading", {"heading": heading, "level": level})

    def _set_frame(
        self, sheet: Sheet, heading: str, notes: tuple[str, ...], *, quiet: bool, hidden: bool
    ) -> Block:
        own = {name: Slot(name) for name in ("preheader", "meta", "because", "count", "list")}
        digest = {**own, "heading": heading, "notes": notes, "quiet": quiet, "hidden": hidden}
        values = {"site": sheet.site, "links": _slots(sheet.links), "digest": digest}
        return self._set(f"{sheet.mail}/body", values)

    def _set(self, template: str, values: Mapping[str, object], words: int = 0) -> Block:
        html, text = (pieces(self._render(f"{template}.{kind}", values)) for kind in ("html", "txt"))
        return Block(html, text, words)

    def _set_subject(self, sheet: Sheet, first: str, count: int, short_day: str) -> str:
        digest = {"first": first, "count": count, "short_day": short_day}
        return header_text(self._render(f"{sheet.mail}/subject.txt", {"site": sheet.site, "digest": digest}))


def present(links: Links) -> tuple[str, ...]:
    """The names of the links that a mail has."""
    return tuple(name for name in _LINKS if getattr(links, name))


def _spliced(frame: Pieces, blocks: Sequence[Pieces], values: Mapping[str, bytes]) -> bytes:
    """The frame with the blocks where its list stands, all slots filled; one copy of everything."""
    at = frame.index("list") if "list" in frame else len(frame)
    parts = [*frame[:at], *(piece for block in blocks for piece in block), *frame[at + 1 :]]
    return b"".join(filled(parts, values))


def _numbered(block: Block, number: int) -> Block:
    """The block with the number of its paper, aligned in the text."""
    html = joined(block.html, {"number": quoted(str(number))})
    return Block(html, joined(block.text, {"number": quoted(f"{number:>3}")}), block.words)


def _titles(reasons: tuple[Reason, ...], topics: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    """(slug, title) of the topics among the reasons."""
    found = [reason.filter for reason in reasons if reason.kind is ReasonKind.TOPIC]
    return tuple([(slug, topics.get(slug, slug)) for slug in found]) if found else ()


def _notes(digest: Digest) -> tuple[str, ...]:
    return tuple(phrases.one_line(note) for note in digest.notes[:5])


def _slots(names: Sequence[str]) -> dict[str, Slot | str]:
    """The links of a mail as its templates see them: a slot for each that there is, '' for the others."""
    return {name: Slot(name) if name in names else "" for name in _LINKS}


def _values(
    texts: view.Texts, links: Links, names: Sequence[str]
) -> tuple[dict[str, bytes], dict[str, bytes]]:
    """What the slots of a mail hold in its HTML and in its text, encoded."""
    html: dict[str, bytes] = {}
    text: dict[str, bytes] = {}
    for name in names:
        target = getattr(links, name)
        if _PLAIN.fullmatch(target):
            text[name] = html[name] = f"{target}=\r\n".encode()
        else:
            target = phrases.printable(target)
            text[name], html[name] = quoted(target), quoted(escape(target))
    for name, value in (("meta", texts.meta), ("because", texts.because)):
        text[name] = quoted(wrap(phrases.printable(value)))
        html[name] = quoted(escape(phrases.printable(value)))
    text["count"] = html["count"] = quoted(texts.count)
    html["preheader"] = quoted(escape(texts.preheader))
    return html, text

"""Papers → blocks, the parts of a mail's list in both formats, each set once for all who get it.

In: matches and headings, and a function that renders a template. Out: `Block`s with slots for what is a
reader's own. Never: renders a template for one reader.

A paper's card is rendered once for each level of detail; what the reasons for it change (the words that are
marked, why, what can be muted) is filled in once for each set of reasons.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import date
from functools import lru_cache
from typing import Generic, NamedTuple, TypeVar
from urllib.parse import quote

from markupsafe import escape

from digest.domain import Match, Paper, Reason, ReasonKind
from digest.render import cards, phrases
from digest.render.mime import quoted
from digest.render.placeholders import EncodedTemplate, Placeholder, Values
from digest.render.plain import wrap
from digest.render.site import Links

_BLOCKS = 2_048  # of each kind, about 7 kB each: for most readers of a day those that they have in common
_TEXTS = 8_192  # texts with terms marked, and reasons in words
_MARGIN = 5  # spaces before the text of a card, in plain text
LINKS = tuple(each.name for each in fields(Links) if each.name != "unsubscribe_mail")

# What a card says whatever the reasons for its paper.
_SHARED = (
    "id",
    "heading",
    "url",
    "authors",
    "facts",
    "summary_label",
    "plain_title",
    "plain_summary",
    "links",
)

Parts = TypeVar("Parts")
Render = Callable[[str, Mapping[str, object]], str]  # a template's name and its values → text


@dataclass(frozen=True, slots=True)
class Block:
    """A part of a mail in both formats, and how many words of it there are to read."""

    html: EncodedTemplate
    text: EncodedTemplate
    words: int = 0


class Manner(NamedTuple):
    """What the cards of a section have in common."""

    day: date
    words: int
    all_links: bool
    heading: int
    links: tuple[str, ...]  # which there are


manner_of = lru_cache(64)(Manner)  # equal ones are one object, which is compared in no time


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


_Card = _Key[tuple[Paper, Manner, bool]]
_Titles = tuple[tuple[str, str], ...]
_Reasons = _Key[tuple[Paper, tuple[Reason, ...], _Titles, Manner]]
_BriefReasons = _Key[tuple[Paper, tuple[Reason, ...], _Titles]]
_Others = _Key[tuple[tuple[Paper, ...], str, int]]


class _Bare(NamedTuple):
    """A card whatever its reasons, and the texts in which words can be marked."""

    block: Block
    title: str
    summary: str


class _BareLine(NamedTuple):
    """A line whatever its reasons, its title and what it says of upvotes."""

    block: Block
    title: str
    upvotes: str


class Blocks:
    """Sets blocks; remembers those that were made last."""

    def __init__(self, render: Render) -> None:
        self.render = render
        self._card = lru_cache(_BLOCKS)(self._set_card)
        self._told = lru_cache(_BLOCKS)(self._tell)
        self._marked = lru_cache(_TEXTS)(self._mark)
        self._why = lru_cache(_TEXTS)(self._set_why)
        self._beside = lru_cache(_TEXTS)(self._set_beside)
        self._muting = lru_cache(_TEXTS)(_set_muting)
        self._around = lru_cache(8)(self._set_around)
        self._brief = lru_cache(_BLOCKS)(self._set_brief)
        self._told_briefly = lru_cache(_BLOCKS)(self._tell_briefly)
        self._line = lru_cache(_BLOCKS)(self._set_line)
        self._others = lru_cache(_BLOCKS)(self._set_others)
        self.heading = lru_cache(256)(self._set_heading)

    def card(self, match: Match, topics: Mapping[str, str], manner: Manner) -> Block:
        """A paper in full, with the reasons for it and a slot for its number. `topics`: titles by slug."""
        paper, reasons = match.paper, match.reasons
        terms = tuple([reason.term for reason in reasons])
        parts = paper, reasons, _titles(reasons, topics), manner
        return self._told(_Key(parts, (paper.id, terms, manner.words)))

    def brief(self, match: Match, topics: Mapping[str, str]) -> Block:
        """A paper in a line, with the reasons for it that the line doesn't show and a slot for its number."""
        paper, reasons = match.paper, match.reasons
        terms = tuple([reason.term for reason in reasons])
        return self._told_briefly(_Key((paper, reasons, _titles(reasons, topics)), (paper.id, terms)))

    def others(self, papers: tuple[Paper, ...], heading: str, level: int) -> Block:
        """The titles of what others read, under their heading: few sets of them are on many mails."""
        ids = tuple([paper.id for paper in papers])
        return self._others(_Key((papers, heading, level), ids))

    def set(self, template: str, values: Mapping[str, object], words: int = 0) -> Block:
        """A template in both formats."""
        html, text = (
            EncodedTemplate.of(self.render(f"{template}.{kind}", values)) for kind in ("html", "txt")
        )
        return Block(html, text, words)

    def _set_card(self, wanted: _Card) -> _Bare:
        """A paper's card with slots for what depends on why it is there."""
        paper, manner, mutable = wanted.parts
        day, most, all_links, heading, links = manner
        card = cards.card(paper, (), {}, day=day, words=most, all_links=all_links, heading=heading)
        values = {
            "paper": {name: getattr(card, name) for name in _SHARED},
            "links": slots(links),
            **{name: Placeholder(name) for name in ("number", "title", "summary", "why")},
            "mute": {"term": Placeholder("term"), "query": Placeholder("query")} if mutable else None,
        }
        title, summary = card.plain_title, card.plain_summary
        return _Bare(self.set("_paper/card", values, len(f"{title} {summary}".split())), title, summary)

    def _tell(self, wanted: _Reasons) -> Block:
        """A paper's card with what the reasons for it say."""
        paper, reasons, titles, manner = wanted.parts
        term = cards.mute(reasons) if manner.all_links and "mute" in manner.links else ""
        bare = self._card(_Key((paper, manner, bool(term)), (paper.id, manner.words, bool(term))))
        unsaid = cards.unsaid(paper, reasons)
        why, _ = self._why(_told(cards.unmarked(unsaid, bare.title, bare.summary), titles))
        _, plain_why = self._why(_told(unsaid, titles))
        own = {
            "title": self._where(bare.title, cards.title_terms(reasons)),
            "summary": self._where(bare.summary, cards.terms(reasons)),
            "why": why,
            **self._muting(term),
        }
        html, text = bare.block.html.with_some(own), bare.block.text.with_some({"why": plain_why})
        return Block(html, text, bare.block.words)

    def _where(self, text: str, terms: tuple[str, ...]) -> bytes:
        """A text with those of the terms marked that stand in it."""
        found = [term for term in terms if phrases.places(text, term)]
        return self._marked(text, tuple(sorted(set(found)) if len(found) > 1 else found))

    def _mark(self, text: str, terms: tuple[str, ...]) -> bytes:
        before, after = self._around("_paper/hit.html", "text")
        runs = phrases.marked(text, terms)
        texts = [f"{before}{escape(run.text)}{after}" if run.marked else escape(run.text) for run in runs]
        return quoted("".join(texts))

    def _set_why(self, why: tuple[str, ...]) -> tuple[bytes, bytes]:
        """The reasons in words, for HTML and for text; nothing where there are none."""
        if not why:
            return b"", b""
        before, after = self._around("_paper/why.html", "why")
        html = f"{before}{escape(phrases.BETWEEN.join(why))}{after}"
        text = " · ".join(why).join(self._around("_paper/why.txt", "why"))
        return quoted(html), quoted(f"\n{wrap(text, _MARGIN)}\n")

    def _tell_briefly(self, wanted: _BriefReasons) -> Block:
        """A paper's line with what the reasons for it say; in text, which marks no words, all of them."""
        paper, reasons, titles = wanted.parts
        bare = self._brief(_Key((paper,), (paper.id,)))
        unsaid = cards.unsaid(paper, reasons)
        beside, _ = self._beside(bare.upvotes, _told(cards.unmarked(unsaid, bare.title), titles))
        _, plain = self._beside(bare.upvotes, _told(unsaid, titles))
        title = self._where(bare.title, cards.title_terms(reasons))
        block = bare.block
        html = block.html.with_some({"title": title, "beside": beside})
        return Block(html, block.text.with_some({"beside": plain}), block.words)

    def _set_brief(self, wanted: _Key[tuple[Paper]]) -> _BareLine:
        """A paper's line with slots for what depends on why it is there."""
        (paper,) = wanted.parts
        line = cards.line(paper, numbered=True)
        slots = {name: Placeholder(name) for name in ("number", "title", "beside")}
        return _BareLine(
            self.set("_paper/brief", {"paper": line, **slots}, len(line.title.split())),
            line.title,
            line.upvotes,
        )

    def _set_beside(self, upvotes: str, why: tuple[str, ...]) -> tuple[bytes, bytes]:
        """What stands beside a title, for HTML and for text; nothing where there is nothing."""
        pieces = [piece for piece in (upvotes, *why) if piece]
        if not pieces:
            return b"", b""
        before, after = self._around("_paper/beside.html", "beside")
        html = f"{before}{escape(phrases.BETWEEN.join(pieces))}{after}"
        return quoted(html), quoted(f"\n{wrap(' · '.join(pieces), _MARGIN, ' ' * _MARGIN)}")

    def _set_around(self, template: str, name: str) -> tuple[str, str]:
        """What a template prints before and behind a value."""
        slot = Placeholder(name)
        before, _, after = self.render(template, {name: slot}).partition(slot.mark)
        return before, after

    def _set_line(self, paper: Paper) -> Block:
        line = cards.line(paper, numbered=False)
        return self.set("_paper/line", {"paper": line}, len(line.title.split()))

    def _set_others(self, others: _Others) -> Block:
        papers, heading, top = others.parts
        blocks = [self.heading(heading, top), *(self._line(paper) for paper in papers)]
        html, text = (
            EncodedTemplate.joined(b.html for b in blocks),
            EncodedTemplate.joined(b.text for b in blocks),
        )
        return Block(html, text, sum(block.words for block in blocks))

    def _set_heading(self, heading: str, level: int) -> Block:
        return self.set("_paper/heading", {"heading": heading, "level": level})


def slots(names: Sequence[str]) -> dict[str, Placeholder | str]:
    """The links of a mail as its templates see them: a slot for each that there is, '' for the others."""
    return {name: Placeholder(name) if name in names else "" for name in LINKS}


def _set_muting(term: str) -> Values:
    """A term that can be muted: to be read, and in a link."""
    return {"term": quoted(escape(term)), "query": quoted(escape(quote(term)))}


class Number(NamedTuple):
    """What the slot of a paper's number holds; in text it is aligned."""

    html: bytes
    text: bytes


@lru_cache(256)
def numbers(number: int) -> Number:
    """A paper's number, encoded."""
    return Number(quoted(str(number)), quoted(f"{number:>3}"))


def _told(reasons: tuple[Reason, ...], titles: _Titles) -> tuple[str, ...]:
    return phrases.reason_phrases(reasons, dict(titles))


def _titles(reasons: tuple[Reason, ...], topics: Mapping[str, str]) -> _Titles:
    """(slug, title) of the topics among the reasons."""
    found = [reason.filter for reason in reasons if reason.kind is ReasonKind.TOPIC]
    return tuple([(slug, topics.get(slug, slug)) for slug in found]) if found else ()

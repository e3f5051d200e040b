"""Papers → blocks, the parts of a mail's list in both formats, each set once for all who get it.

In: matches and headings, and a function that renders a template. Out: `Block`s with slots for what is a
reader's own. Never: renders a template for one reader.

A paper's card is rendered once for each level of detail; what the reasons for it change (the words that are
marked, why, what can be muted) is filled in once for each set of reasons.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields
from functools import lru_cache
from typing import Generic, NamedTuple, TypeVar

from markupsafe import escape

from digest.domain import Match, Paper, Reason, ReasonKind
from digest.render import cards, phrases
from digest.render.mime import quoted
from digest.render.phrases import Piece
from digest.render.site import Links
from digest.render.slots import Pieces, Slot, joined, pieces
from digest.render.templates import wrap

_BLOCKS = 2_048  # of each kind, about 7 kB each: for most readers of a day those that they have in common
_NUMBERED = 4_096  # of cards with their numbers
_MARGIN = 5  # spaces before the text of a card, in plain text
LINKS = tuple(field.name for field in fields(Links) if field.name != "unsubscribe_mail")

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


_Wanted = _Key[tuple[Paper, tuple[Reason, ...], tuple[tuple[str, str], ...], Manner]]
_Bare = _Key[tuple[Paper, Manner, bool]]
_Others = _Key[tuple[tuple[Paper, ...], str, int]]


def _wanted(match: Match, topics: Mapping[str, str], manner: Manner) -> _Wanted:
    terms = tuple([reason.term for reason in match.reasons])
    titles = _titles(match.reasons, topics)
    return _Key((match.paper, match.reasons, titles, manner), (match.paper.id, terms, manner.words))


class Blocks:
    """Sets blocks; remembers those that were made last."""

    def __init__(self, render: Render) -> None:
        self.render = render
        self._numbered_card = lru_cache(_NUMBERED)(self._number_card)
        self._card = lru_cache(_BLOCKS)(self._set_card)
        self._bare_card = lru_cache(_BLOCKS)(self._set_bare_card)
        self._mute = lru_cache(_BLOCKS)(self._set_mute)
        self._around = lru_cache(8)(self._set_around)
        self._line = lru_cache(_BLOCKS)(self._set_line)
        self._others = lru_cache(_BLOCKS)(self._set_others)
        self.heading = lru_cache(256)(self._set_heading)

    def card(self, match: Match, topics: Mapping[str, str], manner: Manner, number: int) -> Block:
        """A paper in full, with the reasons for it. `topics`: titles by slug."""
        return self._numbered_card(_wanted(match, topics, manner), number)

    def line(self, paper: Paper, number: int) -> Block:
        """A paper by its title alone."""
        return _numbered(self._line(paper, numbered=True), number)

    def others(self, papers: tuple[Paper, ...], heading: str, level: int) -> Block:
        """The titles of what others read, under their heading: few sets of them are on many mails."""
        ids = tuple([paper.id for paper in papers])
        return self._others(_Key((papers, heading, level), ids))

    def set(self, template: str, values: Mapping[str, object], words: int = 0) -> Block:
        """A template in both formats."""
        html, text = (pieces(self.render(f"{template}.{kind}", values)) for kind in ("html", "txt"))
        return Block(html, text, words)

    def _number_card(self, wanted: _Wanted, number: int) -> Block:
        return _numbered(self._card(wanted), number)

    def _set_card(self, wanted: _Wanted) -> Block:
        """A paper's card with what the reasons for it say."""
        paper, reasons, titles, manner = wanted.parts
        card = _card(paper, manner, reasons, dict(titles))
        mutable = bool(card.mute) and "mute" in manner.links
        bare = self._bare_card(_Key((paper, manner, mutable), (paper.id, manner.words, mutable)))
        told: dict[str, Pieces] = {
            "title": self._marked(card.title),
            "summary": self._marked(card.summary),
            "why": (quoted(escape(phrases.BETWEEN.join(card.why))),),
            "muting": self._mute(card.mute) if mutable else (),
        }
        why = wrap(" · ".join(card.why).join(self._around("_paper/why.txt", "why")), _MARGIN)
        return Block(joined(bare.html, told), joined(bare.text, {"why": (quoted(why),)}), bare.words)

    def _set_bare_card(self, bare: _Bare) -> Block:
        """A paper's card with slots for what depends on why it is there."""
        paper, manner, mutable = bare.parts
        card = _card(paper, manner, (), {})
        values = {
            "paper": {name: getattr(card, name) for name in _SHARED},
            "number": Slot("number"),
            "links": slots(manner.links),
            **{name: Slot(name) for name in ("title", "summary", "why")},
            "mute": Slot("muting") if mutable else "",
        }
        words = len(f"{card.plain_title} {card.plain_summary}".split())
        return self.set("_paper/card", values, words)

    def _set_mute(self, term: str) -> Pieces:
        return pieces(self.render("_paper/mute.html", {"term": term, "links": slots(("mute",))}))

    def _marked(self, runs: Sequence[Piece]) -> Pieces:
        before, after = self._around("_paper/hit.html", "text")
        texts = (f"{before}{escape(run.text)}{after}" if run.marked else escape(run.text) for run in runs)
        return (quoted("".join(texts)),)

    def _set_around(self, template: str, name: str) -> tuple[str, str]:
        """What a template prints before and behind a value."""
        slot = Slot(name)
        before, _, after = self.render(template, {name: slot}).partition(slot.mark)
        return before, after

    def _set_line(self, paper: Paper, *, numbered: bool) -> Block:
        line = cards.line(paper, numbered=numbered)
        return self.set("_paper/line", {"paper": line, "number": Slot("number")}, len(line.title.split()))

    def _set_others(self, others: _Others) -> Block:
        papers, heading, top = others.parts
        blocks = [self.heading(heading, top), *(self._line(paper, numbered=False) for paper in papers)]
        html, text = (
            tuple(piece for each in pair for piece in each)
            for pair in zip(*((b.html, b.text) for b in blocks), strict=True)
        )
        return Block(joined(html, {}), joined(text, {}), sum(block.words for block in blocks))

    def _set_heading(self, heading: str, level: int) -> Block:
        return self.set("_paper/heading", {"heading": heading, "level": level})


def slots(names: Sequence[str]) -> dict[str, Slot | str]:
    """The links of a mail as its templates see them: a slot for each that there is, '' for the others."""
    return {name: Slot(name) if name in names else "" for name in LINKS}


def _numbered(block: Block, number: int) -> Block:
    """The block with the number of its paper, aligned in the text."""
    html = joined(block.html, {"number": (quoted(str(number)),)})
    return Block(html, joined(block.text, {"number": (quoted(f"{number:>3}"),)}), block.words)


def _card(paper: Paper, manner: Manner, reasons: tuple[Reason, ...], titles: Mapping[str, str]) -> cards.Card:
    year, words, all_links, heading, _ = manner
    return cards.card(paper, reasons, titles, year=year, words=words, all_links=all_links, heading=heading)


def _titles(reasons: tuple[Reason, ...], topics: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    """(slug, title) of the topics among the reasons."""
    found = [reason.filter for reason in reasons if reason.kind is ReasonKind.TOPIC]
    return tuple([(slug, topics.get(slug, slug)) for slug in found]) if found else ()

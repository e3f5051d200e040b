"""Renders papers as blocks, the parts of a mail's list in both formats, each set once for all who get it.

In: matches and headings, and a function that renders a template. Out: `Block`s with slots for what is a
reader's own. Never: renders a template for one reader.

A paper's card is rendered once for each level of detail; what the reasons for it change (the words that are
marked, and why) is filled in once for each set of reasons.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from datetime import date
from functools import lru_cache
from typing import Final, Generic, NamedTuple, TypeVar

from markupsafe import escape

from digest.domain import Match, Paper, Picture, Reason, ReasonKind, ShownPaper
from digest.render import cards, phrases
from digest.render.mime import quoted
from digest.render.placeholders import EncodedTemplate, Placeholder
from digest.render.plain import word_count, wrap
from digest.render.site import Links
from digest.render.view import shown_paper

_BLOCKS = 2_048  # of each kind, about 7 kB each: for most readers of a day those that they have in common
_NUMBERED = 4_096  # blocks with a number, and matches: some 20 MB of cards at most, and then anew
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
    "picked",
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


@dataclass(frozen=True, slots=True)
class Numbered(Block):
    """A paper of the digest's own, what its row of the ledger keeps of it, and the kinds of its reasons."""

    shown: ShownPaper = field(kw_only=True)
    kinds: frozenset[str] = field(kw_only=True)


@dataclass(frozen=True, slots=True, eq=False)
class Manner:
    """What the cards of a section have in common. Equal ones are one object (`manner_of`), which is found in
    no time."""

    day: date
    words: int
    all_links: bool
    heading: int
    links: tuple[str, ...]  # which there are


manner_of = lru_cache(64)(Manner)


class _Key(Generic[Parts]):
    """All that a part of a mail depends on, as the key of a cache; `hashed` tells most keys apart.

    The papers of one issue are the same objects for all its readers: comparing them costs nothing then, while
    a hash of all that they say would cost more than the rest of a message.
    """

    __slots__ = ("_hash", "parts")

    def __init__(self, parts: Parts, hashed: tuple[object, ...]) -> None:
        self.parts = parts
        self._hash = hash(hashed)

    def __hash__(self) -> int:
        return self._hash

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Key) and self.parts == other.parts


_Card = _Key[tuple[Paper, Manner, Picture | None]]
_Titles = tuple[tuple[str, str], ...]
_Reasons = _Key[tuple[Paper, tuple[Reason, ...], _Titles, Manner, Picture | None]]
_BriefReasons = _Key[tuple[Paper, tuple[Reason, ...], _Titles]]


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


class _OfMatch:
    """What was made of one match: its numbered blocks, and what to know before one is looked for.

    It holds the match, so that no other can have the same identity meanwhile.
    """

    __slots__ = ("blocks", "match", "slugs")

    def __init__(self, match: Match) -> None:
        self.match: Final = match
        self.slugs = tuple([r.filter for r in match.reasons if r.kind is ReasonKind.TOPIC])
        self.blocks: dict[tuple[int, Manner | None, _Titles, Picture | None], Numbered] = {}

    def titles(self, topics: Mapping[str, str]) -> _Titles:
        """Return (slug, title) of the topics among the reasons."""
        return tuple([(slug, topics.get(slug, slug)) for slug in self.slugs])


class Blocks:
    """Sets blocks; remembers those that were made last."""

    def __init__(self, render: Render) -> None:
        self.render = render
        self._of_matches: dict[int, _OfMatch] = {}  # by identity: the readers of an issue share its matches
        self._numbered = 0  # blocks in them
        # By identity, too, with the papers, so that no others can have it meanwhile.
        self._of_others: dict[tuple[tuple[int, ...], str, int], tuple[tuple[Paper, ...], Block]] = {}
        self._card = lru_cache(_BLOCKS)(self._set_card)
        self._in_full = lru_cache(_BLOCKS)(self._tell)
        self._marked = lru_cache(_TEXTS)(self._mark)
        self._why = lru_cache(_TEXTS)(self._set_why)
        self._beside = lru_cache(_TEXTS)(self._set_beside)
        self._around = lru_cache(8)(self._set_around)
        self._brief = lru_cache(_BLOCKS)(self._set_brief)
        self._in_brief = lru_cache(_BLOCKS)(self._tell_briefly)
        self._line = lru_cache(_BLOCKS)(self._set_line)
        self.heading = lru_cache(256)(self._set_heading)
        self.group = lru_cache(256)(self._set_group)

    def numbered(
        self,
        matches: Sequence[Match],
        topics: Mapping[str, str],
        manner: Manner | None,
        before: int,
        pictures: Mapping[int, Picture] | None = None,
    ) -> list[Numbered]:
        """Return papers with their numbers in the digest, from `before` + 1 on, and their reasons: in full in
        a manner, else each in a line. `topics`: titles by slug; `pictures`: by `Paper.pk`."""
        blocks: list[Numbered] = []
        picture = None
        for number, match in enumerate(matches, before + 1):
            made = self._of_matches.get(id(match)) or self._made_of(match)
            titles = made.titles(topics) if made.slugs else ()
            if pictures:
                picture = pictures.get(match.paper.pk)
            wanted = number, manner, titles, picture
            block = made.blocks.get(wanted)
            if block is None:
                block = made.blocks[wanted] = self._set_numbered(match, titles, manner, number, picture)
                self._numbered += 1
            blocks.append(block)
        return blocks

    def _made_of(self, match: Match) -> _OfMatch:
        """What was made of a match that isn't remembered: nothing yet."""
        if self._numbered >= _NUMBERED or len(self._of_matches) >= _NUMBERED:
            self._of_matches, self._numbered = {}, 0
        made = self._of_matches[id(match)] = _OfMatch(match)
        return made

    def _set_numbered(
        self, match: Match, titles: _Titles, manner: Manner | None, number: int, picture: Picture | None
    ) -> Numbered:
        paper, reasons = match.paper, match.reasons
        terms = tuple([reason.term for reason in reasons])
        if manner:
            parts = paper, reasons, titles, manner, picture
            block = self._in_full(_Key(parts, (paper.id, terms, manner)))
        else:
            block = self._in_brief(_Key((paper, reasons, titles), (paper.id, terms)))
        html = block.html.with_some({"number": quoted(str(number))})
        text = block.text.with_some({"number": quoted(f"{number:>3}")})
        shown = shown_paper(match, dict(titles))
        return Numbered(html, text, block.words, shown=shown, kinds=kinds_of(match))

    def others(self, papers: tuple[Paper, ...], heading: str, level: int) -> Block:
        """Return the titles of what others read, under their heading: few sets of them are on many mails."""
        wanted = tuple(map(id, papers)), heading, level
        made = self._of_others.get(wanted)
        if made is None:
            if len(self._of_others) >= _BLOCKS:
                self._of_others = {}
            made = self._of_others[wanted] = papers, self._set_others(papers, heading, level)
        return made[1]

    def set(self, template: str, values: Mapping[str, object], words: int = 0) -> Block:
        """Return a template in both formats."""
        html, text = (
            EncodedTemplate.of(self.render(f"{template}.{kind}", values)) for kind in ("html", "txt")
        )
        return Block(html, text, words)

    def _set_card(self, wanted: _Card) -> _Bare:
        """A paper's card with slots for what depends on why it is there."""
        paper, manner, picture = wanted.parts
        card = cards.card(
            *(paper, (), {}),
            day=manner.day,
            words=manner.words,
            all_links=manner.all_links,
            heading=manner.heading,
        )
        values = {
            "paper": {name: getattr(card, name) for name in _SHARED},
            "links": slots(manner.links),
            "picture": picture,
            **{name: Placeholder(name) for name in ("number", "title", "summary", "why")},
        }
        title, summary = card.plain_title, card.plain_summary
        return _Bare(self.set("_paper/card", values, word_count(f"{title} {summary}")), title, summary)

    def _tell(self, wanted: _Reasons) -> Block:
        """A paper's card with what the reasons for it say."""
        paper, reasons, titles, manner, picture = wanted.parts
        bare = self._card(_Key((paper, manner, picture), (paper.id, manner)))
        unsaid = cards.reasons_in_full(paper, reasons)
        why, _ = self._why(_reason_texts(cards.unmarked(unsaid, bare.title, bare.summary), titles))
        _, plain_why = self._why(_reason_texts(unsaid, titles))
        own = {
            "title": self._where(bare.title, cards.title_terms(reasons)),
            "summary": self._where(bare.summary, cards.terms(reasons)),
            "why": why,
        }
        html, text = bare.block.html.with_some(own), bare.block.text.with_some({"why": plain_why})
        return Block(html, text, bare.block.words)

    def _where(self, text: str, terms: tuple[str, ...]) -> bytes:
        """A text with those of the terms marked that stand in it."""
        found = [term for term in terms if phrases.places(text, term)]
        return self._marked(text, tuple(sorted(set(found)) if len(found) > 1 else found))

    def _mark(self, text: str, terms: tuple[str, ...]) -> bytes:
        before, after = self._around("_paper/hit.html", "text")
        runs = phrases.runs_together(phrases.marked(text, terms))
        texts = [f"{before}{escape(run.text)}{after}" if run.marked else escape(run.text) for run in runs]
        return quoted("".join(texts))

    def _set_why(self, why: tuple[str, ...]) -> tuple[bytes, bytes]:
        """The reasons in words, for HTML and for text; nothing where there are none."""
        if not why:
            return b"", b""
        before, after = self._around("_paper/why.html", "why")
        html = f"{before}{escape(phrases.together(phrases.BETWEEN.join(why)))}{after}"
        text = " · ".join(why).join(self._around("_paper/why.txt", "why"))
        return quoted(html), quoted(f"\n{wrap(text, _MARGIN)}\n")

    def _tell_briefly(self, wanted: _BriefReasons) -> Block:
        """A paper's line with what the reasons for it say; in text, which marks no words, all of them."""
        paper, reasons, titles = wanted.parts
        bare = self._brief(_Key((paper,), (paper.id,)))
        unsaid = cards.reasons_in_brief(paper, reasons)
        beside, _ = self._beside(bare.upvotes, _reason_texts(cards.unmarked(unsaid, bare.title), titles))
        _, plain = self._beside(bare.upvotes, _reason_texts(unsaid, titles))
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
            self.set("_paper/brief", {"paper": line, **slots}, word_count(line.title)),
            line.title,
            line.upvotes,
        )

    def _set_beside(self, upvotes: str, why: tuple[str, ...]) -> tuple[bytes, bytes]:
        """What stands beside a title, for HTML and for text; nothing where there is nothing."""
        pieces = [piece for piece in (upvotes, *why) if piece]
        if not pieces:
            return b"", b""
        before, after = self._around("_paper/beside.html", "beside")
        html = f"{before}{escape(phrases.together(phrases.BETWEEN.join(pieces)))}{after}"
        return quoted(html), quoted(f"\n{wrap(' · '.join(pieces), _MARGIN, ' ' * _MARGIN)}")

    def _set_around(self, template: str, name: str) -> tuple[str, str]:
        """What a template prints before and behind a value."""
        slot = Placeholder(name)
        before, _, after = self.render(template, {name: slot}).partition(slot.mark)
        return before, after

    def _set_line(self, paper: Paper) -> Block:
        line = cards.line(paper, numbered=False)
        return self.set("_paper/line", {"paper": line}, word_count(line.title))

    def _set_others(self, papers: tuple[Paper, ...], heading: str, level: int) -> Block:
        blocks = [self.heading(heading, level), *(self._line(paper) for paper in papers)]
        html, text = (
            EncodedTemplate.joined(b.html for b in blocks),
            EncodedTemplate.joined(b.text for b in blocks),
        )
        return Block(html, text, sum(block.words for block in blocks))

    def _set_heading(self, heading: str, level: int) -> Block:
        return self.set("_paper/heading", {"heading": heading, "level": level})

    def _set_group(self, heading: str, level: int) -> Block:
        return self.set("_paper/group", {"heading": heading, "level": level})


def kinds_of(match: Match) -> frozenset[str]:
    """Return the kinds of the reasons for a paper."""
    return frozenset([str(reason.kind) for reason in match.reasons])


def slots(names: Sequence[str]) -> dict[str, Placeholder | str]:
    """Return the links of a mail as its templates see them: a slot for each that there is, '' for
    the others.
    """
    return {name: Placeholder(name) if name in names else "" for name in LINKS}


def _reason_texts(reasons: tuple[Reason, ...], titles: _Titles) -> tuple[str, ...]:
    return phrases.reason_phrases(reasons, dict(titles))

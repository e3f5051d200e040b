"""A paper as the templates see it: every text chosen, shortened and cleaned, nothing left to decide.

In: a paper, the reasons for it, and how much may be shown. Out: `Card`, `Line`. Never: HTML, or a reader.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date
from functools import lru_cache

from digest.domain import Field, Paper, Pick, Reason, ReasonKind, SignalKind
from digest.languages import dates, fill, pgettext
from digest.languages import gettext as _
from digest.render import phrases
from digest.render.phrases import Piece
from digest.sources.registry import display_name
from digest.text import clean
from digest.words import finding

_IN_CARD = (Field.TITLE, Field.ABSTRACT)
_NAMES = 3
_NEWLY_LISTED = "newly listed"  # as the matcher says it
_READ = 4_000  # characters of a text that may be shown, before cleaning: a hostile one is longer


@dataclass(frozen=True, slots=True)
class Link:
    """A link's visible name and its target."""

    name: str
    url: str


@dataclass(frozen=True, slots=True)
class Card:
    """A paper in full. `heading`: 2 for an h2. `why`: reasons that the card doesn't show otherwise."""

    id: str
    heading: int
    title: tuple[Piece, ...]
    url: str
    authors: str
    facts: tuple[str, ...]
    picked: str
    summary_label: str
    summary: tuple[Piece, ...]
    why: tuple[str, ...]
    links: tuple[Link, ...]

    @property
    def plain_title(self) -> str:
        return "".join(piece.text for piece in self.title)

    @property
    def plain_summary(self) -> str:
        return "".join(piece.text for piece in self.summary)


@dataclass(frozen=True, slots=True)
class Brief:
    """One of a digest's own papers in a line: its title, and what stands beside it."""

    title: tuple[Piece, ...]
    url: str
    beside: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Line:
    """A paper by its title alone."""

    title: str
    url: str
    upvotes: str = ""  # `▲45`
    numbered: bool = False  # one of the digest's own, not one that others read


def card(
    paper: Paper,
    reasons: tuple[Reason, ...],
    titles: Mapping[str, str],
    *,
    day: date,
    words: int,
    all_links: bool,
    heading: int,
) -> Card:
    """Return a paper in full: `titles` of topics by slug, the reader's `day`, at most `words` of summary."""
    label, summary = _summary(paper, words)
    shown = title(paper)
    return Card(
        id=paper.id,
        heading=heading,
        title=phrases.marked(shown, title_terms(reasons)),
        url=phrases.web_url(paper.url),
        authors=authors(paper),
        facts=tuple(_facts(paper, day)),
        picked=picked(paper.picked),
        summary_label=label,
        summary=phrases.marked(summary, terms(reasons)),
        why=phrases.reason_phrases(unmarked(reasons_in_full(paper, reasons), shown, summary), titles),
        links=tuple(_links(paper)) if all_links else (),
    )


def line(paper: Paper, *, numbered: bool) -> Line:
    """Return a paper by its title alone; one of the digest's own with its upvotes."""
    if numbered:
        return Line(title(paper), phrases.web_url(paper.url), _upvotes(paper), numbered)
    return Line(phrases.together(title(paper)), phrases.web_url(paper.url))


def brief(paper: Paper, reasons: tuple[Reason, ...], titles: Mapping[str, str]) -> Brief:
    """Return one of a digest's own papers in a line: `titles` of topics by slug."""
    own = line(paper, numbered=True)
    why = phrases.reason_phrases(unmarked(reasons_in_brief(paper, reasons), own.title), titles)
    return Brief(
        phrases.marked(own.title, title_terms(reasons)), own.url, tuple(filter(None, (own.upvotes, *why)))
    )


def reasons_in_full(paper: Paper, reasons: Iterable[Reason]) -> tuple[Reason, ...]:
    """Return the reasons that a paper in full tells, which shows by whom it was picked and the facts."""
    return unsaid(paper, [each for each in reasons if not (paper.picked and each.kind is ReasonKind.PICK)])


def reasons_in_brief(paper: Paper, reasons: Iterable[Reason]) -> tuple[Reason, ...]:
    """Return the reasons that a line tells: who picked the paper among them."""
    return tuple(
        replace(each, note=picked(paper.picked)) if paper.picked and each.kind is ReasonKind.PICK else each
        for each in unsaid(paper, reasons)
    )


def unsaid(paper: Paper, reasons: Iterable[Reason]) -> tuple[Reason, ...]:
    """Return the reasons that say more than the facts beside a paper: its upvotes, that it is new, its
    category.
    """
    upvotes = paper.latest(SignalKind.UPVOTES)
    repeated = {_NEWLY_LISTED, f"{upvotes} upvote" if upvotes == 1 else f"{upvotes} upvotes"}
    first = paper.categories[0] if paper.categories else ""
    return tuple(
        [
            reason
            for reason in reasons
            if not (reason.field is None and reason.note in repeated)
            and not (reason.field is Field.CATEGORY and reason.term == first)
        ]
    )


def unmarked(reasons: Iterable[Reason], title: str, summary: str = "") -> tuple[Reason, ...]:
    """Return the reasons whose term isn't marked in what is shown of a paper."""
    return tuple(
        [
            reason
            for reason in reasons
            if not (reason.field is Field.TITLE and phrases.places(title, reason.term))
            and not (reason.field in _IN_CARD and phrases.places(summary, reason.term))
        ]
    )


def title(paper: Paper) -> str:
    """Return a paper's title as mails show it; never empty."""
    return _title(paper.title[:_READ]) or paper.id


def picked(pick: Pick | None) -> str:
    """Say who picked a paper and why: `Picked by Ada: “Read this one for the ablation.”`; '' without one."""
    if pick is None:
        return ""
    name = phrases.one_line(pick.by, 60) or _("a curator")
    if pick.note:
        return _("Picked by {name}: “{note}”", name=name, note=phrases.one_line(pick.note))
    return _("Picked by {name}", name=name)


def source_name(name: str) -> str:
    """Return a source's name as people write it: `Hugging Face`; what its operator named stays."""
    return phrases.one_line(display_name(name), 40)


def title_terms(reasons: Iterable[Reason]) -> tuple[str, ...]:
    """Return what of the reasons stands in the title."""
    return tuple([reason.term for reason in reasons if reason.field is Field.TITLE])


def terms(reasons: Iterable[Reason]) -> tuple[str, ...]:
    """Return what of the reasons stands in the title or the abstract, and so perhaps in a summary."""
    return tuple([reason.term for reason in reasons if reason.field in _IN_CARD])


@lru_cache(maxsize=2048)  # a day's papers: each is shown to many
def _title(text: str) -> str:
    return phrases.one_line(clean(text))


@lru_cache(maxsize=2048)
def _opening(text: str, words: int) -> str:
    return phrases.first_sentences(phrases.printable(_clean(text)), words)


@lru_cache(maxsize=2048)
def _finding(abstract: str, words: int) -> str:
    words = min(words, finding.MOST_WORDS)
    found = finding.finding(phrases.printable(_clean(abstract)), words)
    return phrases.shorten(found, phrases.longest_of(words))


@lru_cache(maxsize=2048)
def _name(text: str) -> str:
    return phrases.one_line(_clean(text), 60)


def _clean(text: str) -> str:
    return clean(text[:_READ])


def authors(paper: Paper) -> str:
    """Return `Ada Lovelace, Alan Turing, Grace Hopper + 14 more`. Names stay whole: some have no initials."""
    names = ", ".join([_name(name) for name in paper.authors[:_NAMES]])
    others = len(paper.authors) - _NAMES
    if others <= 0:
        return names
    text = fill(pgettext("authors", "{names} + {number} more"), {"names": names, "number": others})
    return f"{names} {text.removeprefix(names).strip().replace(' ', chr(0xA0))}"  # how many: on one line


def _upvotes(paper: Paper) -> str:
    upvotes = paper.latest(SignalKind.UPVOTES)
    return f"▲{upvotes}" if upvotes > 0 else ""


def _facts(paper: Paper, day: date) -> Iterator[str]:
    if upvotes := _upvotes(paper):
        yield upvotes
    if paper.categories:
        yield phrases.one_line(paper.categories[0], 40)
    if paper.first_seen_at.date() == day:
        yield _("new today").replace(" ", "\u00a0")
    else:
        on = (paper.published_at or paper.first_seen_at).date()
        yield dates.short_date(on, day.year).replace(" ", "\u00a0")


def _summary(paper: Paper, words: int) -> tuple[str, str]:
    """A summary with a label that says who wrote it, a source or a model; else the abstract's finding."""
    if summary := _opening(paper.summary, words):
        if paper.summary_model:
            model = phrases.one_line(paper.summary_model, 60)
            return _("Machine-made summary ({model})", model=model), summary
        name = source_name(paper.summary_source)
        return _("TL;DR ({source})", source=name) if name else _("TL;DR"), summary
    return "", _finding(paper.abstract, words)


def _links(paper: Paper) -> Iterator[Link]:
    comments = paper.latest(SignalKind.COMMENTS)
    named = (
        (pgettext("link", "Abstract"), paper.url),
        (_("PDF"), paper.pdf_url),
        (pgettext("link", "Code"), paper.code_url),
        (
            _("Discussion ({number})", number=comments) if comments > 0 else _("Discussion"),
            paper.discussion_url,
        ),
    )
    for name, url in named:
        if phrases.web_url(url):
            yield Link(name, url)

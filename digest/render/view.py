"""A digest as its templates see it: every text chosen, shortened and cleaned, nothing left to decide.

In: a `Digest`, and how much of it may be shown (`Level`). Out: `View`. Never: HTML, or a byte count.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from math import ceil
from zoneinfo import ZoneInfo

from digest.domain import Digest, Field, Interests, Match, Paper, Reason, SignalKind, Subscriber, Topic
from digest.render import phrases
from digest.render.phrases import Piece
from digest.text import clean

_SOURCES = {"huggingface": "Hugging Face", "arxiv": "arXiv", "biorxiv": "bioRxiv"}
_WORDS_A_MINUTE = 200
_SECONDS_TO_CHOOSE = 15  # per paper: whether to open it
_PREHEADER = (40, 90)
_NAMES = 3
_READ = 4_000  # characters of a text that may be shown, before cleaning: a hostile one is longer


@dataclass(frozen=True, slots=True)
class Level:
    """How much is shown: words of a summary, links beside the title's, papers in full and by title alone."""

    words: int
    all_links: bool = True
    cards: int = 1_000
    titles: int = 1_000


@dataclass(frozen=True, slots=True)
class Link:
    """A link's visible name and its target."""

    name: str
    url: str


@dataclass(frozen=True, slots=True)
class Card:
    """A paper in full."""

    number: int
    deep: bool  # the title is an h3, not an h2
    title: tuple[Piece, ...]
    url: str
    authors: str
    facts: tuple[str, ...]
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
class Line:
    """A paper by its title alone."""

    number: int
    title: str
    url: str


@dataclass(frozen=True, slots=True)
class View:
    """All that the templates of a digest print, beside the site and the links."""

    first: str
    count: int
    short_day: str
    heading: str
    preheader: str
    meta: tuple[str, ...]
    notes: tuple[str, ...]
    cards: tuple[Card, ...]
    tail: tuple[Line, ...]
    hidden: int
    because: str


def view(digest: Digest, level: Level, *, deep: bool = False) -> View:
    """What the templates print of a digest at a level; `deep`: its titles stand under another heading."""
    day, person = digest.issue.date, digest.subscriber
    matches = digest.papers
    cards = tuple(_card(n, match, digest, level, deep) for n, match in enumerate(matches[: level.cards], 1))
    tail = tuple(
        Line(n, title(match.paper), phrases.web_url(match.paper.url))
        for n, match in enumerate(matches[level.cards : level.cards + level.titles], level.cards + 1)
    )
    asked = _asked(person.interests, digest.topics)
    counts = (phrases.counted(len(matches), "paper"), f"{_minutes(cards, tail)} min")
    return View(
        first=title(matches[0].paper) if matches else "No papers today",
        count=len(matches),
        short_day=phrases.short_day(day),
        heading=f"Trending papers — {phrases.long_day(day)}",
        preheader=_preheader(digest, (*counts, asked)),
        meta=(*(counts if matches else counts[:1]), asked),
        notes=tuple(phrases.one_line(note) for note in digest.notes[:5]),
        cards=cards,
        tail=tail,
        hidden=len(matches) - len(cards) - len(tail),
        because=_because(person, asked),
    )


def title(paper: Paper) -> str:
    """A paper's title as mails show it; never empty."""
    return phrases.one_line(_clean(paper.title)) or paper.id


def _clean(text: str) -> str:
    return _cleaned(text[:_READ])


@lru_cache(maxsize=2048)  # a day's papers: each is shown to many, and at several levels
def _cleaned(text: str) -> str:
    return clean(text)


def _card(number: int, match: Match, digest: Digest, level: Level, deep: bool) -> Card:
    paper = match.paper
    label, summary = _summary(paper, level.words)
    return Card(
        number=number,
        deep=deep,
        title=phrases.marked(title(paper), _terms(match.reasons, Field.TITLE)),
        url=phrases.web_url(paper.url),
        authors=_authors(paper),
        facts=tuple(_facts(paper, digest)),
        summary_label=label,
        summary=phrases.marked(summary, _terms(match.reasons, Field.TITLE, Field.ABSTRACT)),
        why=phrases.reason_phrases(match.reasons, digest.topics),
        links=tuple(_links(paper)) if level.all_links else (),
    )


def _authors(paper: Paper) -> str:
    """`Ada Lovelace, Alan Turing, Grace Hopper + 14 more`. Names stay whole: some have no initials."""
    names = ", ".join(phrases.one_line(_clean(name), 60) for name in paper.authors[:_NAMES])
    others = len(paper.authors) - _NAMES
    return f"{names} + {others} more" if others > 0 else names


def _terms(reasons: tuple[Reason, ...], *fields: Field) -> list[str]:
    return [reason.term for reason in reasons if reason.field in fields]


def _facts(paper: Paper, digest: Digest) -> Iterator[str]:
    upvotes = paper.latest(SignalKind.UPVOTES)
    if upvotes > 0:
        yield f"▲{upvotes}"
    if paper.categories:
        yield phrases.one_line(paper.categories[0], 40)
    published = paper.published_at or paper.first_seen_at
    yield phrases.short_date(published.date(), digest.issue.date)


def _summary(paper: Paper, words: int) -> tuple[str, str]:
    """The source's own summary with a label that says whose it is, else the start of the abstract."""
    if summary := _clean(paper.summary):
        name = _SOURCES.get(paper.summary_source, phrases.one_line(paper.summary_source, 40))
        label = f"TL;DR ({name})" if name else "TL;DR"
        return label, phrases.first_sentences(phrases.printable(summary), words)
    return "", phrases.first_sentences(phrases.printable(_clean(paper.abstract)), words)


def _links(paper: Paper) -> Iterator[Link]:
    named = (
        ("Abstract", paper.url),
        ("PDF", paper.pdf_url),
        ("Code", paper.code_url),
        ("Discussion", paper.discussion_url),
    )
    for name, url in named:
        if phrases.web_url(url):
            yield Link(name, url)


def _minutes(cards: tuple[Card, ...], tail: tuple[Line, ...]) -> int:
    shown = [f"{card.plain_title} {card.plain_summary}" for card in cards] + [line.title for line in tail]
    words = sum(len(text.split()) for text in shown)
    return max(1, ceil(words / _WORDS_A_MINUTE + len(cards) * _SECONDS_TO_CHOOSE / 60))


def _asked(interests: Interests, topics: tuple[Topic, ...]) -> str:
    """What the subscriber asked for, in few words."""
    if topics:
        names = [phrases.one_line(topic.title, 30) for topic in topics]
        more = f" + {len(names) - 4} more" if len(names) > 4 else ""
        return f"topics: {', '.join(names[:4])}{more}"
    if interests.filters:
        return f"your {phrases.counted(len(interests.filters), 'filter')}"
    return "what trends"


def _because(person: Subscriber, asked: str) -> str:
    """Why this mail comes, to whom, and since when."""
    since = (person.confirmed_at or person.created_at).astimezone(ZoneInfo(person.schedule.timezone))
    address = phrases.masked(phrases.one_line(person.email))
    return f"You get this because {address} subscribed on {phrases.long_date(since.date())} to {asked}."


def _preheader(digest: Digest, about: tuple[str, ...]) -> str:
    """40–90 characters that mail programs show beside the subject, so without the first title."""
    least, most = _PREHEADER
    others = [phrases.shorten(title(match.paper), 40) for match in digest.papers[1:3]]
    text = ""
    for piece in (
        *others,
        *(topic.title for topic in digest.topics),
        *about,
        phrases.long_day(digest.issue.date),
    ):
        longer = f"{text} · {piece}" if text else piece
        if len(text) >= least and len(longer) > most:
            break
        text = longer
    return phrases.one_line(text, most)

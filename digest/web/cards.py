"""Chooses what lists show of a paper: every text chosen, shortened and cleaned, nothing left to decide.

In: a paper and the time. Out: `PaperCard`. Never: HTML, or who is looking.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from digest.domain import Paper, SignalKind
from digest.languages import dates, gettext, pgettext
from digest.languages.dates import short_number
from digest.render import cards, phrases
from digest.render.cards import source_name
from digest.web.addresses import paper_path

WORDS = 30  # of the finding
_KEYWORDS = 4
_NEW = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class CardLink:
    """A link of a card: its name, what it counts (`★1.2k`, `12`), its target."""

    name: str
    url: str
    count: str = ""


@dataclass(frozen=True, slots=True)
class CardPicture:
    """A picture of a card: its path on this site and its size in pixels."""

    path: str
    width: int
    height: int


@dataclass(frozen=True, slots=True)
class PaperCard:
    """A paper in a list. `upvotes` are those of its sources, `votes` those of this site's readers."""

    id: str
    path: str
    title: str
    authors: str
    facts: tuple[str, ...]
    day: date
    is_new: bool
    withdrawn: date | None
    finding_label: str
    finding: str
    keywords: tuple[str, ...]
    upvotes: int
    votes: int
    links: tuple[CardLink, ...]
    picture: CardPicture | None
    picked_by: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True)
class FoundCard:
    """A paper among the results of a search, which choose what of its texts is shown."""

    path: str
    title: str
    authors: str
    facts: tuple[str, ...]
    day: date
    withdrawn: date | None
    links: tuple[CardLink, ...]


def found_card(paper: Paper) -> FoundCard:
    """Choose what the results of a search show of a paper beside its title and abstract."""
    return FoundCard(
        path=paper_path(paper.id),
        title=cards.title(paper),
        authors=cards.authors(paper),
        facts=tuple(_facts(paper)),
        day=(paper.published_at or paper.first_seen_at).date(),
        withdrawn=paper.withdrawn_at.date() if paper.withdrawn_at else None,
        links=paper_links(paper),
    )


def paper_card(paper: Paper, now: datetime, picture: CardPicture | None = None) -> PaperCard:
    """Choose what a list shows of a paper at a time."""
    plain = cards.card(paper, (), {}, day=now.date(), words=WORDS, all_links=False, heading=3)
    return PaperCard(
        id=paper.id,
        path=paper_path(paper.id),
        title=plain.plain_title,
        authors=plain.authors,
        facts=tuple(_facts(paper)),
        day=(paper.published_at or paper.first_seen_at).date(),
        is_new=now - paper.first_seen_at < _NEW,
        withdrawn=paper.withdrawn_at.date() if paper.withdrawn_at else None,
        finding_label=plain.summary_label,
        finding=plain.plain_summary,
        keywords=tuple(phrases.one_line(word, 40) for word in paper.keywords[:_KEYWORDS]),
        upvotes=paper.latest(SignalKind.UPVOTES),
        votes=paper.latest(SignalKind.VOTERS),
        links=paper_links(paper),
        picture=picture,
        picked_by=(phrases.one_line(paper.picked.by, 60) or "a curator") if paper.picked else "",
        note=phrases.one_line(paper.picked.note) if paper.picked else "",
    )


def paper_cards(
    papers: Sequence[Paper], now: datetime, pictures: Mapping[int, CardPicture]
) -> tuple[PaperCard, ...]:
    """Choose what a list shows of each of its papers; `pictures` by number (`Paper.pk`)."""
    return tuple(paper_card(paper, now, pictures.get(paper.pk)) for paper in papers)


def paper_links(paper: Paper) -> tuple[CardLink, ...]:
    """Return the links of a paper that lead away from the site, with what they count."""
    stars, comments = paper.latest(SignalKind.STARS), paper.latest(SignalKind.COMMENTS)
    named = (
        CardLink(pgettext("link", "Abstract"), paper.url),
        CardLink(gettext("PDF"), paper.pdf_url),
        CardLink(pgettext("link", "Code"), paper.code_url, f"★\u202f{short_number(stars)}" if stars else ""),
        CardLink(pgettext("link", "Project"), paper.project_url),
        CardLink(gettext("Discussion"), paper.discussion_url, short_number(comments) if comments else ""),
    )
    return tuple(link for link in named if phrases.web_url(link.url))


def source_names(names: Sequence[str]) -> str:
    """Name sources for people: `arXiv, Hugging Face`."""
    return ", ".join(dict.fromkeys(source_name(name) for name in names))


def source_series(names: Sequence[str]) -> str:
    """Name sources for people within a sentence: `arXiv and Hugging Face`."""
    return dates.series(list(dict.fromkeys(source_name(name) for name in names)))


def _facts(paper: Paper) -> Iterator[str]:
    if paper.organization:
        yield phrases.one_line(paper.organization, 60)
    if paper.categories:
        yield ", ".join(phrases.one_line(each, 40) for each in paper.categories[:2])
    if listed := [source_name(name) for name in paper.sources]:
        yield ", ".join(dict.fromkeys(listed))

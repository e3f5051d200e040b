"""A digest that was sent as its page shows it: every text chosen, nothing left to decide.

In: what its email showed, and its papers. Out: values of a template. Never: HTML, or what the reader chooses
now.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any, Generic, TypeVar

from digest.domain import Paper, Reason, ShownSection
from digest.languages import gettext
from digest.pipeline.community.my_digests import SentDigest
from digest.render import cards
from digest.render.assemble import WITHDRAWN
from digest.render.cards import Brief, Card
from digest.render.view import LEVELS, others

_Row = TypeVar("_Row")


@dataclass(frozen=True, slots=True)
class SentSection(Generic[_Row]):
    """Papers under one heading; `first`: the number of the first."""

    heading: str
    first: int
    papers: tuple[_Row, ...]


def values(found: SentDigest, day: date) -> dict[str, Any]:
    """Return what the page of a digest of a day shows: the cards and lines of the email, and what stood
    beside them."""
    shown, papers = found.shown, found.papers

    def card(paper: Paper, reasons: tuple[Reason, ...]) -> Card:
        words = LEVELS[0].words
        return cards.card(paper, reasons, {}, day=day, words=words, all_links=True, heading=2)

    def line(paper: Paper, reasons: tuple[Reason, ...]) -> tuple[str, Brief]:
        return paper.id, cards.brief(paper, reasons, {})

    front = tuple(_sections(shown.front, papers.get, card, 1))
    first = 1 + sum(len(section.papers) for section in front)
    beside = (
        (gettext(WITHDRAWN), tuple(_titles(shown.withdrawn, papers.get))),
        (others(has_papers=bool(shown.papers)), tuple(_titles(shown.also_trending, papers.get))),
    )
    return {
        "count": len(shown.papers),
        "hidden": sum(paper.pk not in papers for paper in shown.papers),
        "notes": shown.notes,
        "has_reasons": found.has_reasons,
        "front": front,
        "brief": tuple(_sections(shown.brief, papers.get, line, first)),
        "beside": tuple((heading, titles) for heading, titles in beside if titles),
    }


def _sections(
    sections: Iterable[ShownSection],
    find: Callable[[int], Paper | None],
    row: Callable[[Paper, tuple[Reason, ...]], _Row],
    first: int,
) -> Iterator[SentSection[_Row]]:
    for heading, listed in sections:
        rows = tuple(row(paper, reasons) for pk, reasons in listed if (paper := find(pk)))
        if rows:
            yield SentSection(heading, first, rows)
        first += len(rows)


def _titles(numbers: Iterable[int], find: Callable[[int], Paper | None]) -> Iterator[tuple[str, cards.Line]]:
    for number in numbers:
        if paper := find(number):
            yield paper.id, cards.line(paper, numbered=False)

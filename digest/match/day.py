"""The ranked papers of an issue, and all that is made of them once, whoever asks.

In: ranked papers, the topics and filters. Out: papers by number, rows of filters, what a filter found in one
paper. The number of a paper is its place in the order of trend.
"""

from collections.abc import Iterable, Sequence
from collections.abc import Set as AbstractSet
from functools import cached_property, lru_cache, partial

import numpy as np
from numpy.typing import NDArray

from digest.domain import Interests, Match, Paper, Ranked, ReasonKind, SignalKind
from digest.filters import TopicRef, canonical, with_saved
from digest.match.bits.cohort import Lists
from digest.match.bits.index import Index
from digest.match.bits.own import SavedRows
from digest.match.bits.rows import Rows
from digest.match.bits.select import Order, Selection
from digest.match.document import Document
from digest.match.evaluate import Found, find
from digest.match.fit import FITS
from digest.match.library import Library
from digest.match.likeness import Likeness
from digest.match.score import best_first, tie_break

MOST_FILTERS = 20_000  # whose papers are remembered as numbers
MOST_FOUND = 20_000  # findings of a filter in a paper that it selects, which are remembered

Asked = tuple[ReasonKind, str, str]  # what is wanted: kind, name for the reason, canonical text
FoundBy = tuple[Asked, Found]


class Day:
    """The papers of an issue; each is tokenised once, each distinct term looked up once, each distinct filter
    evaluated once."""

    def __init__(
        self, ranked: Iterable[Ranked], library: Library, fit_weight: float, likeness: Likeness | None = None
    ) -> None:
        """`ranked`: papers with trend scores, in any order. A match's score is its trend score
        + `fit_weight` × fit (see `fit`)."""
        self.library = library
        self.fit_weight = fit_weight
        self._likeness = likeness
        self.ranked = sorted(ranked, key=lambda each: best_first(Match(each.paper, each.score, ())))
        self._documents: dict[int, Document] = {}
        self.papers_of = lru_cache(MOST_FILTERS)(self._papers_of)
        self.find = lru_cache(MOST_FOUND)(self._find)

    @cached_property
    def papers(self) -> Sequence[Paper]:
        """The papers by number."""
        return [each.paper for each in self.ranked]

    @cached_property
    def index(self) -> Index:
        """Where each term stands."""
        return Index(self.papers, self._likeness)

    @cached_property
    def rows(self) -> Rows:
        """The papers and points of each filter that was asked for."""
        return Rows(lambda: self.index, self.library, self.selection.width)

    @cached_property
    def saved(self) -> SavedRows:
        """The papers that are like each paper that somebody saved."""
        return SavedRows(lambda: self.index.likes, self.selection.width)

    @cached_property
    def selection(self) -> Selection:
        """The order of all (points, paper)."""
        papers = self.papers
        fits = FITS if self.fit_weight else (0.0, 0.0)
        trend = np.array([each.score for each in self.ranked])
        ties = sorted(range(len(papers)), key=lambda number: tie_break(papers[number]))
        order = Order(
            scores=np.add.outer(self.fit_weight * np.array(fits), trend),
            ties=np.argsort(np.array(ties, np.int64)),
            upvotes=np.array([paper.latest(SignalKind.UPVOTES) for paper in papers], np.int64),
        )
        return Selection(order)

    @cached_property
    def noticed(self) -> NDArray[np.bool_]:
        """Whether somebody has noticed a paper: voted, starred, talked about it."""
        return np.array([any(part.signal != "new" for part in each.parts) for each in self.ranked], np.bool_)

    def number(self, paper_id: str) -> int:
        """Return the number of the paper of this canonical id. Raises `KeyError`."""
        for number, each in enumerate(self.ranked):
            if each.paper.id == paper_id:
                return number
        raise KeyError(paper_id)

    def numbers(self, ids: AbstractSet[str]) -> Lists:
        """Return the numbers of papers by canonical ids, as the list of one subscriber; others are
        left out.
        """
        return one_list(number for number, each in enumerate(self.ranked) if each.paper.id in ids)

    def document(self, number: int) -> Document:
        """Return a paper, tokenised."""
        if number not in self._documents:
            compare = partial(self.index.likes.compare, number=number)
            self._documents[number] = Document.of(self.ranked[number].paper, compare)
        return self._documents[number]

    def held(self, asked: Sequence[Asked], number: int) -> tuple[Asked, ...]:
        """Return those of the wanted filters that select a paper; none of them asks for `like:saved`."""
        return tuple([each for each in asked if self.papers_of(each[2]) >> number & 1])

    def found(self, asked: Sequence[Asked], number: int, saved: Sequence[str]) -> list[FoundBy]:
        """Return what wanted filters find in a paper, for those that select it.

        `saved`: the papers that the reader saved (canonical ids), for filters that ask for `like:saved`.
        """
        alike = [each for each in saved if self.index.likes.row(each) >> number & 1]
        every = []
        for each in asked:
            text = each[2]
            if self.library.asks_for_saved(text):
                tree = with_saved(self.library.tree(text), alike)
                found = find(tree, self.document(number), self.library.topics)
                every += [(each, found)] if found.hits is not None else []
            elif self.papers_of(text) >> number & 1:
                every.append((each, self.find(text, number)))
        return every

    def _papers_of(self, text: str) -> int:
        """The papers that a filter (canonical text) selects: bit n for paper n."""
        return self.rows.papers(text)

    def _find(self, text: str, number: int) -> Found:
        """What a filter (canonical text) finds in a paper."""
        return find(self.library.tree(text), self.document(number), self.library.topics)


def asked(interests: Interests) -> list[Asked]:
    """Return what is wanted; the subscriber's own words come first."""
    own = [(ReasonKind.FILTER, text, text) for text in interests.filters]
    return own + [(ReasonKind.TOPIC, slug, canonical(TopicRef(slug))) for slug in interests.topics]


def one_list(numbers: Iterable[int]) -> Lists:
    """Return the list of one subscriber."""
    items = np.array(list(numbers), np.int64)
    return Lists.of(np.array([len(items)]), items)

"""The day's papers, and what interests select of them. In: ranked papers, interests, what was sent already.
Out: numbers of papers for many subscribers at once, or matches with their reasons for one.

The number of a paper is its place in the order of trend. Each paper is tokenised once, each distinct term
looked up once, each distinct filter evaluated once, whoever shares it.
"""

from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import replace
from functools import cached_property, lru_cache

import numpy as np
from numpy.typing import NDArray

from digest.domain import FIT_WEIGHT, Interests, Match, Paper, Ranked, ReasonKind, SignalKind
from digest.filters import Node, TopicRef, canonical
from digest.match.arithmetic import Arithmetic, arithmetic
from digest.match.cohort import Cohort, Lists
from digest.match.document import Document
from digest.match.evaluate import Hits, evaluate, misses
from digest.match.index import Index
from digest.match.library import Library
from digest.match.rows import Rows
from digest.match.rows import points as points_of_all
from digest.match.score import (
    MOST_POINTS,
    best_first,
    fit,
    picked,
    points,
    reasons,
    tie_break,
    trending,
)
from digest.match.select import Order, Selection

UNREAD = -1  # the row of a filter that was never asked for
MOST_FILTERS = 20_000  # whose papers are remembered as numbers
MOST_HITS = 20_000  # places of a filter in a paper that it selects, which are remembered
MOST_EXPLAINED = 10_000  # matches that are remembered: many readers have a paper for the same reasons

Asked = tuple[ReasonKind, str, str]  # what is wanted: kind, name for the reason, canonical text


class Corpus:
    """The papers of an issue."""

    def __init__(self, ranked: Iterable[Ranked], library: Library, *, fit_weight: float = FIT_WEIGHT) -> None:
        """`ranked`: papers with trend scores, in any order. A match's score is its trend score
        + `fit_weight` × `fit` (see `score.fit`)."""
        self._library = library
        self._fit_weight = fit_weight
        self._ranked = sorted(ranked, key=lambda each: best_first(Match(each.paper, each.score, ())))
        self._documents: dict[int, Document] = {}
        self._selected = lru_cache(MOST_FILTERS)(self._papers_of)
        self._hits = lru_cache(MOST_HITS)(self._find)
        self._explained = lru_cache(MOST_EXPLAINED)(self._tell)
        self._row_of = np.full(0, UNREAD, np.int32)

    @property
    def papers(self) -> Sequence[Paper]:
        """The papers by number."""
        return [each.paper for each in self._ranked]

    # ------------------------------------------------------------ many subscribers

    def unread(self, cohort: Cohort) -> list[int]:
        """The numbers of the cohort's filters that `read` wasn't called for yet."""
        lists = cohort.wanted.items, cohort.excluded.items
        beyond = max(int(numbers.max(initial=-1)) for numbers in lists) + 1 - len(self._row_of)
        if beyond > 0:
            self._row_of = np.append(self._row_of, np.full(beyond, UNREAD, np.int32))
        unread = np.zeros(len(self._row_of), np.bool_)
        for numbers in lists:
            unread[numbers] = True
        return [int(number) for number in np.flatnonzero(unread & (self._row_of == UNREAD))]

    def read(self, numbers: Iterable[int], texts: Mapping[int, str]) -> None:
        """Evaluate filters: canonical texts by number. A number without text selects nothing."""
        numbers = list(numbers)
        self._row_of[numbers] = 0
        known = [number for number in numbers if number in texts]
        self._row_of[known] = self._rows.of([texts[number] for number in known])

    def choose(self, cohort: Cohort, sent: Lists) -> Lists:
        """The numbers of each subscriber's papers, best first; the same as `match` says one by one.

        All filters of the cohort must have been read. `sent`: numbers of papers that don't come again.
        """
        return self._choose(self._in_rows(cohort), sent)

    def beside(self, cohort: Cohort, gone: Lists, most: int) -> Lists:
        """The numbers of what trends for each subscriber whatever their filters, best first.

        Of the first `most` papers by trend those that somebody has noticed. As in `choose` nothing comes that
        an exclusion selects or that has too few upvotes, and nothing in `gone` (numbers of papers).
        """
        return self._beside(self._in_rows(cohort), gone, most)

    # ------------------------------------------------------------ one subscriber

    def match(self, interests: Interests, sent: AbstractSet[str] = frozenset()) -> tuple[Match, ...]:
        """At most `interests.max_papers` matches, best first; none in `sent` (canonical ids).

        A paper is selected by any topic or filter and `min_upvotes`; without topics and filters by
        `min_upvotes` alone. The first `top` by trend of what this subscriber can still get come too, whatever
        the filters and upvotes, and keep their places when there is more than `max_papers`. What an exclusion
        selects, or was sent, never comes.
        """
        chosen = self._choose(self._alone(interests), self._numbers(sent)).items.tolist()
        return self.explain(interests, chosen)

    def others(self, interests: Interests, gone: AbstractSet[str], most: int) -> tuple[Paper, ...]:
        """What `beside` says of one subscriber, as papers; none in `gone` (canonical ids)."""
        found = self._beside(self._alone(interests), self._numbers(gone), most)
        return tuple(self._ranked[number].paper for number in found.items.tolist())

    def explain(self, interests: Interests, numbers: Iterable[int]) -> tuple[Match, ...]:
        """Why these papers (by number) are in somebody's digest, and their scores."""
        asked = _asked(interests)
        return tuple(
            [self._explained(number, self._held(asked, number), number < interests.top) for number in numbers]
        )

    def arithmetic(self, interests: Interests, paper_id: str) -> Arithmetic:
        """How the score of this paper (by canonical id) for somebody comes about. Raises `KeyError`."""
        number = self._number(paper_id)
        held = self._held(_asked(interests), number)
        once = {text: (kind, name, self._hits(text, number)) for kind, name, text in held}
        return arithmetic(self._ranked[number], once.values(), weight=self._fit_weight)

    # ------------------------------------------------------------ one filter

    def search(self, node: Node, limit: int | None = None) -> tuple[Match, ...]:
        """The best `limit` papers that a tree selects, or all of them, best first."""
        planes = points_of_all(node, self._index, self._library.topics)
        found = []
        for number, each in enumerate(self._ranked):
            of_paper = sum((plane >> number & 1) << digit for digit, plane in enumerate(planes))
            if of_paper:
                score = each.score + self._fit_weight * fit([of_paper])
                found.append((best_first(Match(each.paper, score, ())), number, score))
        text = canonical(node)
        return tuple(self._found(node, text, number, score) for _, number, score in sorted(found)[:limit])

    def misses(self, node: Node, paper_id: str) -> tuple[str, ...]:
        """Why a tree doesn't select the paper of this canonical id, as `evaluate.misses` says it; empty where
        it does. Raises `KeyError` for a paper that isn't among those of the day."""
        return misses(node, self._document(self._number(paper_id)), self._library.topics)

    # ------------------------------------------------------------ what is made when it is first needed

    @cached_property
    def _index(self) -> Index:
        return Index(self.papers)

    @cached_property
    def _rows(self) -> Rows:
        return Rows(self._index, self._library, self._selection.width)

    @cached_property
    def _selection(self) -> Selection:
        papers = self.papers
        fits = [fit([number]) for number in range(MOST_POINTS + 1)] if self._fit_weight else [0.0, 0.0]
        trend = np.array([each.score for each in self._ranked])
        ties = sorted(range(len(papers)), key=lambda number: tie_break(papers[number]))
        order = Order(
            scores=np.add.outer(self._fit_weight * np.array(fits), trend),
            ties=np.argsort(np.array(ties, np.int64)),
            upvotes=np.array([paper.latest(SignalKind.UPVOTES) for paper in papers], np.int64),
        )
        return Selection(order)

    @cached_property
    def _noticed(self) -> NDArray[np.bool_]:
        return np.array([any(part.signal != "new" for part in each.parts) for each in self._ranked], np.bool_)

    def _in_rows(self, cohort: Cohort) -> Cohort:
        """A cohort whose filters are numbers of the store → one whose filters are rows."""
        return replace(
            cohort,
            wanted=Lists(cohort.wanted.offsets, self._row_of[cohort.wanted.items]),
            excluded=Lists(cohort.excluded.offsets, self._row_of[cohort.excluded.items]),
        )

    def _alone(self, interests: Interests) -> Cohort:
        """One subscriber as a cohort whose filters are rows."""
        wanted = dict.fromkeys(text for _, _, text in _asked(interests))
        return Cohort(
            _one_list(self._rows.of(list(wanted))),
            _one_list(self._rows.of(interests.exclude)),
            np.array([interests.min_upvotes], np.int32),
            np.array([interests.top], np.int32),
            np.array([interests.max_papers], np.int32),
        )

    def _numbers(self, ids: AbstractSet[str]) -> Lists:
        return _one_list(number for number, each in enumerate(self._ranked) if each.paper.id in ids)

    def _beside(self, cohort: Cohort, gone: Lists, most: int) -> Lists:
        size = len(cohort)
        anything = Cohort(
            Lists.empty(size),
            cohort.excluded,
            cohort.min_upvotes,
            top=np.zeros(size, np.int32),
            max_papers=np.full(size, most, np.int32),
        )
        found = self._choose(anything, gone)
        noticed = self._noticed[found.items]
        owners = np.repeat(np.arange(size), found.counts)[noticed]
        return Lists.of(np.bincount(owners, minlength=size), found.items[noticed])

    def _choose(self, cohort: Cohort, sent: Lists) -> Lists:
        planes, union = self._rows.tables()
        # Without weight every fit is as good as any: one plane says what is selected.
        return self._selection.choose(planes if self._fit_weight else [union], union, cohort, sent)

    def _number(self, paper_id: str) -> int:
        for number, each in enumerate(self._ranked):
            if each.paper.id == paper_id:
                return number
        raise KeyError(paper_id)

    def _held(self, asked: Sequence[Asked], number: int) -> tuple[Asked, ...]:
        """Those of the wanted filters that select a paper."""
        return tuple([each for each in asked if self._selected(each[2]) >> number & 1])

    def _papers_of(self, text: str) -> int:
        return self._rows.papers(text)

    def _find(self, text: str, number: int) -> Hits:
        """Where a paper has what a filter (canonical text) asks for that selects it."""
        return evaluate(self._library.tree(text), self._document(number), self._library.topics) or ()

    def _tell(self, number: int, held: tuple[Asked, ...], top: bool) -> Match:
        ranked = self._ranked[number]
        hits = [(kind, name, text, self._hits(text, number)) for kind, name, text in held]
        fits = {text: points(found) for _, _, text, found in hits}
        trends = (trending(ranked.paper),) if not held or top else ()
        why = reasons([(kind, name, found) for kind, name, _, found in hits])
        score = ranked.score + self._fit_weight * fit(fits.values())
        return Match(ranked.paper, score, why + trends + picked(ranked.paper))

    def _document(self, number: int) -> Document:
        if number not in self._documents:
            self._documents[number] = Document.of(self._ranked[number].paper)
        return self._documents[number]

    def _found(self, node: Node, text: str, number: int, score: float) -> Match:
        hits = evaluate(node, self._document(number), self._library.topics) or ()
        paper = self._ranked[number].paper
        return Match(paper, score, reasons([(ReasonKind.FILTER, text, hits)]) + picked(paper))


def _asked(interests: Interests) -> list[Asked]:
    """What is wanted; the subscriber's own words come first."""
    own = [(ReasonKind.FILTER, text, text) for text in interests.filters]
    return own + [(ReasonKind.TOPIC, slug, canonical(TopicRef(slug))) for slug in interests.topics]


def _one_list(numbers: Iterable[int]) -> Lists:
    items = np.array(list(numbers), np.int64)
    return Lists.of(np.array([len(items)]), items)

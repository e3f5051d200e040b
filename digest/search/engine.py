"""Answers queries. In: segments, oldest first, and queries. Out: numbers of papers in order, with counts.

Where two segments hold the same paper, the newer one stands. The order is total and depends on nothing but
the papers: by score (or time, or trend), then the newest, then the number. It never reads a store or a clock.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from digest.filters import Node
from digest.search.expanding import Acronyms
from digest.search.index.segment import Marks, Segment
from digest.search.query import Query
from digest.search.scoring import Unit, closeness, score
from digest.search.selecting import Known, Values, put_values, select
from digest.search.shown import Places, Scores, Shown
from digest.search.spelling import Spelling, correction, nearest_words, spelling_of
from digest.search.terms import RELATED, Term, Terms

NEAR = 100  # papers, the best by words alone, whose closeness is looked at
OFTEN = 2  # times a word occurs in a paper on average, from which on it tells no paper from another
FEW = 1_000  # papers, below which no word is too common
MOST_NEAR = 1_000  # where more than these are as good as the last of them, none of those is
CLOSEST = 100  # papers that are found by their meaning alone
DESCRIBED = 6  # words, from which on a search describes a paper; of fewer it is remembered by
MEANING = 3.0  # of the best score by words, that a paper of the very meaning of a description counts
MEANING_OF_FEW = 1.0  # the same for a search of fewer words
SAMPLED = 16  # of so many papers one is looked at first, to find the best


Meaning = Callable[[NDArray[np.int64], Mapping[str, str]], Scores]
"""Numbers of papers, words that were corrected and what to → the cosine of each paper's meaning with that of
the search; 0 where none is known."""


class Order(StrEnum):
    """What comes first."""

    RELEVANCE = "relevance"
    DATE = "date"
    TREND = "trend"


@dataclass(frozen=True, slots=True)
class Trend:
    """The trend scores of all papers at a time: of those with signals, and how new ones fade without any.

    `at`: seconds since 1970; `new`: the score of a paper at age 0; `half_life`: seconds; `places`: decimals.
    """

    at: float
    new: float
    half_life: float
    places: int
    scores: Values

    def of(self, segment: Segment) -> Scores:
        """Return the score of each paper of a segment."""
        ages = np.maximum(self.at - segment.seen, 0)
        faded: Scores = np.round(self.new * 0.5 ** (ages / self.half_life), self.places)
        return put_values(faded, segment, self.scores)


@dataclass(frozen=True, slots=True)
class Place:
    """Where a page ended: the key of its last paper in the order of results."""

    key: float
    seen: int
    number: int


@dataclass(frozen=True, slots=True)
class Hit:
    """A paper, by the store's number, and its score."""

    number: int
    score: float
    place: Place


@dataclass(frozen=True, slots=True)
class Found:
    """A page of results. `total`: papers on all pages; `complete`: those that hold every word that ranks.

    `words`: what was looked for, `idfs`: how rare each stem of it is.
    `corrected`: words that no paper has, and what was searched for instead; `unknown`: those without such;
    `expanded`: words and their other form; `counts`: of all results, by label or `year:…`.
    """

    hits: tuple[Hit, ...] = ()
    total: int = 0
    complete: int = 0
    more: bool = False
    corrected: tuple[tuple[str, str], ...] = ()
    unknown: tuple[str, ...] = ()
    expanded: tuple[tuple[str, str], ...] = ()
    words: tuple[str, ...] = ()
    idfs: dict[str, float] = field(default_factory=dict)
    counts: dict[str, int] = field(default_factory=dict)


class Engine:
    """The papers of an installation, as segments. Safe to use from many threads."""

    def __init__(self, segments: Sequence[Segment]) -> None:
        self.segments = tuple(segments)
        self._shown = Shown(self.segments)
        self._terms = Terms(self._shown)

    @cached_property
    def _spellings(self) -> list[Spelling]:
        return [spelling_of(segment) for segment in self.segments]

    @cached_property
    def _acronyms(self) -> Acronyms:
        return Acronyms(self.segments)

    @property
    def shown(self) -> list[tuple[Segment, Marks]]:
        """The segments, and which papers of each are shown."""
        return list(self._shown.parts(self._shown.marks))

    def count(self, node: Node, known: Known) -> int:
        """Return how many papers a tree selects, every word of it strictly."""
        return int(np.count_nonzero(self._select(node, known)))

    def numbers(self, node: Node, known: Known) -> NDArray[np.int64]:
        """Return the papers that a tree selects, every word of it strictly, ascending."""
        return np.sort(self._shown.numbers[self._select(node, known)])

    def search(
        self,
        query: Query,
        known: Known,
        *,
        limit: int,
        after: Place | None = None,
        order: Order = Order.RELEVANCE,
        trend: Trend | None = None,
        as_typed: bool = False,
        meaning: Meaning | None = None,
        counts: bool = True,
    ) -> Found:
        """Return a page of at most `limit` papers behind `after`. `trend`: needed for the order of trend.

        `as_typed`: words are neither corrected nor expanded. `meaning`: asked by relevance only, and where no
        paper has every word, so that known papers are found by words alone; where no words rank, by it alone.
        """
        read = self._read(query.words or query.further, as_typed=as_typed)
        selected = self._shown.marks if query.selects is None else self._select(query.selects, known)
        mostly_typed = len(read.corrected) * DESCRIBED <= len(query.words)
        may_widen = bool(query.words) and mostly_typed and not as_typed
        complete = np.zeros(len(self._shown), np.bool_)
        if not may_widen or read.may_be_complete(selected, self._terms):
            points, cover = score(read.units, self._terms)
            complete = selected & (cover > 1 - 1e-9)
            scores = np.multiply(points, cover, out=points)
        # A word may be corrected to another one than was meant: no paper has it beside the rest then. A few
        # words with such a one are remembered of a paper, and found by the others; a sentence is widened.
        if may_widen and not complete.any():
            read = read.widened(self._terms)
            scores, cover = score(read.units, self._terms, covers=order is not Order.RELEVANCE)
        elif query.words:
            meaning = None
        if not selected.all():
            scores *= selected
        found = scores > 0 if query.words else selected
        if query.words and order is not Order.RELEVANCE:
            # By date or trend, what has a little of the query would come first: only the best covered papers.
            found &= cover >= cover[found].max(initial=0) - 1e-9
            scores *= found
        best = best_places(scores, NEAR)
        if len(read.terms) > 1 and len(best):
            scores[best] *= closeness(read.terms, self._terms, best)
        if meaning and order is Order.RELEVANCE and not query.words:
            scores = meaning(self._shown.numbers, {})
        elif meaning and order is Order.RELEVANCE:
            cosines = np.where(selected, meaning(self._shown.numbers, dict(read.corrected)), 0)
            weight = MEANING if len(query.words) >= DESCRIBED else MEANING_OF_FEW
            scores, found = with_meaning(scores, found, np.maximum(cosines, 0), weight)
        # Others stay behind the best, so that a first page needn't look at them.
        alone = order is Order.RELEVANCE and not (meaning or after) and len(best) > limit
        papers = best if alone else np.flatnonzero(found)
        page, more = self._page(self._keys(order, scores, trend), papers, limit, after)
        return Found(
            hits=tuple(Hit(place.number, float(scores[paper]), place) for paper, place in page),
            total=int(np.count_nonzero(found)),
            complete=int(np.count_nonzero(complete)),
            more=more,
            corrected=read.corrected,
            unknown=read.unknown,
            expanded=tuple(
                (" ".join(unit.words), " ".join(unit.other)) for unit, _ in read.units if unit.other
            ),
            words=tuple(dict.fromkeys(w for unit, _ in read.units for w in (*unit.words, *unit.other))),
            idfs=read.idfs(),
            counts=self._shown.counts(found) if counts else {},
        )

    def nearest(self, word: str) -> tuple[str, ...]:
        """Return words of the papers that look most like one that no paper has."""
        return nearest_words(word, self._spellings)

    def _select(self, node: Node, known: Known) -> Marks:
        return self._shown.marked(lambda segment: select(node, segment, known))

    def _read(self, words: Sequence[str], *, as_typed: bool) -> "_Read":
        """Look words up, corrected where no paper has them."""
        telling = set(self._telling(words))
        terms: dict[str, Term] = {}
        spelled: list[
            str
        ] = []  # the words in their order, corrected, with the common ones that units may hold
        corrected: list[tuple[str, str]] = []
        unknown: list[str] = []
        for word in words:
            if word not in telling:
                spelled.append(word)
                continue
            term = self._terms.of(word)
            better = "" if len(term.papers) or as_typed else correction(word, self._spellings)
            if better:
                corrected.append((word, better))
                word_of_term, term = better, self._terms.of(better)
            else:
                word_of_term = word
            if not len(term.papers):
                unknown.append(word)
            elif terms.setdefault(word_of_term, term) is term:
                spelled.append(word_of_term)
        units = [Unit((word,)) for word in spelled]
        if not as_typed:
            units = self._acronyms.units(spelled, self.segments)
        with_terms = [(unit, [terms[word] for word in unit.words if word in terms]) for unit in units]
        return _Read(
            [(unit, its) for unit, its in with_terms if its],
            list(terms.values()),
            tuple(corrected),
            tuple(unknown),
        )

    def _telling(self, words: Sequence[str]) -> Sequence[str]:
        """The words without those that papers use again and again (`the`, `of`, `and`): they tell
        no paper from another, and cost most of the time. Kept where there is nothing else, or few papers."""
        if self._shown.papers < FEW:
            return words
        return [word for word in words if not self._terms.is_common(word, OFTEN)] or words

    def _keys(self, order: Order, scores: Scores, trend: Trend | None) -> Scores:
        if order is Order.DATE:
            return self._shown.seen.astype(np.float64)
        if order is Order.TREND and trend is not None:
            return self._shown.scored(trend.of)
        return scores

    def _page(
        self, keys: Scores, papers: Places, limit: int, after: Place | None
    ) -> tuple[list[tuple[int, Place]], bool]:
        """The next of these papers in order, each with its place; and whether others follow."""
        if after is not None:
            papers = papers[self._behind(papers, keys[papers], after)]
        papers = self._first(papers, keys, limit + 1)
        seen, numbers = self._shown.seen[papers], self._shown.numbers[papers]
        ordered = np.lexsort((numbers, -seen, -keys[papers]))
        page = [
            (int(papers[n]), Place(float(keys[papers[n]]), int(seen[n]), int(numbers[n])))
            for n in ordered[:limit]
        ]
        return page, len(papers) > limit

    def _first(self, papers: Places, keys: Scores, count: int) -> Places:
        """Those of these papers that can be among the first so many."""
        values = keys[papers]
        least = least_of_highest(values, count)
        better, equal = papers[values > least], papers[values == least]
        if len(better) + len(equal) > count:  # of equal ones the newest come first
            seen = self._shown.seen[equal].astype(np.float64)
            equal = equal[seen >= least_of_highest(seen, count - len(better))]
        return np.concatenate([better, equal])

    def _behind(self, papers: Places, keys: Scores, place: Place) -> Marks:
        """Which papers come after a place in the total order."""
        seen, numbers = self._shown.seen[papers], self._shown.numbers[papers]
        older = (seen < place.seen) | ((seen == place.seen) & (numbers > place.number))
        behind: Marks = (keys < place.key) | ((keys == place.key) & older)
        return behind


@dataclass(frozen=True, slots=True)
class _Read:
    """The words of a query, looked up."""

    units: list[tuple[Unit, list[Term]]]
    terms: list[Term]
    corrected: tuple[tuple[str, str], ...]
    unknown: tuple[str, ...]

    def may_be_complete(self, selected: Marks, terms: Terms) -> bool:
        """Return whether a selected paper has every word; also where units with other forms make that hard to
        say.
        """
        plain = [term.papers for unit, of_unit in self.units if not unit.other for term in of_unit]
        if not plain:
            return bool(self.units)
        rarest, *others = sorted(plain, key=len)
        papers = rarest[selected[rarest]]
        for other in others:
            papers = papers[_are_in(papers, other)]
        for unit, of_unit in self.units:
            if unit.other and len(papers):
                own = np.logical_and.reduce([_are_in(papers, term.papers) for term in of_unit])
                papers = papers[own | _are_in(papers, terms.phrase(unit.other).papers)]
        return bool(len(papers))

    def widened(self, terms: Terms) -> "_Read":
        """Return the same with words of the same roots."""
        further = [(term, terms.further(term.word)) for _, of_unit in self.units for term in of_unit]
        more = {term.word: [term, other] if other.related else [term] for term, other in further}
        units = [
            (unit, [each for term in of_unit for each in more[term.word]]) for unit, of_unit in self.units
        ]
        return replace(self, units=units)

    def idfs(self) -> dict[str, float]:
        """Return how rare each stem is."""
        of_unit = [term for _, of_unit in self.units for term in of_unit]
        related = {stem: RELATED * term.idf for term in of_unit for stem in term.related}
        return related | {term.stem: term.idf for term in self.terms}


def with_meaning(scores: Scores, found: Marks, cosines: Scores, weight: float) -> tuple[Scores, Marks]:
    """Add what meaning gives to each paper; those of the closest meaning are found without any word.

    `cosines`: 0 or more; `weight`: what a cosine of 1 counts of the best score.
    """
    closest = (cosines > 0) & (cosines >= least_of_highest(cosines, CLOSEST))
    best = float(scores[found].max(initial=0)) or 1.0
    return scores / best + weight * cosines, found | closest


def best_places(scores: Scores, count: int) -> Places:
    """Return where the highest scores above 0 are, so many or more of equal ones.

    Where they are more than `MOST_NEAR`, only those before the last of them.
    """
    bound = least_of_highest(scores[::SAMPLED], count) if len(scores) > SAMPLED * count else 0
    papers = np.flatnonzero(scores >= bound if bound > 0 else scores > 0)
    values = scores[papers]
    least = least_of_highest(values, count)
    best = papers[values >= least]
    return best if len(best) <= MOST_NEAR else papers[values > least]


def _are_in(papers: NDArray[np.int32], others: NDArray[np.int32]) -> Marks:
    """Which papers are among others; both ascending."""
    if not len(papers) or not len(others):
        return np.zeros(len(papers), np.bool_)
    places = np.minimum(np.searchsorted(others, papers), len(others) - 1)
    among: Marks = others[places] == papers
    return among


def least_of_highest(values: Scores, count: int) -> float:
    """Return the value of the so many-th highest; below all where they are fewer."""
    if len(values) > 2 * SAMPLED * count:
        bound = least_of_highest(values[::SAMPLED], count)  # of all there are as many at least
        values = values[values >= bound]
    return float(np.partition(values, -count)[-count]) if len(values) > count else -np.inf

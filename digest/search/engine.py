"""Segments → answers. In: segments, oldest first, and queries. Out: numbers of papers in order, with counts.

Where two segments hold the same paper, the newer one stands. The order is total and depends on nothing but
the papers: by score (or time, or trend), then the newest, then the number. It never reads a store or a clock.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from digest.filters import Node
from digest.search.expanding import Acronyms
from digest.search.query import Query
from digest.search.scoring import Scores, Term, Unit, closeness, look_up, score, with_norms
from digest.search.segment import Marks, Segment, shown_in
from digest.search.selecting import Known, Values, put_values, select
from digest.search.spelling import Spelling, correction
from digest.words import forms

NEAR = 100  # papers, the best by words alone, whose closeness is looked at
COUNTED = ("cat:", "source:", "has:")  # labels whose papers are counted
OFTEN = 2  # times a word occurs in a paper on average, from which on it tells no paper from another
FEW = 1_000  # papers, below which no word is too common
MOST_NEAR = 1_000  # where more than these are as good as the last of them, none of those is


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
        self._shown = with_norms(list(zip(self.segments, shown_in(self.segments), strict=True)))
        self.papers = sum(int(np.count_nonzero(each.marks)) for each in self._shown)

    @cached_property
    def _spellings(self) -> list[Spelling]:
        return [Spelling(segment) for segment in self.segments]

    @cached_property
    def _acronyms(self) -> Acronyms:
        return Acronyms(self.segments)

    @property
    def shown(self) -> list[tuple[Segment, Marks]]:
        """The segments, and which papers of each are shown."""
        return [(each.segment, each.marks) for each in self._shown]

    def count(self, node: Node, known: Known) -> int:
        """Return how many papers a tree selects, every word of it strictly."""
        return sum(
            int(np.count_nonzero(select(node, each.segment, known) & each.marks)) for each in self._shown
        )

    def numbers(self, node: Node, known: Known) -> NDArray[np.int32]:
        """Return the papers that a tree selects, every word of it strictly, ascending."""
        found = [each.segment.numbers[select(node, each.segment, known) & each.marks] for each in self._shown]
        return np.sort(np.concatenate(found)) if found else np.empty(0, np.int32)

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
        counts: bool = True,
    ) -> Found:
        """Return a page of at most `limit` papers behind `after`. `trend`: needed for the order of trend.

        `as_typed`: words are neither corrected nor expanded.
        """
        read = self._read(query.words or query.told, as_typed=as_typed)
        marks = [
            each.marks if query.selects is None else each.marks & select(query.selects, each.segment, known)
            for each in self._shown
        ]
        scored = score(read.units, self._shown)
        if query.words:
            marks = [mark & (cover > 0) for mark, (_, cover) in zip(marks, scored, strict=True)]
        complete = [mark & (cover > 1 - 1e-9) for mark, (_, cover) in zip(marks, scored, strict=True)]
        if query.words and order is not Order.RELEVANCE:
            marks = _best_covered(marks, [cover for _, cover in scored])
        scores = [points * cover for points, cover in scored]
        if len(read.terms) > 1:
            self._bring_near(scores, marks, read.terms)
        keys = self._keys(order, scores, trend)
        page, more = self._page(keys, marks, limit, after)
        return Found(
            hits=tuple(
                Hit(place.number, float(scores[segment][paper]), place) for segment, paper, place in page
            ),
            total=sum(int(np.count_nonzero(mark)) for mark in marks),
            complete=sum(int(np.count_nonzero(mark)) for mark in complete),
            more=more,
            corrected=read.corrected,
            unknown=read.unknown,
            expanded=tuple(
                (" ".join(unit.words), " ".join(unit.other)) for unit, _ in read.units if unit.other
            ),
            words=tuple(dict.fromkeys(w for unit, _ in read.units for w in (*unit.words, *unit.other))),
            idfs={term.stem: term.idf for term in read.terms},
            counts=self._counts(marks) if counts else {},
        )

    def _read(self, words: Sequence[str], *, as_typed: bool) -> "_Read":
        """Look words up, mended where no paper has them."""
        telling = set(self._telling(words))
        terms: dict[str, Term] = {}
        said: list[str] = []  # the words in their order, corrected, with the common ones that units may hold
        corrected: list[tuple[str, str]] = []
        unknown: list[str] = []
        for word in words:
            if word not in telling:
                said.append(word)
                continue
            term = look_up(word, self._shown, self.papers)
            better = "" if term.papers or as_typed else correction(word, self._spellings)
            if better:
                corrected.append((word, better))
                word_of_term, term = better, look_up(better, self._shown, self.papers)
            else:
                word_of_term = word
            if not term.papers:
                unknown.append(word)
            elif terms.setdefault(word_of_term, term) is term:
                said.append(word_of_term)
        units = [Unit((word,)) for word in said]
        if not as_typed:
            units = self._acronyms.units(said, self.segments)
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
        if self.papers < FEW:
            return words
        common = {
            word
            for word in words
            if sum(end - start for start, end in (s.stem(forms(word)[0]) for s in self.segments))
            > OFTEN * self.papers
        }
        return [word for word in words if word not in common] or words

    def _bring_near(self, scores: list[Scores], marks: Sequence[Marks], terms: Sequence[Term]) -> None:
        """Let the best papers count more where the query's words stand side by side."""
        best = np.concatenate([each[mark] for each, mark in zip(scores, marks, strict=True)])
        least = np.partition(best, -NEAR)[-NEAR] if len(best) > NEAR else 0.0
        if np.count_nonzero(best >= least) > MOST_NEAR:
            least = np.nextafter(least, np.inf)
        for number, (each, mark) in enumerate(zip(scores, marks, strict=True)):
            among = mark & (each >= least)
            if among.any():
                each[among] *= closeness(terms, self._shown[number].segment, among)[among]

    def _keys(self, order: Order, scores: list[Scores], trend: Trend | None) -> list[Scores]:
        if order is Order.DATE:
            return [each.segment.seen.astype(np.float64) for each in self._shown]
        if order is Order.TREND and trend is not None:
            return [trend.of(each.segment) for each in self._shown]
        return scores

    def _page(
        self, keys: Sequence[Scores], marks: Sequence[Marks], limit: int, after: Place | None
    ) -> tuple[list[tuple[int, int, Place]], bool]:
        """The next papers in order: segment, paper in it, and its place; and whether others follow."""
        segments, papers = [], []
        for number, mark in enumerate(marks):
            found = np.flatnonzero(mark)
            papers.append(found)
            segments.append(np.full(len(found), number))
        segment = np.concatenate([np.empty(0, np.int64), *segments])
        paper = np.concatenate([np.empty(0, np.int64), *papers])
        key = _gathered(keys, papers, np.float64)
        if after is not None:
            kept = key <= after.key
            segment, paper, key = segment[kept], paper[kept], key[kept]
        extra = limit + 1
        ties = 0
        while True:
            if len(key) > extra + ties:
                least = np.partition(key, -(extra + ties))[-(extra + ties)]
                near = np.flatnonzero(key >= least)
            else:
                near = np.arange(len(key))
            chosen = self._ordered(segment[near], paper[near], key[near], after)
            if len(chosen) >= extra or len(near) == len(key):
                return chosen[:limit], len(chosen) > limit
            ties = 2 * (ties + extra)  # most of those near stand before the place: look further

    def _ordered(
        self, segment: NDArray[np.int64], paper: NDArray[np.int64], key: Scores, after: Place | None
    ) -> list[tuple[int, int, Place]]:
        """Papers in the total order, those at or before `after` left out."""
        seen = np.empty(len(key), np.int64)
        number = np.empty(len(key), np.int64)
        for each in range(len(self._shown)):
            here = segment == each
            seen[here] = self._shown[each].segment.seen[paper[here]]
            number[here] = self._shown[each].segment.numbers[paper[here]]
        order = np.lexsort((number, -seen, -key))
        if after is not None:
            behind = (key < after.key) | (
                (key == after.key) & ((seen < after.seen) | ((seen == after.seen) & (number > after.number)))
            )
            order = order[behind[order]]
        return [
            (int(segment[n]), int(paper[n]), Place(float(key[n]), int(seen[n]), int(number[n])))
            for n in order
        ]

    def _counts(self, marks: Sequence[Marks]) -> dict[str, int]:
        """How many of these papers have each label, and are of each year."""
        found: Counter[str] = Counter()
        for each, mark in zip(self._shown, marks, strict=True):
            labels = each.segment.label_names
            years = np.bincount(np.maximum(each.segment.years[mark], 0))
            for year in np.flatnonzero(years).tolist():
                found[f"year:{year}"] += int(years[year])
            counts = each.segment.label_counts(mark)
            for number in np.flatnonzero(counts).tolist():
                if labels[number].startswith(COUNTED):
                    found[labels[number]] += int(counts[number])
        return dict(found)


@dataclass(frozen=True, slots=True)
class _Read:
    """The words of a query, looked up."""

    units: list[tuple[Unit, list[Term]]]
    terms: list[Term]
    corrected: tuple[tuple[str, str], ...]
    unknown: tuple[str, ...]


def _best_covered(marks: Sequence[Marks], covers: Sequence[Scores]) -> list[Marks]:
    """The papers that have most of the query: by date or trend, what has a little of it would come first."""
    best = max(
        (float(cover[mark].max(initial=0)) for mark, cover in zip(marks, covers, strict=True)), default=0
    )
    return [mark & (cover >= best - 1e-9) for mark, cover in zip(marks, covers, strict=True)]


def _gathered(values: Sequence[Scores], papers: Sequence[NDArray[np.int64]], kind: type) -> Scores:
    return np.concatenate([np.empty(0, kind), *(v[p] for v, p in zip(values, papers, strict=True))])

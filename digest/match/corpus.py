"""The day's papers, and what can be asked of them. In: ranked papers, the topics and filters."""

from collections.abc import Iterable, Mapping, Sequence
from functools import reduce
from operator import or_

import numpy as np

from digest.domain import FIT_WEIGHT, Match, Paper, Ranked, ReasonKind
from digest.filters import LikeSaved, Node, TopicRef, canonical, leaves
from digest.match.bits.rows import points
from digest.match.day import Day
from digest.match.evaluate import evaluate
from digest.match.fit import fit
from digest.match.library import Library
from digest.match.likeness import Likeness
from digest.match.many import ManyReaders
from digest.match.one import OneReader
from digest.match.score import best_first, picked, reasons
from digest.match.why import Why


class Corpus:
    """The papers of an issue: `many` chooses for cohorts, `one` for a subscriber, `why` explains,
    `search` finds by one filter. What they need in common is made once, when the first of them needs it."""

    def __init__(
        self,
        ranked: Iterable[Ranked],
        library: Library,
        *,
        fit_weight: float = FIT_WEIGHT,
        likeness: Likeness | None = None,
    ) -> None:
        """`ranked`: papers with trend scores, in any order. A match's score is its trend score
        + `fit_weight` × fit (see `fit`). `likeness`: what `like:` compares
        with; without one it selects nothing."""
        self._day = Day(ranked, library, fit_weight, likeness)
        self.many = ManyReaders(self._day)
        self.why = Why(self._day)
        self.one = OneReader(self._day, self.why)

    @property
    def papers(self) -> Sequence[Paper]:
        """The papers by number: by trend."""
        return self._day.papers

    @property
    def topics(self) -> Mapping[str, Node]:
        """The trees of all topics by slug. Asking for one that can't be read raises `FilterError`; matching
        takes it as one that selects nothing.
        """
        return self._day.library.topics

    def search(self, node: Node, limit: int | None = None) -> tuple[Match, ...]:
        """Return the best `limit` papers that a tree selects, or all of them, best first."""
        text = canonical(node)
        return tuple(self._found(node, text, number, score) for number, score in self._selected(node)[:limit])

    def of_topics(self) -> dict[str, tuple[Paper, ...]]:
        """Return all papers of each topic, by slug, in the order of `search`; without reasons, so cheap for
        many.
        """
        topics = self.topics
        trees = [tree for tree in map(topics.get, topics) if tree is not None]
        terms = (leaf for tree in trees for leaf in leaves(tree))
        self._day.index.look_up(term for term in terms if not isinstance(term, TopicRef | LikeSaved))
        papers = self._day.papers
        return {slug: tuple(papers[n] for n, _ in self._selected(TopicRef(slug))) for slug in topics}

    def _selected(self, node: Node) -> list[tuple[int, float]]:
        """The number and score of each paper that a tree selects, best first."""
        planes = points(node, self._day.index, self._day.library.topics)
        found = []
        for number in _ones(reduce(or_, planes)):
            of_paper = sum((plane >> number & 1) << digit for digit, plane in enumerate(planes))
            each = self._day.ranked[number]
            score = each.score + self._day.fit_weight * fit([of_paper])
            found.append((best_first(Match(each.paper, score, ())), number, score))
        return [(number, score) for _, number, score in sorted(found)]

    def _found(self, node: Node, text: str, number: int, score: float) -> Match:
        hits = evaluate(node, self._day.document(number), self._day.library.topics) or ()
        paper = self._day.papers[number]
        return Match(paper, score, reasons([(ReasonKind.FILTER, text, hits)]) + picked(paper))


def _ones(bits: int) -> list[int]:
    """Which bits are set, from the lowest."""
    packed = np.frombuffer(bits.to_bytes(-(-bits.bit_length() // 8), "little"), np.uint8)
    numbers: list[int] = np.flatnonzero(np.unpackbits(packed, bitorder="little")).tolist()
    return numbers

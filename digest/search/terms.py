"""Looks words up. In: papers, words. Out: terms: the papers that have a word, and what it counts in each.

What was read of frequent words is kept, up to `MOST_KEPT` papers in all, for the next query that has them.
"""

import threading
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import Stemmer
from numpy.typing import NDArray

from digest.search.index.segment import Slice
from digest.search.selecting import follow
from digest.search.shown import Places, Scores, Shown
from digest.words import forms

K1 = 0.9
B = 0.4
RELATED = 0.5  # of a word, that another of its root counts
SHORTEST = 4  # letters of a word that has related ones
LONG_IT = 8  # letters of a stem that may lose a last `it`: recognit, composit, but no credit
MOST_KEPT = 6_000_000  # papers of all terms that are kept: 48 MB
MOST_OCCURRENCES = 4_096  # stems whose place in the segments is kept

Impacts = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Term:
    """A word: its stem, the papers that have it (ascending), what it counts in each, and its idf.

    `shares`: how much of the term each paper has. `related`: where it is what related words add to a term,
    their stems.
    """

    word: str
    stem: str
    papers: NDArray[np.int32]
    impacts: Impacts
    shares: Impacts
    idf: float
    related: tuple[str, ...] = ()


class Terms:
    """The terms of the papers shown. Safe to use from many threads."""

    def __init__(self, shown: Shown) -> None:
        self.shown = shown
        usual = (float(shown.lengths[shown.marks].sum()) / shown.papers if shown.papers else 0) or 1.0
        self._norms = K1 * (1 - B + B * shown.lengths / usual)
        self._lock = threading.Lock()
        self._kept: OrderedDict[tuple[str, bool], Term] = OrderedDict()
        self._size = 0
        self.occurrences: Callable[[str], list[Slice]] = lru_cache(MOST_OCCURRENCES)(shown.stem)
        self._related = lru_cache(MOST_OCCURRENCES)(self._find_related)

    def of(self, word: str) -> Term:
        """Return the term of a word; without papers where none has it."""
        return self._keep((word, False), self._read)

    def further(self, word: str) -> Term:
        """Return what the other words of a word's root add to its own term; its idf is that of the word."""
        return self._keep((word, True), self._read_further)

    def phrase(self, words: tuple[str, ...]) -> Term:
        """Return the term of words that follow one another, weighed as one; it has no idf of its own."""
        return (
            self.of(words[0]) if len(words) == 1 else self._keep((" ".join(words), False), self._read_phrase)
        )

    def is_common(self, word: str, times: int) -> bool:
        """Return whether papers have a word more often than so many times on average."""
        found = self.occurrences(forms(word)[0])
        return sum(end - start for start, end in found) > times * self.shown.papers

    def saturated(self, papers: Places, weights: Scores) -> Impacts:
        """Return what so many occurrences in each paper count."""
        below = self._norms.take(papers)
        below += weights
        counted = weights * (K1 + 1)
        counted /= below
        return counted.astype(np.float32)

    def _read(self, word: str) -> Term:
        stem = forms(word)[0]
        papers, weights = self.shown.weights(self.occurrences(stem))
        impacts = self.saturated(papers, weights)
        whole = np.broadcast_to(np.float32(1), len(papers))
        return Term(word, stem, papers.astype(np.int32), impacts, whole, self._idf(len(papers)))

    def _read_phrase(self, phrase: str) -> Term:
        runs = [self.occurrences(forms(word)[0]) for word in phrase.split(" ")]
        of_segments = enumerate(self.shown.segments)
        found = [follow(segment, [run[number] for run in runs]) for number, segment in of_segments]
        papers, weights = self.shown.weights_at(found)
        impacts = self.saturated(papers, weights)
        return Term(
            phrase, "", papers.astype(np.int32), impacts, np.broadcast_to(np.float32(1), len(papers)), 0
        )

    def _read_further(self, word: str) -> Term:
        own = self.of(word)
        related = self._related(word)
        if not related:
            return Term(word, own.stem, own.papers[:0], own.impacts[:0], own.shares[:0], own.idf)
        papers, weights = self.shown.weights(*map(self.occurrences, related))
        # What the word itself counts already is taken off, so that a paper has both in two addends.
        place = np.searchsorted(own.papers, papers.astype(np.int32))
        place[place == len(own.papers)] = 0
        has_own = own.papers[place] == papers if len(own.papers) else np.zeros(len(papers), np.bool_)
        counted = own.impacts[place[has_own]].astype(np.float64)
        norms = self._norms[papers[has_own]]
        both = RELATED * weights
        both[has_own] += np.round(counted * norms / (K1 + 1 - counted))  # how often it has the word itself
        impacts = self.saturated(papers, both)
        impacts[has_own] -= counted.astype(np.float32)
        shares = np.where(has_own, 0, RELATED).astype(np.float32)
        return Term(word, own.stem, papers.astype(np.int32), impacts, shares, own.idf, related)

    def _find_related(self, word: str) -> tuple[str, ...]:
        """The stems of other words of a word's root, sorted: Snowball's English stemmer joins them."""
        if len(word) < SHORTEST or not (word.isascii() and word.isalpha()):
            return ()
        stemmer = Stemmer.Stemmer("english")
        root, own = _root(stemmer.stemWord(word)), forms(word)[0]
        begin = root[: max(len(root) - 2, SHORTEST - 1)]  # words may change its last letters: happy, happi
        ends = {root, f"{root}i", f"{root}it"}  # of Snowball, that `_root` may join to this root

        def of_root(words: list[str]) -> list[int]:
            of_words = enumerate(stemmer.stemWords(words))
            return [place for place, end in of_words if end in ends and _root(end) == root]

        segments = self.shown.segments
        found = {stem for segment in segments for stem in segment.stems_with(begin, of_root)}
        return tuple(sorted(found - {own}))

    def _idf(self, holding: int) -> float:
        return float(np.log(1 + (self.shown.papers - holding + 0.5) / (holding + 0.5)))

    def _keep(self, key: tuple[str, bool], read: Callable[[str], Term]) -> Term:
        with self._lock:
            kept = self._kept.get(key)
            if kept is not None:
                self._kept.move_to_end(key)
                return kept
        term = read(key[0])
        with self._lock:
            if key not in self._kept:
                self._size += len(term.papers) + 1
            self._kept[key] = term
            while self._size > MOST_KEPT:
                _, gone = self._kept.popitem(last=False)
                self._size -= len(gone.papers) + 1
        return term


def _root(stem: str) -> str:
    """Snowball's stem, the same for more words: classify and classification, recognize and recognition."""
    if stem.endswith("ifi"):
        return stem[:-1]
    return stem[:-2] if stem.endswith("it") and len(stem) >= LONG_IT else stem

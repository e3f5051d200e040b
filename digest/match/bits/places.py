"""Where each word of the day's papers stands, in one array. In: papers; terms. Out: the papers of each term.

Words are numbers, sorted by stem and then by exact form, so that the words of one stem are a range of them.
All terms are looked up together: a place where a term's rarest word stands is one row of arrays, and goes
where a neighbour isn't what the term wants. Sets of papers come out as integers, bit n for paper n.
"""

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterator, Sequence
from functools import cached_property
from itertools import count

import numpy as np
from numpy.typing import NDArray

from digest.domain import Paper
from digest.filters import Exact, Phrase, Prefix, Word
from digest.filters.tree import TextLeaf
from digest.match.document import after, folded, middle
from digest.words import forms, readings, written

AT_ONCE = 1 << 23  # bits of terms × texts that are marked in one step

Marks = NDArray[np.bool_]
Run = Sequence[tuple[int, int]]  # for each word of a term, the numbers that it may have, from … to before


class Places:
    """The words of the titles and abstracts of some papers.

    A text is a slot: n is the title of paper n, `width` + n its abstract.
    """

    def __init__(self, papers: Sequence[Paper]) -> None:
        self._width = -(-len(papers) // 8) * 8  # whole bytes
        read: dict[str, int] = defaultdict(count().__next__)
        stream = [-1]  # -1 stands around each text, so that no phrase goes from one to the next
        lengths = [1]
        between = []  # places of the stream between the first and the last sentence of an abstract
        for paper in papers:
            for text in (paper.title, paper.abstract):
                words = written(text)
                between.append([len(stream) + place for place in middle(text, len(words))])
                stream.extend(map(read.__getitem__, words))
                stream.append(-1)
                lengths.append(len(words) + 1)
        known = [forms(word) for word in read]
        ordered = sorted(set(known))
        self._stems: dict[str, tuple[int, int]] = {}
        for number, (stem, _) in enumerate(ordered):
            self._stems[stem] = (self._stems.get(stem, (number, 0))[0], number + 1)
        self._words = {exact: number for number, (_, exact) in enumerate(ordered)}
        renumbered = np.array([self._words[exact] for _, exact in known] + [-1], np.int32)
        self._stream = renumbered[np.array(stream, np.int64)]
        slots = np.append(0, np.arange(len(papers))[:, None] + [0, self._width])
        self._slots = np.repeat(slots, np.array(lengths, np.int64)).astype(np.int32)
        self._at_edge = np.ones(len(stream), np.bool_)
        for begin, end in between:
            self._at_edge[begin:end] = False
        self._order = np.argsort(self._stream, kind="stable").astype(np.int32)
        self._starts = np.searchsorted(self._stream[self._order], np.arange(len(ordered) + 1)).tolist()

    @cached_property
    def _alphabet(self) -> tuple[list[str], list[int], NDArray[np.int32]]:
        """The words without case in the order of the alphabet, and as `_starts` and `_order` by that
        order."""
        ordered = sorted((folded(exact), number) for exact, number in self._words.items())
        rank = np.full(len(ordered) + 1, -1, np.int64)  # the last is that of -1
        rank[[number for _, number in ordered]] = np.arange(len(ordered))
        stream = rank[self._stream]
        order = np.argsort(stream, kind="stable").astype(np.int32)
        starts = np.searchsorted(stream[order], np.arange(len(ordered) + 1)).tolist()
        return [word for word, _ in ordered], starts, order

    def find(self, terms: Sequence[TextLeaf]) -> Iterator[tuple[int, int, int, int]]:
        """Yield, for each term, the papers with it in the title, in the abstract, there more than once, and
        there in the first or last sentence; whatever the term's own field."""
        step = max(AT_ONCE // max(2 * self._width, 1), 1)
        half = self._width // 8
        for start in range(0, len(terms), step):
            held, often, at_edge = self._held(terms[start : start + step])
            rows = (np.packbits(each, axis=1, bitorder="little") for each in (held, often, at_edge))
            for in_texts, twice, edges in zip(*rows, strict=True):
                texts = in_texts.tobytes(), twice.tobytes(), edges.tobytes()
                title = int.from_bytes(texts[0][:half], "little")
                abstract, repeated, stressed = (int.from_bytes(bits[half:], "little") for bits in texts)
                yield title, abstract, repeated, stressed

    def _held(self, terms: Sequence[TextLeaf]) -> tuple[Marks, Marks, Marks]:
        """Terms × slots: whether the text holds the term; more than once; in its first or last sentence."""
        held, repeated, at_edge = (np.zeros((len(terms), 2 * self._width), np.bool_) for _ in range(3))
        size = len(self._stream)
        # Two readings of a term may find one place, so places are made distinct, and come out in their order.
        found = np.sort(self._found(terms, size))  # in a tenth of the time of numpy.unique, which hashes
        found = found[np.append(True, found[1:] != found[:-1])[: len(found)]]
        term, place = np.divmod(found, size)
        slot = self._slots[place]
        held[term, slot] = True
        same = np.flatnonzero((term[1:] == term[:-1]) & (slot[1:] == slot[:-1])) + 1
        repeated[term[same], slot[same]] = True
        edges = np.flatnonzero(self._at_edge[place])
        at_edge[term[edges], slot[edges]] = True
        return held, repeated, at_edge

    def _found(self, terms: Sequence[TextLeaf], size: int) -> NDArray[np.int64]:
        """Number of the term × size + place of its first word, for each place where a term stands."""
        by_length: dict[int, list[tuple[int, Run]]] = defaultdict(list)
        found = [np.empty(0, np.int64)]
        for number, term in enumerate(terms):
            if isinstance(term, Prefix):
                found.append(number * size + self._with_prefix(term.prefix).astype(np.int64))
                continue
            for run in self._runs(term):
                by_length[len(run)].append((number, run))
        for runs in by_length.values():
            which, places = self._follow([run for _, run in runs])
            found.append(np.array([number for number, _ in runs])[which] * size + places)
        return np.concatenate(found)

    def _with_prefix(self, prefix: str) -> NDArray[np.int32]:
        """Where words begin so."""
        words, starts, order = self._alphabet
        first, last = bisect_left(words, prefix), bisect_left(words, after(prefix))
        return order[starts[first] : starts[last]]

    def _runs(self, term: Word | Phrase | Exact) -> Sequence[Run]:
        """The words that a term may be: a run for each reading of it whose words are all there."""
        match term:
            case Word(word):
                wanted = [[self._stems.get(stem) for stem in stems] for stems in readings((word,))]
            case Phrase(words):
                wanted = [[self._stems.get(stem) for stem in stems] for stems in readings(words)]
            case Exact(words):
                numbers = [self._words.get(word) for word in words]
                wanted = [[None if number is None else (number, number + 1) for number in numbers]]
        return [known for run in wanted if len(known := [each for each in run if each]) == len(run)]

    def _follow(self, runs: Sequence[Run]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Where words follow one another as runs (of one length) want: numbers of runs, places of first
        words."""
        sizes = [[self._starts[end] - self._starts[start] for start, end in run] for run in runs]
        rarest = np.array([each.index(min(each)) for each in sizes])
        counts = np.array([min(each) for each in sizes])
        ranges = np.array(runs)  # (runs, words, 2)
        first = np.array(self._starts)[ranges[np.arange(len(runs)), rarest, 0]]
        which = np.repeat(np.arange(len(runs)), counts)
        nth = np.arange(len(which)) - np.repeat(np.cumsum(counts) - counts, counts)
        places = self._order[first[which] + nth]
        for step in range(ranges.shape[1] if ranges.shape[1] > 1 else 0):
            beside = self._stream.take(places + (step - rarest[which]), mode="clip")  # there, -1 stands
            wanted = ranges[which, step]
            fits = np.flatnonzero((beside >= wanted[:, 0]) & (beside < wanted[:, 1]))
            which, places = which[fits], places[fits]
        return which, places - rarest[which]

"""Puts the papers that are shown side by side. In: segments, oldest first. Out: one array a property.

A paper's place counts over all segments; where two segments hold the same paper, only the newer one is shown.
Arrays of all papers are read once in an engine's life, so that a query takes few steps however many segments
there are.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from digest.search.index.segment import SLOT, TITLE_WEIGHT, Marks, Segment, Slice, shown_in

RARE = 1_024  # papers, of which a label that one has is counted by a row of bits; a rarer one paper by paper
SORTED = 16  # of so many papers less than one has a word that is counted by sorting its occurrences
COUNTED = ("cat:", "source:", "has:")  # labels whose papers are counted

Places = NDArray[np.intp]  # of papers, ascending
Scores = NDArray[np.float64]
Weights = tuple[
    Places, Scores
]  # papers, and how often each has a word, the title counted `TITLE_WEIGHT` times


class Shown:
    """The papers of an installation. Safe to use from many threads.

    `marks`: which are shown; `papers`: how many those are; `numbers`, `seen`, `years`: of each place.
    """

    def __init__(self, segments: Sequence[Segment]) -> None:
        self.segments = tuple(segments)
        self.starts: list[int] = [0, *np.cumsum([len(each) for each in segments]).tolist()]
        self.marks: Marks = _joined(shown_in(segments), np.bool_)
        self.papers = int(np.count_nonzero(self.marks))
        self.numbers = _joined([each.numbers for each in segments], np.int64)
        self.seen = _joined([each.seen for each in segments], np.int64)
        self.years = _joined([each.years for each in segments], np.int64)
        self.lengths = _joined([each.lengths for each in segments], np.float64)

    def __len__(self) -> int:
        return self.starts[-1]

    def parts(self, marks: Marks) -> Iterator[tuple[Segment, Marks]]:
        """Yield each segment, and its part of an array over all papers."""
        for segment, (start, end) in zip(self.segments, pairwise(self.starts), strict=True):
            yield segment, marks[start:end]

    def marked(self, read: Callable[[Segment], Marks]) -> Marks:
        """Return the shown papers of those that `read` marks in each segment."""
        return _joined([read(segment) for segment in self.segments], np.bool_) & self.marks

    def scored(self, read: Callable[[Segment], Scores]) -> Scores:
        """Return what `read` says of each segment's papers, side by side."""
        return _joined([read(segment) for segment in self.segments], np.float64)

    def stem(self, stem: str) -> list[Slice]:
        """Return the occurrences of a stem in each segment."""
        return [segment.stem(stem) for segment in self.segments]

    def weights(self, *stems: Sequence[Slice]) -> Weights:
        """Return the shown papers that have stems (each a slice a segment), and how often each has them."""
        slots = [[segment.slots[:0]] for segment in self.segments]
        for of_stem in stems:
            for segment, found, wanted in zip(self.segments, slots, of_stem, strict=True):
                found.append(segment.slots[slice(*wanted)])
        return self._weights([each[-1] if len(each) <= 2 else np.concatenate(each) for each in slots])

    def weights_at(self, places: Sequence[NDArray[np.int32]]) -> Weights:
        """Return the shown papers of these places in texts (an array a segment), weighed in the same way."""
        return self._weights([each >> 8 for each in places])

    def counts(self, marks: Marks) -> dict[str, int]:
        """Return how many of these papers have each label that is counted, and are of each year."""
        labels = self._labels
        of_frequent = np.bitwise_count(labels.rows & _to_bits(marks)).sum(axis=1, dtype=np.uint32)
        of_rare = np.add.reduceat(marks[labels.papers], labels.starts, dtype=np.uint32)
        counts = zip(labels.names, of_frequent.tolist() + of_rare.tolist(), strict=True)
        return {name: count for name, count in counts if count}

    @cached_property
    def _labels(self) -> "_Labels":
        papers_of: dict[str, list[Places]] = {}
        for segment, start in zip(self.segments, self.starts, strict=False):
            for number, name in enumerate(segment.labels.all()):
                if name.startswith(COUNTED) and len(papers := segment.labelled(number)):
                    papers_of.setdefault(name, []).append(papers.astype(np.intp) + start)
        lists: dict[str, Places] = {name: np.concatenate(each) for name, each in papers_of.items()}
        years = np.maximum(self.years, 0)
        for year in np.unique(years).tolist():
            lists[f"year:{year}"] = np.flatnonzero(years == year)
        frequent = [name for name, papers in lists.items() if len(papers) * RARE >= len(self)]
        rare = [name for name, papers in lists.items() if len(papers) * RARE < len(self)]
        rows = np.zeros((len(frequent), len(_to_bits(self.marks))), np.uint64)
        for row, name in zip(rows, frequent, strict=True):
            marks = np.zeros(len(self), np.bool_)
            marks[lists[name]] = True
            row[:] = _to_bits(marks)
        sizes = np.array([0, *(len(lists[name]) for name in rare)], np.intp)
        papers_of_rare = _joined([lists[name] for name in rare], np.intp)
        return _Labels([*frequent, *rare], rows, papers_of_rare, np.cumsum(sizes)[:-1])

    @cached_property
    def owner(self) -> NDArray[np.int32]:
        """The paper of each slot of all segments."""
        owners = [each.slot_paper.astype(np.int32) for each in self.segments]
        return _joined([mine + start for mine, start in zip(owners, self.starts, strict=False)], np.int32)

    @cached_property
    def slot_starts(self) -> list[int]:
        """Where the slots of each segment begin in `owner`, and where they end."""
        return [0, *np.cumsum([len(each.slot_paper) for each in self.segments]).tolist()]

    def places_in(
        self, runs: Sequence[Sequence[Slice]], papers: Places
    ) -> tuple[NDArray[np.intp], NDArray[np.int64]]:
        """Return which of some runs of occurrences (each a slice a segment) have a place in the texts of some
        papers, and that place, counted over all segments.
        """
        wanted = self._slots_of(papers)
        numbers, places = [np.empty(0, np.intp)], [np.empty(0, np.int64)]
        for segment, start, end, *slices in zip(
            self.segments, self.slot_starts, self.slot_starts[1:], *runs, strict=False
        ):
            if wanted[start:end].any():
                run, place = segment.places_in(slices, wanted[start:end])
                numbers.append(run)
                places.append(place + SLOT * start)
        return np.concatenate(numbers), np.concatenate(places)

    def _slots_of(self, papers: Places) -> Marks:
        """Which slots of all segments these papers have."""
        marks = np.zeros(self.slot_starts[-1], np.bool_)
        slots, left = (each[:, papers].ravel() for each in self._texts)
        while len(slots):
            marks[slots] = True
            longer = left > 1
            slots, left = slots[longer] + 1, left[longer] - 1
        return marks

    @cached_property
    def _texts(self) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
        """The first slot of each paper's title and abstract, and how many slots each of them has."""
        slots, sizes = (np.empty((2, len(self)), np.int32) for _ in range(2))
        for number, (segment, start) in enumerate(zip(self.segments, self.slot_starts, strict=False)):
            papers = slice(*self.starts[number : number + 2])
            fields = ((0, segment.titles), (segment.titles, len(segment.slot_paper)))
            for field, (begin, end) in enumerate(fields):
                owners = segment.slot_paper[begin:end].astype(np.int32)  # each paper has a slot at least
                first = np.flatnonzero(np.diff(owners, prepend=-1))
                slots[field, papers] = first + (begin + start)
                sizes[field, papers] = np.diff(first, append=end - begin)
        return slots, sizes

    def _weights(self, slots: Sequence[NDArray[np.integer[Any]]]) -> Weights:
        """The same of occurrences in these slots of each segment."""
        size = sum(map(len, slots))
        owners, weights = np.empty(size, np.intp), np.empty(size)
        end = 0
        for segment, each, before in zip(self.segments, slots, self.starts, strict=False):
            start, end = end, end + len(each)
            np.add(segment.slot_paper.take(each), before, out=owners[start:end], dtype=np.intp)
            np.multiply(each < segment.titles, TITLE_WEIGHT - 1, out=weights[start:end])
        weights += 1
        if size * SORTED < len(self):
            keys = owners * (TITLE_WEIGHT + 1) + weights.astype(np.intp)  # plain numbers are sorted fastest
            keys.sort()
            owners = keys // (TITLE_WEIGHT + 1)
            first = np.flatnonzero(np.diff(owners, prepend=-1))
            papers = owners[first]
            counted = np.add.reduceat(keys % (TITLE_WEIGHT + 1), first, dtype=np.float64)
        else:
            counts = np.bincount(owners, weights).astype(np.float64, copy=False)
            papers = np.flatnonzero(counts > 0)  # much faster than looking at the numbers themselves
            counted = counts[papers]
        if self.papers == len(self):
            return papers, counted
        kept = self.marks[papers]
        return papers[kept], counted[kept]


@dataclass(frozen=True, slots=True)
class _Labels:
    """The labels that are counted: first the frequent ones, each a row of bits, then the rare ones, whose
    papers begin at their place in `starts`.
    """

    names: list[str]
    rows: NDArray[np.uint64]
    papers: Places
    starts: Places


def _to_bits(marks: Marks) -> NDArray[np.uint64]:
    """A bit for each paper, in whole words."""
    packed = np.packbits(marks)
    return np.concatenate([packed, np.zeros(-len(packed) % 8, np.uint8)]).view(np.uint64)


Kind = TypeVar("Kind", bound=np.generic)


def _joined(arrays: Sequence[NDArray[Any]], kind: type[Kind]) -> NDArray[Kind]:
    return np.concatenate([np.empty(0, kind), *(each.astype(kind, copy=False) for each in arrays)])

"""Selects the papers of each subscriber. In: bit rows, packed interests. Out: arrays. Only numpy between.

What a subscriber may get, and how well it fits, are bits over papers in rows of 64-bit words; the points of
filters are added in binary, bit by bit (`rows.add`), one filter of every subscriber at a time. That gives
each subscriber a row of bits for each number of points. A paper with so many points has a score that is
known beforehand, and so a place in the order of all (points, paper): the first `max_papers` are chosen.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from digest.match.bits.cohort import Cohort, Integers, Lists
from digest.match.bits.own import Own
from digest.match.bits.rows import add

Words = NDArray[np.uint64]  # bits over papers, a row for each subscriber
Places = NDArray[np.unsignedinteger[Any]]  # in the order of score of all (points, paper)
Marks = NDArray[np.bool_]

CHUNK_WORDS = 1 << 18  # words of bits for the subscribers of one step: a processor's cache holds them
BIT = np.uint64(1)
NONE = np.uint64(0)


@dataclass(frozen=True, slots=True)
class Order:
    """The papers of a day by number, 0 … n - 1 in the order of trend, as selection needs them.

    `scores`: (most points + 1, n), the score of each paper with 0 … points. `ties`: (n,), which number comes
    first among equal scores. `upvotes`: (n,).
    """

    scores: NDArray[np.float64]
    ties: Integers
    upvotes: Integers


class Selection:
    """Chooses papers for subscribers; made once for a day's papers."""

    def __init__(self, order: Order) -> None:
        levels, papers = order.scores.shape
        self.width = max(-(-papers // 64), 1)
        self._most_points = levels - 1
        self._full = _bits(np.arange(papers), self.width)
        padding = self.width * 64 - papers  # bits that are no paper: their places are the last
        scores = np.pad(order.scores, ((0, 0), (0, padding)), constant_values=-np.inf)
        ties = np.pad(order.ties, (0, padding), constant_values=papers)
        by_place = np.lexsort((np.tile(ties, levels), -scores.ravel()))
        self._end = by_place.size  # a place that nothing has
        self._place = np.empty(self._end, np.min_scalar_type(self._end))
        self._place[by_place] = np.arange(self._end)
        self._paper = (by_place % (self.width * 64)).astype(np.min_scalar_type(self.width * 64))
        self._without_points = np.append(self._place[self._paper], self._place.dtype.type(self._end))
        self._blocks = _Blocks(self._place[self.width * 64 :])
        self._upvotes = np.unique(order.upvotes)
        enough = [*(np.flatnonzero(order.upvotes >= least) for least in self._upvotes), np.arange(0)]
        self._enough = np.array([_bits(numbers, self.width) for numbers in enough])

    def choose(
        self, planes: Sequence[Words], union: Words, cohort: Cohort, sent: Lists, own: Own | None = None
    ) -> Lists:
        """Return the numbers of each subscriber's papers, best first.

        `planes`: for each binary digit of points, a row for each filter; `union`: the papers of each filter.
        The filters of `cohort` are numbers of these rows; `sent`: numbers of papers that don't come again;
        `own`: filters that mean something else for each subscriber.
        """
        size = max(CHUNK_WORDS // (self._most_points * self.width), 1)
        done = []
        for start in range(0, len(cohort), size):
            part = slice(start, start + size)
            of_part = own and own.part(part)
            done.append(self._chunk(planes, union, cohort.part(part), sent.part(part), of_part))
        if not done:
            return Lists(np.zeros(1, np.int64), self._paper[:0])
        return Lists.of(np.concatenate([d.counts for d in done]), np.concatenate([d.items for d in done]))

    def _chunk(
        self, planes: Sequence[Words], union: Words, cohort: Cohort, sent: Lists, own: Own | None
    ) -> Lists:
        ranked_by = planes if self._most_points > 1 else [union]  # where every fit is as good as any
        points = _sums(ranked_by, cohort.wanted, self._most_points.bit_length())
        (gone,) = _sums([union], cohort.excluded, 1)
        if own:
            alike = own.alike()
            own.add_to(points, ranked_by, own.wanted, alike)
            own.add_to([gone], [union], own.excluded, alike)
        _set(gone, sent)
        free = self._full & ~gone
        allowed = free & self._enough[np.searchsorted(self._upvotes, cohort.min_upvotes)]
        anything = cohort.wanted.counts + (own.wanted.counts if own else 0) == 0
        if cohort.asks_for_more:
            reached = points if self._most_points > 1 else _sums(planes, cohort.wanted, len(planes))
            if own and self._most_points == 1:
                own.add_to(reached, planes, own.wanted, alike)
            allowed &= _at_least(reached, np.where(anything, 0, cohort.least))
        most = np.maximum(cohort.max_papers, 0)
        tops = np.minimum(np.maximum(cohort.top, 0), most)
        if not tops.any():
            places = self._best(points, allowed, anything, most)
        else:
            first = _first(free, tops)
            rest = self._best(points, allowed & ~first, anything, most - _sizes(first))
            places = np.concatenate([self._of_tops(points, first), rest], axis=1)
            places.sort(axis=1)
        chosen = places < self._end
        return Lists.of(np.count_nonzero(chosen, axis=1), self._paper[places[chosen]])

    def _best(self, points: Sequence[Words], allowed: Words, anything: Marks, most: Integers) -> Places:
        """The first `most` places of each row, in order; who asks for anything gets what is allowed."""
        points = [plane & allowed for plane in points]
        points[0][anything] = allowed[anything]
        levels = _levels(points)
        limits = self._blocks.limits(levels, most)
        at = np.flatnonzero(levels != NONE)  # much faster than of the words themselves
        row = at // levels.shape[1]
        word = at - row * levels.shape[1]
        near = np.flatnonzero(self._blocks.best[word] <= limits[row])
        places = self._places(levels, row[near], word[near], self._place[self.width * 64 :])
        places = places[:, : most.max(initial=0)]
        places[np.arange(places.shape[1]) >= most[:, None]] = self._end
        places[anything] = self._without_points[places[anything]]
        return places

    def _of_tops(self, points: Sequence[Words], first: Words) -> Places:
        """The places of the day's first papers, with the points that they have, or none."""
        none = first & ~np.bitwise_or.reduce(points)
        levels = np.concatenate([none, _levels([plane & first for plane in points])], axis=1)
        row, word = np.nonzero(levels)
        return self._places(levels, row, word, self._place)

    def _places(self, levels: Words, row: Integers, word: Integers, place: Places) -> Places:
        """The places of the bits of these words, a row each, in order; rows are filled up with the end."""
        words = levels[row, word]
        bits = np.bitwise_count(words)
        sizes = np.bincount(row, bits, minlength=len(levels)).astype(np.int64)
        places = np.full((len(levels), sizes.max(initial=0)), self._end, self._place.dtype)
        starts = np.arange(len(levels)) * places.shape[1] - (np.cumsum(sizes) - sizes)
        slots = np.cumsum(bits, dtype=np.int64) - bits + starts[row]
        column = word * 64
        while len(words):
            lowest = words & (~words + BIT)
            places.reshape(-1)[slots] = place[column + np.bitwise_count(lowest - BIT)]
            words ^= lowest
            more = np.flatnonzero(words)
            words, slots, column = words[more], slots[more] + 1, column[more]
        places.sort(axis=1)
        return places


class _Blocks:
    """The order of places by whole words of bits, to leave out most of what can't be among the first."""

    def __init__(self, place: Places) -> None:
        by_word = place.reshape(-1, 64)
        self.best = by_word.min(axis=1)
        last = by_word.max(axis=1)
        self._by_last = np.argsort(last)
        self._last = np.append(last[self._by_last], last.max())

    def limits(self, levels: Words, most: Integers) -> Places:
        """Return a place for each row that its first `most` bits reach: a word with only later ones
        is idle.
        """
        counts = np.bitwise_count(levels).take(self._by_last, axis=1)
        fewer = np.cumsum(counts, axis=1, dtype=np.int32) < most[:, None]
        reached: Places = self._last[np.count_nonzero(fewer, axis=1)]
        return reached


def _sums(planes: Sequence[Words], lists: Lists, digits: int) -> list[Words]:
    """For each subscriber the sum of the rows on their list, in planes. Long lists are served first, so that
    those who still have one more are always the first ones."""
    counts = lists.counts
    order = np.argsort(-counts, kind="stable")
    starts = lists.offsets[:-1][order]
    totals = [np.zeros((len(counts), planes[0].shape[1]), np.uint64) for _ in range(digits)]
    for place in range(int(counts.max(initial=0))):
        size = int(np.count_nonzero(counts > place))
        rows = lists.items[starts[:size] + place]
        add([total[:size] for total in totals], [plane.take(rows, axis=0) for plane in planes])
    back = np.argsort(order)
    return [total.take(back, axis=0) for total in totals]


def _levels(points: Sequence[Words]) -> Words:
    """Points in binary → side by side in one row: the papers with 1 point, with 2, and so on."""
    rows, width = points[0].shape
    levels = np.empty((rows, (1 << len(points)) - 1, width), np.uint64)
    digits = [(~plane, plane) for plane in points]
    for number in range(1, 1 << len(points)):
        level = digits[0][number & 1]
        for digit in range(1, len(points)):
            level = level & digits[digit][number >> digit & 1]
        levels[:, number - 1] = level
    return levels.reshape(rows, -1)


def _at_least(points: Sequence[Words], least: Integers) -> Words:
    """The papers with so many points or more, for each row: more in the first binary digit that differs."""
    greater, equal = np.zeros_like(points[0]), ~np.zeros_like(points[0])
    for digit in reversed(range(len(points))):
        wanted = np.where(least >> digit & 1, ~NONE, NONE)[:, None]
        greater |= equal & points[digit] & ~wanted
        equal &= ~(points[digit] ^ wanted)
    return greater | equal


def _first(rows: Words, most: Integers) -> Words:
    """The first `most` bits of each row."""
    bits = np.unpackbits(rows.view(np.uint8), axis=1, bitorder="little")
    bits &= np.cumsum(bits, axis=1, dtype=np.int32) <= most[:, None]
    return np.packbits(bits, axis=1, bitorder="little").view(np.uint64)


def _set(rows: Words, lists: Lists) -> None:
    """Set the bits on each subscriber's list."""
    row = np.repeat(np.arange(len(rows)), lists.counts)
    word, bit = np.divmod(lists.items.astype(np.int64), 64)
    np.bitwise_or.at(rows.reshape(-1), row * rows.shape[1] + word, BIT << bit.astype(np.uint64))


def _bits(numbers: Integers, width: int) -> Words:
    """A row with these bits."""
    marked = np.zeros(width * 64, np.bool_)
    marked[numbers] = True
    return np.packbits(marked, bitorder="little").view(np.uint64)


def _sizes(rows: Words) -> Integers:
    sizes: Integers = np.bitwise_count(rows).sum(axis=1, dtype=np.int64)
    return sizes

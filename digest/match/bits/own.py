"""Filters that mean something else for each reader: those that ask for `like:saved`, for many at once.

In: what each asks for and saved, the three rows of each such filter (see `rows.Rows`), bits of likeness. Out:
the points that those filters give all papers, added up. No loop goes over readers.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from digest.match.bits.cohort import Cohort, Integers, Lists
from digest.match.bits.likes import Likes
from digest.match.bits.rows import add

Words = NDArray[np.uint64]
Alike = tuple[Words, Words]  # for each subscriber the papers like one they saved, and like several
UNREAD = -1


class SavedRows:
    """The papers that are like each saved paper, as rows of bits; each is looked up once. Row 0 has none."""

    def __init__(self, likes: Callable[[], Likes], width: int) -> None:
        """`likes` is called when a filter first asks for `like:saved`."""
        self._likes, self._width = likes, width
        self._row_of = np.zeros(0, np.int32)
        self.table = np.zeros((1, width), np.uint64)

    def of(self, numbers: Integers) -> Integers:
        """Return the rows of papers by number (`Paper.pk`)."""
        beyond = int(numbers.max(initial=-1)) + 1 - len(self._row_of)
        if beyond > 0:
            self._row_of = np.append(self._row_of, np.full(beyond, UNREAD, np.int32))
        wanted = np.zeros(len(self._row_of), np.bool_)
        wanted[numbers] = True
        new = np.flatnonzero(wanted & (self._row_of == UNREAD))
        if len(new):
            self._read(new)
        rows: Integers = self._row_of[numbers]
        return rows

    def _read(self, new: Integers) -> None:
        rows = self._likes().rows_of_numbers(new.tolist())
        packed = b"".join(each.to_bytes(self._width * 8, "little") for each in rows)
        self._row_of[new] = np.arange(len(self.table), len(self.table) + len(new))
        self.table = np.concatenate([self.table, np.frombuffer(packed, "<u8").reshape(-1, self._width)])


@dataclass(frozen=True, slots=True)
class Own:
    """For n subscribers: their filters that ask for `like:saved`, by numbers of `triples` (three rows each),
    and the papers that they saved, by rows of `table`."""

    wanted: Lists
    excluded: Lists
    saved: Lists
    triples: Integers
    table: Words

    def part(self, which: slice) -> "Own":
        """Return some subscribers that follow one another."""
        lists = self.wanted.part(which), self.excluded.part(which), self.saved.part(which)
        return Own(*lists, self.triples, self.table)

    def alike(self) -> Alike:
        """Return the papers that are like one that each saved, and like two or more."""
        counts = self.saved.counts
        order = np.argsort(-counts, kind="stable")[: np.count_nonzero(counts)]
        starts = self.saved.offsets[:-1][order]
        one, several = (np.zeros((len(counts), self.table.shape[1]), np.uint64) for _ in range(2))
        so_far = self.table.take(self.saved.items[starts], axis=0)
        again = np.zeros_like(so_far)
        both = np.empty_like(so_far)
        sizes = np.searchsorted(-counts[order], -np.arange(1, int(counts.max(initial=1))))
        for place, size in enumerate(sizes.tolist(), 1):  # those who saved more than so many are the first
            new = self.table.take(self.saved.items[starts[:size] + place], axis=0)
            again[:size] |= np.bitwise_and(so_far[:size], new, out=both[:size])
            so_far[:size] |= new
        one[order], several[order] = so_far, again
        return one, several

    def add_to(self, totals: Sequence[Words], planes: Sequence[Words], lists: Lists, alike: Alike) -> None:
        """Add what these filters (`lists`) give the papers to the totals of each subscriber, in place."""
        counts = lists.counts
        for place in range(int(counts.max(initial=0))):
            who = np.flatnonzero(counts > place)
            filters = lists.items[lists.offsets[:-1][who] + place]
            one, several = (each[who] for each in alike)
            # Most write just `like:saved`: one row for all of them.
            is_same = len(filters) and (filters == filters[0]).all()
            none, once, often = self.triples[filters[:1] if is_same else filters].T
            extra = []
            for plane in planes:
                gives_none, gives_once = plane.take(none, axis=0), plane.take(once, axis=0)
                extra.append(one & (gives_none ^ gives_once))
                extra[-1] ^= several & (gives_once ^ plane.take(often, axis=0))  # each of them is in `one`
                extra[-1] ^= gives_none
            sums = [total[who] for total in totals]
            add(sums, extra)
            for total, new in zip(totals, sums, strict=True):
                total[who] = new


def divide_own(
    cohort: Cohort, triples: Sequence[tuple[int, ...]], saved: SavedRows
) -> tuple[Cohort, Own | None]:
    """Divide the filters of a cohort (rows, or -1 minus the number of a triple) into those of all readers and
    each reader's own; None where nobody has such a filter."""
    if min(int(lists.items.min(initial=0)) for lists in (cohort.wanted, cohort.excluded)) >= 0:
        return cohort, None
    own = [lists.where(lists.items < 0) for lists in (cohort.wanted, cohort.excluded)]
    has_own = own[0].counts + own[1].counts > 0
    wanted, excluded = (Lists(each.offsets, -1 - each.items) for each in own)
    kept = (cohort.saved or Lists.empty(len(cohort))).of_some(has_own)
    rows = Lists(kept.offsets, saved.of(kept.items))
    return cohort.with_filters(
        cohort.wanted.where(cohort.wanted.items >= 0), cohort.excluded.where(cohort.excluded.items >= 0)
    ), Own(wanted, excluded, rows, np.array(triples, np.int64), saved.table)

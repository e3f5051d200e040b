"""What many subscribers ask for, as arrays. In: packed interests (`digest/packed.py`). Out: a `Cohort`."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from digest.match.fit import ABOUT, ANY
from digest.packed import HIGHEST, SIZE, decode

Integers = NDArray[np.integer[Any]]
Marks = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Lists:
    """A list of integers for each of n subscribers: those of i are items[offsets[i]:offsets[i + 1]]."""

    offsets: Integers
    items: Integers

    @classmethod
    def of(cls, counts: Integers, items: Integers) -> "Lists":
        """Return lists of these lengths, one behind the other in `items`."""
        offsets = np.zeros(len(counts) + 1, np.int64)
        np.cumsum(counts, out=offsets[1:])
        return cls(offsets, items)

    @classmethod
    def empty(cls, size: int) -> "Lists":
        """Return an empty list for each of `size` subscribers."""
        return cls(np.zeros(size + 1, np.int64), np.empty(0, np.int32))

    def part(self, which: slice) -> "Lists":
        """Return the lists of some subscribers that follow one another."""
        offsets = self.offsets[which.start : which.stop + 1]
        return Lists(offsets - offsets[0], self.items[offsets[0] : offsets[-1]])

    def joined(self, other: "Lists") -> "Lists":
        """Return each subscriber's list with that of `other` behind it."""
        owners = np.repeat(np.tile(np.arange(len(self.counts)), 2), np.append(self.counts, other.counts))
        items = np.concatenate([self.items, other.items])
        return Lists.of(self.counts + other.counts, items[np.argsort(owners, kind="stable")])

    def where(self, kept: Marks) -> "Lists":
        """Return the lists with those of their items only that are marked."""
        before = np.zeros(len(self.items) + 1, np.int64)
        np.cumsum(kept, out=before[1:])
        return Lists(before[self.offsets], self.items[kept])

    def of_some(self, subscribers: Marks) -> "Lists":
        """Return the lists of the marked subscribers, and empty ones for all others."""
        return self.where(np.repeat(subscribers, self.counts))

    def holding(self, items: Sequence[int]) -> list[int]:
        """Return whose lists hold any of these items."""
        if not items:
            return []
        owners = np.repeat(np.arange(len(self.counts)), self.counts)
        found: list[int] = np.unique(owners[np.isin(self.items, items)]).tolist()
        return found

    @property
    def counts(self) -> Integers:
        """The length of each list."""
        return np.diff(self.offsets)


@dataclass(frozen=True, slots=True)
class Cohort:
    """The interests of n subscribers; filters by number.

    `saved`: the papers that each saved (`Paper.pk`), for `like:saved`; None: nobody saved any.
    """

    wanted: Lists
    excluded: Lists
    min_upvotes: NDArray[np.int32]
    top: NDArray[np.int32]
    max_papers: NDArray[np.int32]
    least: NDArray[np.int32]  # the points that a subscriber's filters must give a paper: `ANY` or `ABOUT`
    saved: Lists | None = None

    @property
    def asks_for_more(self) -> bool:
        """Whether somebody wants no papers that only mention a term in passing."""
        return bool((self.least > ANY).any())

    def __len__(self) -> int:
        return len(self.max_papers)

    def part(self, which: slice) -> "Cohort":
        """Return some subscribers that follow one another."""
        return Cohort(
            self.wanted.part(which),
            self.excluded.part(which),
            self.min_upvotes[which],
            self.top[which],
            self.max_papers[which],
            self.least[which],
            self.saved and self.saved.part(which),
        )

    def with_filters(self, wanted: Lists, excluded: Lists) -> "Cohort":
        """Return the same subscribers with other filters."""
        return replace(self, wanted=wanted, excluded=excluded)


def unpack(packed: Sequence[bytes], saved: Sequence[bytes | None] = ()) -> Cohort:
    """Return the interests of many subscribers, in the order given.

    `saved`: for each the numbers of the papers that they saved, packed as 32-bit integers; None: no papers.
    Raises ValueError where some are cut short or hold numbers that can't be.
    """
    found = decode(packed)
    return Cohort(
        Lists.of(found.wants, found.wanted),
        Lists.of(found.excludes, found.excluded),
        found.min_upvotes,
        found.top,
        found.max_papers,
        np.where(found.about_only, ABOUT, ANY).astype(np.int32),
        _lists(saved) if saved else None,
    )


def _lists(packed: Sequence[bytes | None]) -> Lists:
    """Lists of 32-bit integers."""
    counts = np.fromiter((len(each) // SIZE if each else 0 for each in packed), np.int64, len(packed))
    numbers = np.frombuffer(b"".join(filter(None, packed)), "<i4")
    if numbers.max(initial=0) > HIGHEST or numbers.min(initial=0) < 0:
        raise ValueError("the numbers of saved papers can't be")
    return Lists.of(counts, numbers)


def unpack_sent(
    people: Sequence[int], messages: Sequence[tuple[int, bytes]], number_of: Mapping[int, int]
) -> Lists:
    """Return what was sent to each of `people` (ids, ascending), as numbers of today's papers.

    `messages`: subscriber id and packed 32-bit integers of papers, by subscriber; those that aren't in
    `number_of` are no papers of today.
    """
    owner = np.searchsorted(np.array(people, np.int64), [subscriber for subscriber, _ in messages])
    keys = np.frombuffer(b"".join(packed for _, packed in messages), "<i4")
    owners = np.repeat(owner, [len(packed) // 4 for _, packed in messages])
    known = np.array(sorted(number_of.items()), np.int64).reshape(-1, 2)
    at = np.minimum(np.searchsorted(known[:, 0], keys), len(known) - 1)
    today = np.flatnonzero(known[at, 0] == keys) if len(known) else at[:0]
    return Lists.of(np.bincount(owners[today], minlength=len(people)), known[at[today], 1])

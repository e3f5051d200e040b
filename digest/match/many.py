"""Matches many subscribers at once. In: packed interests, what was sent. Out: numbers of papers for each, as
arrays."""

from collections.abc import Iterable, Mapping
from dataclasses import replace

import numpy as np

from digest.match.bits.cohort import Cohort, Lists
from digest.match.bits.own import divide_own
from digest.match.day import Day

UNREAD = np.iinfo(np.int32).min  # the row of a filter that was never asked for


class ManyReaders:
    """Chooses the papers of cohorts; filters are known by the numbers that the store gives them."""

    def __init__(self, day: Day) -> None:
        self._day = day
        self._row_of = np.full(0, UNREAD, np.int32)

    def unread(self, cohort: Cohort) -> list[int]:
        """Return the numbers of the cohort's filters that `read` wasn't called for yet."""
        lists = cohort.wanted.items, cohort.excluded.items
        beyond = max(int(numbers.max(initial=-1)) for numbers in lists) + 1 - len(self._row_of)
        if beyond > 0:
            self._row_of = np.append(self._row_of, np.full(beyond, UNREAD, np.int32))
        unread = np.zeros(len(self._row_of), np.bool_)
        for numbers in lists:
            unread[numbers] = True
        return [int(number) for number in np.flatnonzero(unread & (self._row_of == UNREAD))]

    def read(self, numbers: Iterable[int], texts: Mapping[int, str]) -> None:
        """Evaluate filters: canonical texts by number. A number without text selects nothing.

        Where one of them raises, none of them counts as read.
        """
        numbers = list(numbers)
        known = [number for number in numbers if number in texts]
        rows = self._day.rows.of([texts[number] for number in known])
        self._row_of[numbers] = 0
        self._row_of[known] = rows

    def choose(self, cohort: Cohort, sent: Lists) -> Lists:
        """Return the numbers of each subscriber's papers, best first; the same as `OneReader.match` says one
        by one.

        All filters of the cohort must have been read. `sent`: numbers of papers that don't come again.
        """
        return choose(self._day, self._in_rows(cohort), sent)

    def also_trending(self, cohort: Cohort, gone: Lists, most: int) -> Lists:
        """Return the numbers of what trends for each subscriber whatever their filters, best first.

        Of the first `most` papers by trend those that somebody has noticed. As in `choose` nothing comes that
        an exclusion selects or that has too few upvotes, and nothing in `gone` (numbers of papers).
        """
        return also_trending(self._day, self._in_rows(cohort), gone, most)

    def _in_rows(self, cohort: Cohort) -> Cohort:
        """A cohort whose filters are numbers of the store → one whose filters are rows."""
        return replace(
            cohort,
            wanted=Lists(cohort.wanted.offsets, self._row_of[cohort.wanted.items]),
            excluded=Lists(cohort.excluded.offsets, self._row_of[cohort.excluded.items]),
        )


def choose(day: Day, cohort: Cohort, sent: Lists) -> Lists:
    """Return the numbers of the papers of a cohort whose filters are rows, best first."""
    planes, union = day.rows.tables()
    shared, own = divide_own(cohort, day.rows.triples, day.saved)
    return day.selection.choose(planes, union, shared, sent, own)


def also_trending(day: Day, cohort: Cohort, gone: Lists, most: int) -> Lists:
    """Return what trends for a cohort whose filters are rows."""
    size = len(cohort)
    anything = replace(
        cohort,
        wanted=Lists.empty(size),
        top=np.zeros(size, np.int32),
        max_papers=np.full(size, most, np.int32),
        least=np.ones(size, np.int32),
    )
    found = choose(day, anything, gone)
    noticed = day.noticed[found.items]
    owners = np.repeat(np.arange(size), found.counts)[noticed]
    return Lists.of(np.bincount(owners, minlength=size), found.items[noticed])

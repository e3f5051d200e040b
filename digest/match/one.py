"""Matches one subscriber. In: interests, what was sent. Out: matches with reasons, by the steps for many."""

from collections.abc import Sequence
from collections.abc import Set as AbstractSet

import numpy as np

from digest.domain import Interests, Match, Paper
from digest.match.bits.cohort import Cohort
from digest.match.day import Day, asked, one_list
from digest.match.fit import ABOUT, ANY
from digest.match.many import also_trending, choose
from digest.match.why import Why


class OneReader:
    """Chooses the papers of one subscriber, and says why."""

    def __init__(self, day: Day, why: Why) -> None:
        self._day, self._why = day, why

    def match(
        self, interests: Interests, sent: AbstractSet[str] = frozenset(), saved: Sequence[int] = ()
    ) -> tuple[Match, ...]:
        """Return at most `interests.max_papers` matches, best first; none in `sent` (canonical ids).

        A paper is selected by any topic or filter and `min_upvotes`; without topics and filters by
        `min_upvotes` alone. The first `top` by trend of what this subscriber can still get come too, whatever
        the filters and upvotes, and keep their places when there is more than `max_papers`. What an exclusion
        selects, or was sent, never comes. With `about_only` nothing comes that only mentions a
        term in passing (see `fit`). `saved`: the papers that they saved (`Paper.pk`), for `like:saved`.
        """
        chosen = choose(self._day, self._alone(interests, saved), self._day.numbers(sent)).items.tolist()
        return self._why.explain(interests, chosen, saved)

    def others(
        self, interests: Interests, gone: AbstractSet[str], most: int, saved: Sequence[int] = ()
    ) -> tuple[Paper, ...]:
        """Return what `ManyReaders.also_trending` says of one subscriber, as papers; none in `gone`
        (canonical ids).
        """
        found = also_trending(self._day, self._alone(interests, saved), self._day.numbers(gone), most)
        return tuple(self._day.papers[number] for number in found.items.tolist())

    def _alone(self, interests: Interests, saved: Sequence[int]) -> Cohort:
        """One subscriber as a cohort whose filters are rows."""
        wanted = dict.fromkeys(text for _, _, text in asked(interests))
        return Cohort(
            one_list(self._day.rows.of(list(wanted))),
            one_list(self._day.rows.of(interests.exclude)),
            np.array([interests.min_upvotes], np.int32),
            np.array([interests.top], np.int32),
            np.array([interests.max_papers], np.int32),
            np.array([ABOUT if interests.about_only else ANY], np.int32),
            one_list(saved),
        )

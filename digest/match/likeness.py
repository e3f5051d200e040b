"""What `like:` asks for, as values. In: a paper's vector and a threshold. Out: whether another is like it.

A vector is 128 signed bytes (`digest.search.lsa` makes them; this stage doesn't know it). Products of two of
them are whole numbers below 2²⁴, exact in 32-bit floats too, so that one paper and all at once agree to the
last digit.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from digest.domain import Paper
from digest.languages import deferred

Vectors = NDArray[np.int8]
NOT_COMPARED = deferred("papers can't be compared here")


@dataclass(frozen=True, slots=True)
class Liked:
    """A paper that a filter names: its title, its vector, and the least product of a vector that is like it.

    Without a vector nothing is like it; `lacks` says why.
    """

    title: str = ""
    vector: Vectors | None = None
    least: int = 1
    lacks: str = ""


class Likeness(Protocol):
    """Vectors of papers, all of one basis: those of two are never compared."""

    def ids(self, numbers: Sequence[int]) -> Mapping[int, str]:
        """Return the canonical ids of papers by number (`Paper.pk`); unknown numbers are left out."""

    def vectors(self, papers: Sequence[Paper]) -> Vectors:
        """Return a vector a paper; zero for one that can't be compared."""

    def liked(self, ids: Sequence[str]) -> Mapping[str, Liked]:
        """Return the papers of canonical ids, one for each id."""


class Comparison(NamedTuple):
    """Whether a paper is like another, the title of that other, and what says in words why it isn't."""

    holds: bool
    title: str
    lacks: Callable[[], str]


Compare = Callable[[str], Comparison]


class NoLikeness:
    """The likeness of papers without vectors: nothing is like anything."""

    def ids(self, numbers: Sequence[int]) -> Mapping[int, str]:
        """Return names of papers that can't be compared."""
        return {number: str(number) for number in numbers}

    def vectors(self, papers: Sequence[Paper]) -> Vectors:
        """Return vectors without any dimension."""
        return np.zeros((len(papers), 0), np.int8)

    def liked(self, ids: Sequence[str]) -> Mapping[str, Liked]:
        """Return papers that can't be compared."""
        return dict.fromkeys(ids, Liked(lacks=NOT_COMPARED))


def not_compared(_id: str) -> Comparison:
    """Say of a paper by itself that it is like no other."""
    return Comparison(holds=False, title="", lacks=lambda: NOT_COMPARED)

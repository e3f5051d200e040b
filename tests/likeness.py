"""Likeness of papers by their ids alone, and the same said plainly: a loop over whole numbers."""

from collections.abc import Callable, Mapping, Sequence

import numpy as np

from digest.domain import Paper
from digest.match.likeness import Comparison, Liked, Vectors

TITLE = "What they name"
UNKNOWN = "arxiv:2603.99999"  # a paper that isn't there
LEAST = 9_000


def coordinates(name: str) -> tuple[int, int, int]:
    """A vector of three signed bytes for an id; zero for one in ten."""
    number = sum(name.encode()) + 7 * int(name[-3:])
    return (0, 0, 0) if number % 10 == 0 else (number * 37 % 255 - 127, number * 11 % 255 - 127, 90)


class LikenessById:
    """Compares papers by vectors that are made of their ids."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    def ids(self, numbers: Sequence[int]) -> Mapping[int, str]:
        """Return the ids of papers by number, which their ids say; the last thousand are unknown."""
        return {number: f"arxiv:2603.{number:05}" for number in numbers if number < 99_000}

    def vectors(self, papers: Sequence[Paper]) -> Vectors:
        """Return a vector a paper."""
        return np.array([coordinates(each.id) for each in papers], np.int8).reshape(-1, 3)

    def liked(self, ids: Sequence[str]) -> Mapping[str, Liked]:
        """Return the papers of ids; all are known but one."""
        self.asked += ids
        return {each: _liked(each) for each in ids}


def _liked(name: str) -> Liked:
    if name == UNKNOWN:
        return Liked(lacks="there is no paper 2603.99999 here")
    return Liked(TITLE, np.array(coordinates(name), np.int8), LEAST)


def comparing(paper: Paper) -> Callable[[str], Comparison]:
    """Return what says whether this paper is like the one of an id, without numpy."""

    def compare(wanted: str) -> Comparison:
        product = sum(a * b for a, b in zip(coordinates(paper.id), coordinates(wanted), strict=True))
        holds = wanted != UNKNOWN and product >= LEAST
        return Comparison(holds, TITLE, lambda: "not alike")

    return compare

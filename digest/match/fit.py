"""How much a paper is about what a filter asks for. In: where its terms stand. Out: points, 0 … 7; the fit.

A term said once in passing has 1 point, one of what the abstract is about 2 or 3, one of the title 4 to 6:

    1  in the abstract, once, between its first and its last sentence; or what no text shows (`has:code`)
    2  more than once there, or in its first or last sentence
    3  both
    4  in the title; an author; a paper's first category; its id, organization or keyword; like a paper
    5  in the title and in the abstract
    6  in the title, and in the abstract as for 2

Terms are joined so that the weakest of those that are all needed counts, and of alternatives the strongest,
with a point more where the paper has two of them or more, up to 7. What no text shows says nothing beside a
term that a text shows, and what is true by absence says nothing at all.
"""

from collections.abc import Sequence
from enum import IntEnum

MOST_POINTS = 7  # of a filter, and of all of somebody's filters together
NAMED = 4
ANY, ABOUT = 1, 2  # the least points of any match, and of one that isn't said once in passing
FITS = (0.0, 0.1, 0.25, 0.4, 0.7, 0.8, 0.9, 1.0)  # by points: from 3 to 4 is the step that matters


class Evidence(IntEnum):
    """What a part of a filter rests on; in AND only the parts that rest on the best of these count."""

    ABSENCE = 0
    PROPERTY = 1  # of the paper: a category, a number of upvotes
    TEXT = 2  # or an author


def term_points(*, in_title: bool, in_abstract: bool, repeated: bool, at_edge: bool) -> int:
    """Return the points of one term that a paper has: `in_title` in its title, `in_abstract` in its
    abstract, there `repeated`, there in the first or last sentence.
    """
    stressed = repeated + at_edge if in_abstract else 0
    if in_title:
        return NAMED + in_abstract + (stressed > 0)
    return 1 + stressed


def weakest(parts: Sequence[tuple[int, Evidence]]) -> int:
    """Return the points of parts that are all needed; the most where there is none."""
    best = max((evidence for _, evidence in parts), default=Evidence.ABSENCE)
    return min((points for points, evidence in parts if evidence is best), default=MOST_POINTS)


def strongest(parts: Sequence[tuple[int, Evidence]]) -> int:
    """Return the points of alternatives that a paper satisfies, one at least."""
    every = [points if evidence is not Evidence.ABSENCE else 1 for points, evidence in parts]
    return min(max(every) + (len(every) > 1), MOST_POINTS)


def fit(of_filters: Sequence[int]) -> float:
    """Return how well a paper fits somebody, 0 … 1, from the points that each of their filters gives it."""
    return FITS[min(sum(of_filters), MOST_POINTS)]

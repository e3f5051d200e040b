"""Words × segments → how well each paper answers. In: terms and segments. Out: scores.

    score  = BM25 · coverage · closeness
    BM25   = Σ idf · tf · (K1 + 1) / (tf + K1 · (1 - B + B · length / usual length))     Robertson et al., 1994
    idf    = ln(1 + (N - df + ½) / (df + ½))
    coverage  = the share of the query's idf that the paper has: it is what lets known papers lead

A word in a title counts `TITLE_WEIGHT` times. N, df and the usual length are those of all papers shown, so
a score doesn't depend on how papers are spread over segments. What several terms stand for together (a long
form, beside its acronym) is an `Alternative`: a paper has the better of both.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from digest.search.segment import Marks, Segment

K1 = 0.9
B = 0.4
CLOSE = 0.5  # how much more a paper counts that has all neighbours of the query side by side
ACRONYM = 0.8  # of what the long form would give, for a paper that only has the acronym, or the other way

Scores = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Shown:
    """A segment, and which of its papers are shown (the newest of each, not hidden or merged)."""

    segment: Segment
    marks: Marks
    norms: Scores  # K1 · (1 - B + B · length / usual length)


@dataclass(frozen=True, slots=True)
class Term:
    """A stem of the query in each segment: how often each paper has it (the title weighed), and its idf."""

    stem: str
    weights: Sequence[Scores]
    idf: float
    papers: int


def shown(segments: Sequence[tuple[Segment, Marks]]) -> list[Shown]:
    """Segments with the norms of their papers' lengths."""
    total = sum(int(segment.lengths[marks].sum(dtype=np.int64)) for segment, marks in segments)
    papers = sum(int(np.count_nonzero(marks)) for _, marks in segments)
    usual = total / papers if total else 1.0
    return [Shown(s, marks, K1 * (1 - B + B * s.lengths / usual)) for s, marks in segments]


def term(stem: str, segments: Sequence[Shown], papers: int) -> Term:
    """Look a stem up. `papers`: how many are shown in all."""
    weights = []
    holding = 0
    for each in segments:
        weight = each.segment.weights_of(each.segment.stem(stem))
        weights.append(weight)
        holding += int(np.count_nonzero((weight > 0) & each.marks))
    return Term(stem, weights, float(np.log(1 + (papers - holding + 0.5) / (holding + 0.5))), holding)


def points(weight: Scores, norms: Scores) -> Scores:
    """BM25 of one word without its idf, 0 … K1 + 1."""
    found = np.flatnonzero(weight)
    given = np.zeros(len(weight))
    tf = weight[found]
    given[found] = tf * (K1 + 1) / (tf + norms[found])
    return given

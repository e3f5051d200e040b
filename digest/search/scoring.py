"""Words × papers → how well each paper answers. In: units of a query, segments. Out: points and coverage.

    score     = BM25 · coverage · closeness
    BM25      = Σ idf · tf · (K1 + 1) / (tf + K1 · (1 - B + B · length / usual length))    (Robertson 1994)
    idf       = ln(1 + (N - df + ½) / (df + ½))
    coverage  = the share of the query's idf that the paper has: this is what lets known papers lead
    closeness = 1 + PAIRS · the share of neighbours in the query that are neighbours in the paper
                  + PHRASE where all of them are

A word in the title counts `TITLE_WEIGHT` times. N, df and the usual length are those of all papers shown, so
a score doesn't depend on how papers are spread over segments. A unit is a word, or the words of a long form;
its other form (the acronym, or what the acronym stands for) counts `OTHER_FORM` of it in papers that lack it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from digest.search.segment import Marks, Segment, Weights
from digest.search.selecting import follow
from digest.words import forms

K1 = 0.9
B = 0.4
PAIRS = 0.2
PHRASE = 1.0
OTHER_FORM = 1.3  # measured: less brings too few papers that only have the acronym among the first

Scores = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Shown:
    """A segment, which of its papers are shown, and the norms of their lengths, as BM25 has them."""

    segment: Segment
    marks: Marks
    norms: Scores


@dataclass(frozen=True, slots=True)
class Unit:
    """One word or several (folded) that count together; `other`: the words of its other form, or nothing."""

    words: tuple[str, ...]
    other: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Term:
    """A stem: how often each paper of each segment has it (the title weighed), how many have it, its idf."""

    stem: str
    weights: Sequence[Weights]
    papers: int
    idf: float


def with_norms(segments: Sequence[tuple[Segment, Marks]]) -> list[Shown]:
    """Return segments with the norms of their papers' lengths."""
    total = sum(int(segment.lengths[marks].sum(dtype=np.int64)) for segment, marks in segments)
    papers = sum(int(np.count_nonzero(marks)) for _, marks in segments)
    usual = (total / papers if total else 0) or 1.0
    return [Shown(s, marks, K1 * (1 - B + B * s.lengths.astype(np.float64) / usual)) for s, marks in segments]


def look_up(word: str, segments: Sequence[Shown], papers: int) -> Term:
    """Return the term of a word. `papers`: how many are shown in all."""
    stem = forms(word)[0]
    weights = [each.segment.weights_of(each.segment.stem(stem)) for each in segments]
    pairs = zip(weights, segments, strict=True)
    holding = sum(int(np.count_nonzero(each.marks[found])) for (found, _), each in pairs)
    return Term(stem, weights, holding, float(np.log(1 + (papers - holding + 0.5) / (holding + 0.5))))


def score(
    units: Sequence[tuple[Unit, Sequence[Term]]], segments: Sequence[Shown]
) -> list[tuple[Scores, Scores]]:
    """Return, for each segment, BM25 of each paper, and its coverage, 0 … 1.

    `units`: with their words' terms.
    """
    whole = sum(term.idf for _, terms in units for term in terms) or 1.0
    found = []
    for place, each in enumerate(segments):
        points, cover = np.zeros(len(each.segment)), np.zeros(len(each.segment))
        for unit, terms in units:
            if unit.other:
                own, held = np.zeros(len(each.segment)), np.zeros(len(each.segment))
                _add(own, held, terms, place, each.norms)
                _add_other(own, held, unit, sum(term.idf for term in terms), each)
                points += own
                cover += held
            else:
                _add(points, cover, terms, place, each.norms)
        found.append((points, cover / whole))
    return found


def closeness(terms: Sequence[Term], segment: Segment, among: Marks) -> Scores:
    """Return how much more each paper in `among` counts because words stand side by side as in the query,
    from 1.
    """
    held = np.zeros(len(segment))
    whole = 0.0
    slots = segment.slots_of(among)
    places = [np.sort(segment.places_in(segment.stem(term.stem), slots)) for term in terms]
    for (one, next_one), (here, behind) in zip(pairwise(terms), pairwise(places), strict=True):
        weight = min(one.idf, next_one.idf)
        whole += weight
        both = here[np.isin(here + 1, behind, assume_unique=True)]
        marks = np.zeros(len(segment), np.bool_)
        marks[segment.slot_paper[both >> 8]] = True
        held += weight * marks
    if not whole:
        return np.ones(len(segment))
    share = held / whole
    return 1 + PAIRS * share + PHRASE * (share > 1 - 1e-9)


def _add(points: Scores, cover: Scores, terms: Sequence[Term], place: int, norms: Scores) -> None:
    """Add what terms give to the papers of the segment at this place."""
    for term in terms:
        papers, weights = term.weights[place]
        points[papers] += term.idf * _saturated(weights, norms[papers])
        cover[papers] += term.idf


def _add_other(points: Scores, cover: Scores, unit: Unit, idf: float, each: Shown) -> None:
    """Give papers that have a unit's other form what that counts, where it is more than they have."""
    runs = [each.segment.stem(forms(word)[0]) for word in unit.other]
    if not all(end > start for start, end in runs):
        return
    only = len(runs) == 1
    papers, weights = (
        each.segment.weights_of(runs[0]) if only else each.segment.weights_at(follow(each.segment, runs))
    )
    given = OTHER_FORM * idf * _saturated(weights, each.norms[papers])
    points[papers] = np.maximum(points[papers], given)
    cover[papers] = idf


def _saturated(weights: Scores, norms: Scores) -> Scores:
    return weights * (K1 + 1) / (weights + norms)

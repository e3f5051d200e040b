"""Scores how well each paper answers. In: units of a query, papers. Out: points and coverage.

    score     = BM25 · coverage · closeness, where a paper has every word of the query; else
                BM25 with related words · closeness
    BM25      = Σ idf · tf · (K1 + 1) / (tf + K1 · (1 - B + B · length / usual length))    (Robertson 1994)
    idf       = ln(1 + (N - df + ½) / (df + ½))
    coverage  = the share of the query's idf that the paper has: this is what lets known papers lead
    closeness = 1 + PAIRS · the share of neighbours in the query that are neighbours in the paper
                  + PHRASE where all of them are

A word in the title counts `TITLE_WEIGHT` times. N, df and the usual length are those of all papers shown, so
a score doesn't depend on how papers are spread over segments. A unit is a word, or the words of a long form;
its other form (the acronym, or what the acronym stands for) counts `OTHER_FORM` of it in papers that lack it.
Somebody who remembers a paper types its words; somebody who describes one types others of their roots. So
related words (`recognition` for `recognize`) count only where no paper has all that was typed, and
coverage only where one has.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from digest.search.index.segment import SLOT, Slice
from digest.search.selecting import follow
from digest.search.shown import Places, Scores, Shown
from digest.search.terms import Impacts, Term, Terms
from digest.words import forms

PAIRS = 0.2
PHRASE = 1.0
OTHER_FORM = 1.3  # measured: less brings too few papers that only have the acronym among the first


@dataclass(frozen=True, slots=True)
class Unit:
    """One word or several (folded) that count together; `other`: the words of its other form, or nothing."""

    words: tuple[str, ...]
    other: tuple[str, ...] = ()


def score(
    units: Sequence[tuple[Unit, Sequence[Term]]], terms: Terms, *, covers: bool = True
) -> tuple[Scores, Scores]:
    """Return BM25 of each paper, and its coverage, 0 … 1; without `covers` that is 0.

    `units`: with their words' terms.
    """
    size = len(terms.shown)
    whole = sum(_idf(of_unit) for _, of_unit in units) or 1.0
    plain = [term for unit, of_unit in units if not unit.other for term in of_unit]
    points, cover = _points(plain, size), _cover(plain if covers else (), size)
    for unit, of_unit in units:
        if unit.other:
            own, held = _points(of_unit, size), _cover(of_unit, size)
            _add_other(own, held, unit, _idf(of_unit), terms)
            points += own
            cover += held
    cover /= whole
    return points, cover


def _idf(terms: Sequence[Term]) -> float:
    """The idf of words together; what related words add to one has none of its own."""
    return sum(term.idf for term in terms if not term.related)


def closeness(found: Sequence[Term], terms: Terms, among: Places) -> Scores:
    """Return how much more each of a few papers counts because words stand side by side as in the query, from
    1.
    """
    held = np.zeros(len(among))
    idfs = [min(one.idf, other.idf) for one, other in pairwise(found)]
    whole = sum(idfs)
    if not whole:
        return np.ones(len(among))
    owner = terms.shown.owner
    places = _places([terms.occurrences(term.stem) for term in found], terms.shown, among)
    for idf, (here, behind) in zip(idfs, pairwise(places), strict=True):
        if len(here) and len(behind):
            at = np.minimum(np.searchsorted(behind, here + 1), len(behind) - 1)
            both = here[behind[at] == here + 1]
            side_by_side = np.zeros(len(among), np.bool_)
            side_by_side[np.searchsorted(among, owner[both >> 8])] = True
            held += idf * side_by_side
    share = held / whole
    return 1 + PAIRS * share + PHRASE * (share > 1 - 1e-9)


def _places(runs: Sequence[Sequence[Slice]], shown: Shown, among: Places) -> list[NDArray[np.int64]]:
    """The places of words (each a slice a segment) in some papers, ascending, counted over all segments."""
    found: list[list[NDArray[np.int64]]] = [[np.empty(0, np.int64)] for _ in runs]
    for number, segment in enumerate(shown.segments):
        first, end = np.searchsorted(among, shown.starts[number : number + 2])
        if end > first:
            wanted = segment.slots_of(among[first:end] - shown.starts[number])
            before = SLOT * shown.slot_starts[number]
            for mine, run in zip(found, runs, strict=True):
                mine.append(np.add(segment.places_in(run[number], wanted), before, dtype=np.int64))
    return [np.sort(np.concatenate(mine)) for mine in found]


def _points(terms: Sequence[Term], size: int) -> Scores:
    """What terms give to each paper."""
    return _summed(terms, [term.impacts for term in terms], size)


def _cover(terms: Sequence[Term], size: int) -> Scores:
    """How much of the idf of terms each paper has."""
    return _summed(terms, [term.shares for term in terms], size)


def _summed(terms: Sequence[Term], values: Sequence[Impacts], size: int) -> Scores:
    """Add up for each paper what terms count in it (`values`: for each paper of each term), by their idf."""
    if not terms:
        return np.zeros(size)
    papers = np.concatenate([term.papers for term in terms])
    worth = [np.multiply(each, term.idf, dtype=np.float64) for term, each in zip(terms, values, strict=True)]
    return np.bincount(papers, np.concatenate(worth), size).astype(np.float64, copy=False)


def _add_other(points: Scores, cover: Scores, unit: Unit, idf: float, terms: Terms) -> None:
    """Give papers that have a unit's other form what that counts, where it is more than they have."""
    if len(unit.other) == 1:
        term = terms.of(unit.other[0])
        papers, impacts = term.papers.astype(np.intp), term.impacts
    else:
        runs = [terms.occurrences(forms(word)[0]) for word in unit.other]
        found = [
            follow(segment, [run[number] for run in runs])
            for number, segment in enumerate(terms.shown.segments)
        ]
        papers, weights = terms.shown.weights_at(found)
        impacts = terms.saturated(papers, weights)
    points[papers] = np.maximum(points[papers], OTHER_FORM * idf * impacts)
    cover[papers] = idf

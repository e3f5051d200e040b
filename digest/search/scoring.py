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

from digest.search.index.segment import SLOT
from digest.search.shown import Places, Scores
from digest.search.terms import Impacts, Term, Terms

PAIRS = 0.2
PHRASE = 1.0
_PLACES = 40  # bits of a place in the texts of all papers
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
    points, cover = _summed(plain, size, covers=covers)
    for unit, of_unit in units:
        if unit.other:
            own, held = _summed(of_unit, size, covers=covers)
            idf, other = _idf(of_unit), terms.phrase(unit.other)
            own[other.papers] = np.maximum(own[other.papers], OTHER_FORM * idf * other.impacts)
            points += own
            if covers:
                held[other.papers] = idf
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
    number, place = terms.shown.places_in([terms.occurrences(term.stem) for term in found], among)
    places = np.sort((number << _PLACES) + place)
    behind = places + ((1 << _PLACES) + 1)  # the place of the next word, if it is the neighbour
    at = np.minimum(np.searchsorted(places, behind), len(places) - 1)
    both = places[places[at] == behind]
    owners = terms.shown.owner[(both & ((1 << _PLACES) - 1)) // SLOT]
    side_by_side = np.zeros((len(idfs), len(among)), np.bool_)
    side_by_side[both >> _PLACES, np.searchsorted(among, owners)] = True
    for idf, papers in zip(idfs, side_by_side, strict=True):
        held += idf * papers
    share = held / whole
    return 1 + PAIRS * share + PHRASE * (share > 1 - 1e-9)


def _summed(terms: Sequence[Term], size: int, *, covers: bool) -> tuple[Scores, Scores]:
    """What terms give to each paper, and how much of their idf it has; without `covers` that is 0."""
    points, cover = np.zeros(size), np.zeros(size)
    if terms:
        papers = np.concatenate([term.papers for term in terms], dtype=np.intp)
        points = _counted(papers, terms, [term.impacts for term in terms], size)
        if covers:
            cover = _counted(papers, terms, [term.shares for term in terms], size)
    return points, cover


def _counted(papers: Places, terms: Sequence[Term], values: Sequence[Impacts], size: int) -> Scores:
    """Add up for each paper what terms count in it (`values`: for each paper of each term), by their idf."""
    worth, start = np.empty(len(papers)), 0
    for term, each in zip(terms, values, strict=True):
        np.multiply(each, term.idf, out=worth[start : start + len(each)], dtype=np.float64)
        start += len(each)
    return np.bincount(papers, worth, size).astype(np.float64, copy=False)

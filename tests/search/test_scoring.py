"""Scores are those of the formula in `digest.search.scoring`, worked out word by word, paper by paper."""

from collections.abc import Sequence
from itertools import pairwise
from math import log

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from digest.domain import Paper
from digest.search import Engine, Known, Query, Segment, build
from digest.search.engine import MOST_NEAR, best_places
from digest.search.index.segment import SLOT, TITLE_WEIGHT
from digest.search.scoring import PAIRS, PHRASE
from digest.search.terms import K1, B
from digest.words import forms, written
from tests.builders import paper

WORDS = ("state", "space", "models", "model", "Mamba", "naïve")
FILLED = "filler " * (SLOT - 2)  # so that words stand at the end of a slot, and in the next one
TEXTS = st.tuples(st.sampled_from(["", FILLED]), st.lists(st.sampled_from(WORDS), max_size=8)).map(
    lambda each: each[0] + " ".join(each[1])
)
PAPERS = st.lists(st.tuples(TEXTS, TEXTS), min_size=1, max_size=6).map(
    lambda texts: [paper(f"2603.{n:05}", title=t, abstract=a, pk=n) for n, (t, a) in enumerate(texts, 1)]
)
QUERIES = st.lists(st.sampled_from(["state", "space", "model", "models", "mamba", "naive", "absent"]))


def formula(papers: Sequence[Paper], words: Sequence[str]) -> dict[int, float]:
    """The score of each paper (by number) that has one of the words."""
    texts = {
        each.pk: [[forms(w)[0] for w in written(text)] for text in (each.title, each.abstract)]
        for each in papers
    }
    lengths = {
        number: TITLE_WEIGHT * len(title) + len(abstract) for number, (title, abstract) in texts.items()
    }
    usual = sum(lengths.values()) / len(papers) or 1
    stems = [forms(word)[0] for word in words]
    times = {
        stem: {
            n: TITLE_WEIGHT * title.count(stem) + abstract.count(stem)
            for n, (title, abstract) in texts.items()
        }
        for stem in stems
    }
    stems = [stem for stem in stems if any(times[stem].values())]
    having = {stem: sum(1 for count in times[stem].values() if count) for stem in stems}
    idf = {stem: log(1 + (len(papers) - having[stem] + 0.5) / (having[stem] + 0.5)) for stem in stems}
    found = {}
    for number, of_paper in texts.items():
        norm = K1 * (1 - B + B * lengths[number] / usual)
        tf = {stem: times[stem][number] for stem in stems}
        points = sum(idf[stem] * tf[stem] * (K1 + 1) / (tf[stem] + norm) for stem in stems)
        cover = sum(idf[stem] for stem in stems if tf[stem]) / (sum(idf[stem] for stem in stems) or 1)
        pairs = list(pairwise(stems))
        whole = sum(min(idf[one], idf[other]) for one, other in pairs)
        near = sum(
            min(idf[one], idf[other])
            for one, other in pairs
            if any((one, other) in pairwise(text) for text in of_paper)
        )
        share = near / whole if whole else 0
        closeness = 1 + PAIRS * share + (PHRASE if share > 1 - 1e-9 else 0)
        if points:
            found[number] = points * cover * closeness
    return found


@settings(deadline=None, max_examples=60)
@given(PAPERS, QUERIES, st.integers(0, 6))
def test_scores_are_those_of_the_formula(papers: list[Paper], words: list[str], cut: int) -> None:
    words = list(dict.fromkeys(words)) or ["mamba"]
    engine = Engine([Segment(build(some)[0]) for some in (papers[:cut], papers[cut:])])
    hits = engine.search(Query(tuple(words), None), Known(), limit=20, as_typed=True).hits
    right = formula(papers, words)
    assert {hit.number: hit.score for hit in hits} == pytest.approx(right, rel=1e-5)
    assert all(right[one.number] >= right[other.number] * (1 - 1e-5) for one, other in pairwise(hits))


@given(st.lists(st.sampled_from([0.0, 1.0, 2.0, 2.5, 7.0]), max_size=3_000), st.integers(1, 40))
def test_the_best_places_are_those_of_all_sorted(scores: list[float], count: int) -> None:
    ordered = sorted((score for score in scores if score), reverse=True)
    least = ordered[min(count, len(ordered)) - 1] if ordered else 0
    right = [place for place, score in enumerate(scores) if score and score >= least]
    if len(right) > MOST_NEAR:
        right = [place for place in right if scores[place] > least]
    assert best_places(np.array(scores), count).tolist() == right

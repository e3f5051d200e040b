"""Folds papers into a basis without an index. In: papers. Out: the vectors that they have in a segment."""

import logging
from collections.abc import Sequence

import numpy as np

from digest.domain import Paper
from digest.search import lsa
from digest.search.index.building import build
from digest.search.index.segment import Segment

_log = logging.getLogger(__name__)


def folded(papers: Sequence[Paper], basis: lsa.Basis | None) -> lsa.Vectors:
    """Return the vectors of papers in a basis; zero without one.

    Zero also for a paper that can't be read, which stops no other.
    """
    if basis is None:
        return np.zeros((len(papers), lsa.DIMENSIONS), np.int8)
    parts = [np.zeros((0, lsa.DIMENSIONS), np.int8)]
    left = list(papers)
    while left:
        vectors = _folded_together(left, basis)
        parts.append(vectors)
        left = left[len(vectors) :]
    return np.concatenate(parts)


def _folded_together(papers: Sequence[Paper], basis: lsa.Basis) -> lsa.Vectors:
    """The vectors of as many of the first of these papers as fit into one segment, at least one."""
    try:
        data, fitted = build(papers)
        return lsa.vectors(Segment(data), basis) if fitted else np.zeros((1, lsa.DIMENSIONS), np.int8)
    except Exception:
        if len(papers) > 1:
            return np.concatenate([_folded_together([each], basis) for each in papers])
        _log.exception("like: can't compare paper %s: its text could not be read", papers[0].id)
        return np.zeros((1, lsa.DIMENSIONS), np.int8)

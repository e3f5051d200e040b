"""Compares the vectors of many papers with one. In: vectors in signed bytes, by the numbers of papers."""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from digest.search.meaning.encoder import Dense
from digest.search.shown import Scores

BLOCK = 1_024  # vectors that are multiplied at once


def to_bytes(vector: Dense) -> bytes:
    """Return a vector of the same direction in signed bytes."""
    small: NDArray[np.int8] = np.rint(vector * (127 / max(float(np.abs(vector).max()), 1e-9))).astype(np.int8)
    return small.tobytes()


class Vectors:
    """The vectors of papers, of one model. Never changes: `with_more` returns others."""

    def __init__(self, dimensions: int) -> None:
        self._papers = np.empty(0, np.int64)
        self._vectors = np.empty((0, dimensions), np.int8)

    def with_more(self, data: Mapping[int, bytes]) -> "Vectors":
        """Return these vectors and others, by the numbers of papers; empty data is a paper that has none."""
        size = self._vectors.shape[1]
        kept = ~np.isin(self._papers, list(data))
        papers = np.concatenate([self._papers[kept], np.array(list(data), np.int64)])
        joined = b"".join(each if len(each) == size else bytes(size) for each in data.values())
        order = np.argsort(papers)
        more = Vectors(size)
        more._papers = papers[order]
        new = np.frombuffer(joined, np.int8).reshape(-1, size)
        more._vectors = np.concatenate([self._vectors[kept], new])[order]
        return more

    def cosines(self, wanted: Dense, numbers: NDArray[np.int64]) -> Scores:
        """Return the cosine of a vector with those of papers, by their numbers; 0 for those without."""
        found = np.zeros(len(numbers))
        if len(self._papers):
            products = np.concatenate(
                [
                    _cosines(wanted, self._vectors[start : start + BLOCK])
                    for start in range(0, len(self._papers), BLOCK)
                ]
            )
            places = np.minimum(np.searchsorted(self._papers, numbers), len(self._papers) - 1)
            there = self._papers[places] == numbers
            found[there] = products[places[there]]
        return found


def _cosines(wanted: Dense, vectors: NDArray[np.int8]) -> Dense:
    block = vectors.astype(np.float32)
    lengths = np.sqrt(np.einsum("ij,ij->i", block, block))
    cosines: Dense = block @ wanted / np.maximum(lengths, 1e-9)
    return cosines

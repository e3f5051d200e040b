"""Compares the vectors of many papers with one. In: vectors in signed bytes, by the numbers of papers."""

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from digest.search.meaning.encoder import Dense
from digest.search.shown import Scores

MEANING = 0.8  # share of likeness by meaning where words and meaning say which papers are alike
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
        self._lengths = np.empty(0, np.float32)

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
        more._lengths = np.concatenate([self._lengths[kept], _lengths(new)])[order]
        return more

    def nearer(self, paper: int, found: Sequence[tuple[int, float]], limit: int) -> list[tuple[int, float]]:
        """Put papers like one (number and likeness by words) in the order of likeness by words and meaning.

        Their likeness is then a mean of both cosines. One without a vector counts as the others do in the
        mean; where the paper itself has none, or half of the others have none, they stay as they are.
        """
        numbers = np.array([number for number, _ in found], np.int64)
        there, own = np.isin(numbers, self._papers), self._papers == paper
        if not len(found) or not own.any() or 2 * np.count_nonzero(there) < len(found):
            return list(found[:limit])
        wanted = self._vectors[own][0].astype(np.float32)
        meant = self.cosines(wanted / max(float(np.linalg.norm(wanted)), 1e-9), numbers)
        meant[~there] = meant[there].mean()
        both = (1 - MEANING) * np.array([likeness for _, likeness in found]) + MEANING * meant
        order = np.lexsort((numbers, -both))[:limit]
        return [(int(numbers[n]), round(float(both[n]), 6)) for n in order]

    def cosines(self, wanted: Dense, numbers: NDArray[np.int64]) -> Scores:
        """Return the cosine of a vector with those of papers, by their numbers; 0 for those without."""
        found = np.zeros(len(numbers))
        if len(self._papers):
            places = np.minimum(np.searchsorted(self._papers, numbers), len(self._papers) - 1)
            there = np.flatnonzero(self._papers[places] == numbers)
            rows = places[there]
            products = np.empty(len(rows), np.float32)
            for start in range(0, len(rows), BLOCK):
                block = slice(start, start + BLOCK)
                np.dot(self._vectors[rows[block]].astype(np.float32), wanted, out=products[block])
            found[there] = products / self._lengths[rows]
        return found


def _lengths(vectors: NDArray[np.int8]) -> Dense:
    """The length of each vector; of one that is all zero not 0, so that its cosine is."""
    squares = [
        np.einsum("ij,ij->i", block, block)
        for start in range(0, len(vectors), BLOCK)
        if len(block := vectors[start : start + BLOCK].astype(np.float32))
    ]
    lengths: Dense = np.sqrt(np.maximum(np.concatenate([np.empty(0, np.float32), *squares]), 1e-9))
    return lengths

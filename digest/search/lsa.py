"""Computes vectors of meaning: latent semantic analysis of the installation's own papers. numpy only.

In: segments. Out: a `Basis`, fitted once on a sample of them, and the vectors of any segment's papers in it.
A vector is 128 bytes: the paper's words (1 + ln tf) · idf, projected on the first 128 singular vectors of the
sample, each times a power of its singular value, at length 127 (Deerwester et al., JASIS 1990; Halko,
Martinsson, Tropp: Finding structure with randomness, 2011). Vectors of two bases mean different things and
must never be compared: whoever keeps them keeps the number of their basis beside them.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import blake2b

import numpy as np
from numpy.typing import NDArray

from digest.search.engine import Engine
from digest.search.index.packing import Buffer, pack, unpack
from digest.search.index.segment import Marks, Segment, shown_in
from digest.search.index.vocabulary import Vocabulary, to_arrays

DIMENSIONS = 128
SAMPLE = 12_000  # papers that a basis is fitted on, spread evenly
LEAST_PAPERS = 3  # of the sample, that have a stem of a basis
SHARPER = 0.25  # the power of its singular value by which a direction counts more
MADE = 2  # how bases are fitted; raise it with every change of it, so that installations fit theirs anew
MOST_STEMS = 20_000
FEWEST = 20  # papers, below which there is no basis
REFERENCE = 2_000  # papers of the sample that say what is unusually alike
ALIKE = 0.01  # of them: as many are like a paper as are at or above its threshold
_EXTRA = 16  # more random directions than dimensions, and
_ROUNDS = 2  # rounds of sharpening
_AT_ONCE = 1 << 16  # entries of a sparse matrix that are multiplied in one step
_SCALE = 127
_BLOCK = 256  # vectors that are multiplied at once: they stay in the processor's cache, in one thread
_ROWS = 500  # vectors that are compared with the reference in one step

Vectors = NDArray[np.int8]
Dense = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Basis:
    """The stems that count, the weight of each, and where each leads."""

    stems: tuple[str, ...]
    idf: Dense
    directions: Dense  # stems × dimensions
    reference: Vectors  # of papers of the sample, spread evenly: what `least_alike` is measured by
    made: int = MADE

    def packed(self) -> bytes:
        """Return the basis as bytes."""
        offsets, text = to_arrays(self.stems)
        return pack(
            {
                "offsets": offsets,
                "text": text,
                "idf": self.idf,
                "directions": self.directions.astype(np.float16).ravel(),
                "reference": self.reference.ravel(),
                "made": np.array([self.made], np.int64),
            }
        )

    def fingerprint(self) -> bytes:
        """Return what tells this basis from others: a hash of what it makes of its sample."""
        return blake2b(self.idf.tobytes() + self.reference.tobytes(), digest_size=16).digest()

    @classmethod
    def unpacked(cls, packed: Buffer) -> "Basis":
        """Return the basis that `packed` packed. Raises InputError for bytes that aren't whole."""
        arrays = unpack(packed)
        stems = Vocabulary(arrays["offsets"], arrays["text"]).all()
        directions = arrays["directions"].astype(np.float32).reshape(len(stems), -1)
        reference = arrays["reference"].reshape(-1, DIMENSIONS)
        made = int(arrays["made"][0]) if "made" in arrays else 1
        return cls(tuple(stems), arrays["idf"], directions, reference, made)


@dataclass(frozen=True, slots=True)
class _Sparse:
    """A matrix by its entries, in the order of rows."""

    rows: NDArray[np.int64]
    columns: NDArray[np.int64]
    values: Dense
    height: int
    width: int

    @classmethod
    def of(
        cls, rows: NDArray[np.int64], columns: NDArray[np.int64], values: Dense, height: int, width: int
    ) -> "_Sparse":
        order = np.argsort(rows, kind="stable")
        return cls(rows[order], columns[order], values[order], height, width)

    def turned(self) -> "_Sparse":
        return _Sparse.of(self.columns, self.rows, self.values, self.width, self.height)

    def times(self, dense: Dense) -> Dense:
        """Return the product with a dense matrix, some entries at a time."""
        product = np.zeros((self.height, dense.shape[1]), np.float32)
        for start in range(0, len(self.rows), _AT_ONCE):
            part = slice(start, start + _AT_ONCE)
            rows = self.rows[part]
            begins = np.flatnonzero(np.append(True, rows[1:] != rows[:-1]))
            terms = dense[self.columns[part]] * self.values[part, None]
            product[rows[begins]] += np.add.reduceat(terms, begins, axis=0)
        return product


def fit(segments: Sequence[Segment], marks: Sequence[Marks]) -> Basis | None:
    """Return a basis of the marked papers (of a sample of them, where there are many); None where they are
    few.

    The same papers give the same basis.
    """
    total = sum(int(np.count_nonzero(mark)) for mark in marks)
    if total < FEWEST:
        return None
    sampled = _sampled(marks, max(total // SAMPLE, 1))
    stems, idf = _stems(segments, sampled)
    if not stems:
        return None
    number_of = {stem: number for number, stem in enumerate(stems)}
    parts = []
    above = 0
    for segment, mark in zip(segments, sampled, strict=True):
        part = _weighed(segment, number_of, idf, mark)
        places = np.cumsum(mark) - 1 + above
        parts.append((places[part.rows], part.columns, part.values))
        above += int(np.count_nonzero(mark))
    rows, columns, values = (np.concatenate(each) for each in zip(*parts, strict=True))
    matrix = _Sparse.of(rows, columns, values, above, len(stems))
    directions = _directions(matrix).astype(np.float16).astype(np.float32)  # as they are kept
    reference = _rounded(matrix.times(directions))[:: max(-(-above // REFERENCE), 1)]
    return Basis(stems, idf, directions, reference)


def vectors(segment: Segment, basis: Basis) -> Vectors:
    """Return the vectors of a segment's papers, one below the other; zero where no stem of the basis is."""
    number_of = {stem: number for number, stem in enumerate(basis.stems)}
    everything = np.ones(len(segment), np.bool_)
    projected = _weighed(segment, number_of, basis.idf, everything).times(basis.directions)
    return _rounded(projected)


def least_alike(of_papers: Vectors, basis: Basis) -> NDArray[np.int64]:
    """Return, for each vector, its threshold: the product that a hundredth of the reference papers reach.

    The 99 % quantile and one place further down, because the paper itself may be among them; never below 1.
    """
    place = max(len(basis.reference) - 2 - int(len(basis.reference) * ALIKE), 0)
    reference = basis.reference.astype(np.float32).T
    found = np.ones(len(of_papers), np.int64)
    for start in range(0, len(of_papers), _ROWS):
        products = of_papers[start : start + _ROWS].astype(np.float32) @ reference
        products.partition(place, axis=1)
        found[start : start + _ROWS] = np.maximum(products[:, place], 1)
    return found


def cosines(one: Vectors, many: Vectors) -> Dense:
    """Return the cosine of one vector with each of many, all of the same basis."""
    return _products(one, many) / np.float32(_SCALE * _SCALE)


def _products(one: Vectors, many: Vectors) -> Dense:
    """The product of one vector with each of many; whole numbers, small enough to be exact."""
    single = one.astype(np.float32)
    products = np.empty(len(many), np.float32)
    for start in range(0, len(many), _BLOCK):
        block = slice(start, start + _BLOCK)
        np.dot(many[block].astype(np.float32), single, out=products[block])
    return products


def likest(several: Sequence[Vectors], of_segments: Sequence[Vectors]) -> NDArray[np.float64]:
    """Return the cosine of each paper of all segments with that of several vectors that it is most like."""
    found = [np.concatenate([cosines(one, each) for each in of_segments]) for one in several]
    most: NDArray[np.float64] = np.max(found, axis=0).astype(np.float64)
    return most


def alike(one: Vectors, least: int, many: Vectors) -> Marks:
    """Return which of many vectors reach the threshold of one, all of the same basis."""
    marks: Marks = _products(one, many) >= least
    return marks


def _rounded(projected: Dense) -> Vectors:
    """Vectors at length 127, in whole numbers."""
    return np.rint(_unit(projected) * _SCALE).astype(np.int8)


def _sampled(marks: Sequence[Marks], step: int) -> list[Marks]:
    """Every so many-th of the marked papers."""
    found, before = [], 0
    for mark in marks:
        order = np.cumsum(mark) - 1 + before
        found.append(mark & (order % step == 0))
        before += int(np.count_nonzero(mark))
    return found


def _stems(segments: Sequence[Segment], marks: Sequence[Marks]) -> tuple[tuple[str, ...], Dense]:
    """The stems of a basis, sorted, and the idf of each."""
    holding: dict[str, int] = {}
    for segment, mark in zip(segments, marks, strict=True):
        stems, papers, _ = segment.counts()
        there = np.bincount(stems[mark[papers]], minlength=len(segment.stems))
        for stem, count in zip(segment.stems.all(), there.tolist(), strict=True):
            if count:
                holding[stem] = holding.get(stem, 0) + count
    total = sum(int(np.count_nonzero(mark)) for mark in marks)
    telling = [
        stem
        for stem, count in holding.items()
        if count >= LEAST_PAPERS and len(stem) > 1 and not stem.isdigit()
    ]
    chosen = sorted(sorted(telling, key=lambda stem: (-holding[stem], stem))[:MOST_STEMS])
    return tuple(chosen), np.log(np.array([total / holding[stem] for stem in chosen])).astype(np.float32)


def _weighed(segment: Segment, number_of: dict[str, int], idf: Dense, mark: Marks) -> _Sparse:
    """Marked papers × stems of the basis: (1 + ln tf) · idf, each paper at length 1."""
    stems, papers, counts = segment.counts()
    numbers = np.array([number_of.get(stem, -1) for stem in segment.stems.all()], np.int64)
    columns = numbers[stems] if len(stems) else stems
    kept = (columns >= 0) & mark[papers]
    rows, columns = papers[kept], columns[kept]
    values = (1 + np.log(counts[kept])).astype(np.float32) * idf[columns]
    lengths = np.sqrt(np.bincount(rows, values**2, minlength=len(segment)))
    values /= np.maximum(lengths[rows], 1e-9).astype(np.float32)
    return _Sparse.of(rows, columns, values, len(segment), len(idf))


def _directions(matrix: _Sparse) -> Dense:
    """The first right singular vectors, found from random directions."""
    turned = matrix.turned()
    rng = np.random.default_rng(0)
    size = min(DIMENSIONS + _EXTRA, matrix.height, matrix.width)
    found = matrix.times(rng.standard_normal((matrix.width, size)).astype(np.float32))
    for _ in range(_ROUNDS):
        found = matrix.times(turned.times(_orthogonal(found)))
    inside = turned.times(_orthogonal(found))  # stems × size
    values, mixed = np.linalg.eigh(inside.T @ inside)
    order = np.argsort(values)[::-1][:DIMENSIONS]
    directions = np.zeros((matrix.width, DIMENSIONS), np.float32)
    singular = np.sqrt(np.maximum(values[order], 1e-9))
    directions[:, : len(order)] = inside @ mixed[:, order] * singular ** (SHARPER - 1)
    return directions


def _orthogonal(dense: Dense) -> Dense:
    columns, _ = np.linalg.qr(dense)
    return columns.astype(np.float32)


def _unit(dense: Dense) -> Dense:
    lengths = np.linalg.norm(dense, axis=1, keepdims=True)
    unit: Dense = dense / np.maximum(lengths, 1e-9)
    return unit


def standing(segments: Sequence[Segment]) -> tuple[Sequence[Segment], list[Marks]]:
    """Return segments (oldest first) and which papers of each stand, as `fit` takes them."""
    return segments, shown_in(segments)


def from_bytes(packed: bytes) -> Vectors:
    """Read vectors that were kept as bytes."""
    return np.frombuffer(packed, np.int8).reshape(-1, DIMENSIONS)


def nearest(
    engine: Engine, of_segments: Sequence[Vectors], number: int, limit: int
) -> list[tuple[int, float]]:
    """Return the numbers of the papers most like one, with their cosines, best first; nothing where it isn't
    shown.

    `of_segments`: the vectors of each of the engine's segments, all of one basis.
    """
    own = next(
        (
            vectors[int(place)]
            for (segment, marks), vectors in zip(engine.shown, of_segments, strict=True)
            for place in np.flatnonzero((segment.numbers == number) & marks)
        ),
        None,
    )
    if own is None or not own.any():
        return []
    numbers, values = [], []
    for (segment, marks), vectors in zip(engine.shown, of_segments, strict=True):
        numbers.append(segment.numbers[marks])
        values.append(cosines(own, vectors)[marks])
    number_of, cosine = np.concatenate(numbers), np.concatenate(values)
    others = number_of != number
    return highest(number_of[others], cosine[others], limit)


def highest(numbers: NDArray[np.int64], values: Dense, limit: int) -> list[tuple[int, float]]:
    """Return the numbers with the highest values, at most `limit`, best first; of equal ones the lower
    number.
    """
    if 0 < limit < len(values):  # only what can come among the first is sorted
        able = values >= np.partition(values, -limit)[-limit]
        numbers, values = numbers[able], values[able]
    order = np.lexsort((numbers, -values))[:limit]
    return [(int(numbers[n]), round(float(values[n]), 6)) for n in order]

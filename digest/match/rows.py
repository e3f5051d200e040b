"""Tree × all papers → points, as bit rows. In: a filter's tree and an `Index`. Out: how well each paper fits.

What one paper's hits are is said by `evaluate`; this says the same of all papers at once. Points are counted
in binary over sets of papers: bit n of plane i is bit i of the points of paper n.
"""

from collections.abc import Sequence
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from digest.filters import And, Node, Not, Or, TopicRef, leaves
from digest.match.evaluate import NOTHING, Topics
from digest.match.index import Found, Index
from digest.match.library import Library
from digest.match.score import MOST_OF_FILTER

PLANES = MOST_OF_FILTER.bit_length()  # binary digits of the points that one filter gives a paper
Bits = TypeVar("Bits", int, NDArray[np.uint64])
Held = tuple[int, list[tuple[Found, int]]]  # the papers of a tree; those where a term is a hit of it


def add(totals: list[Bits], extra: Sequence[Bits]) -> None:
    """Add numbers in binary to `totals`, in place; what is too large for its planes stays at most.

    `extra` has no more planes than `totals`. Arrays of bits are changed themselves.
    """
    carry: Bits | None = None
    for digit, new in enumerate(extra):
        both = totals[digit] & new
        totals[digit] ^= new
        if carry is not None:
            both |= totals[digit] & carry
            totals[digit] ^= carry
        carry = both
    if carry is None:
        return
    for digit in range(len(extra), len(totals)):
        both = totals[digit] & carry
        totals[digit] ^= carry
        carry = both
    for digit in range(len(totals)):
        totals[digit] |= carry


def points(node: Node, index: Index, topics: Topics) -> list[int]:
    """The planes of points of all papers; a paper has points if and only if the tree selects it.

    The same as `score.points` says of one paper.
    """
    selected, hits = held(node, index, topics)
    if not selected:
        return [0] * PLANES
    where: dict[int, int] = {}
    terms = {id(found): found for found, _ in hits}  # one term is one object, however often it is there
    for found, papers in hits:
        where[id(found)] = where.get(id(found), 0) | papers
    totals = [0] * PLANES
    for key, found in terms.items():
        add(totals, [found.told & where[key], found.named & where[key]])
    some = 0
    for plane in totals:
        some |= plane
    totals[0] |= selected & ~some
    return totals


def held(node: Node, index: Index, topics: Topics, *, wanted: bool = True) -> Held:
    """The papers where a tree is true (`wanted=False`: isn't), and those where each term is a hit of it."""
    match node:
        case Not(part):
            return held(part, index, topics, wanted=not wanted)
        case TopicRef(slug):
            return held(topics.get(slug, NOTHING), index, topics, wanted=wanted)
        case And(parts) | Or(parts):
            each = [held(part, index, topics, wanted=wanted) for part in parts]
            return _joined(each, index.full, all_needed=isinstance(node, And) == wanted)
        case _:
            found = index.find(node)
            papers = found.named | found.told | found.other
            return (papers, [(found, papers)]) if wanted else (index.full & ~papers, [])


def _joined(parts: Sequence[Held], full: int, *, all_needed: bool) -> Held:
    papers = full if all_needed else 0
    for some, _ in parts:
        papers = papers & some if all_needed else papers | some
    return papers, [(found, where & papers) for _, hits in parts for found, where in hits]


class Rows:
    """The points of each distinct filter, evaluated once, as rows of bits. Row 0 selects nothing."""

    def __init__(self, index: Index, library: Library, width: int) -> None:
        self._index, self._library, self._bytes = index, library, width * 8
        nothing = bytes(self._bytes)
        self._by_text: dict[str, int] = {}
        self._by_bits: dict[tuple[bytes, ...], int] = {(nothing,) * PLANES: 0}
        self._new: list[tuple[bytes, ...]] = [(nothing,) * PLANES]
        self.planes = [np.empty((0, width), np.uint64) for _ in range(PLANES)]

    def of(self, texts: Sequence[str]) -> list[int]:
        """The rows of filters (canonical texts); filters that agree about today's papers share one."""
        new = {text: self._library.tree(text) for text in texts if text not in self._by_text}
        terms = (leaf for tree in new.values() for leaf in leaves(tree))
        self._index.look_up(term for term in terms if not isinstance(term, TopicRef))
        for text, tree in new.items():
            planes = points(tree, self._index, self._library.topics)
            self._by_text[text] = self._numbered(planes) if any(planes) else 0
        return [self._by_text[text] for text in texts]

    def _numbered(self, planes: Sequence[int]) -> int:
        bits = tuple(plane.to_bytes(self._bytes, "little") for plane in planes)
        number = self._by_bits.setdefault(bits, len(self._by_bits))
        if number == len(self.planes[0]) + len(self._new):
            self._new.append(bits)
        return number

    def papers(self, text: str) -> int:
        """The papers that a filter (canonical text) selects: bit n for paper n."""
        (row,) = self.of([text])
        _, union = self.tables()
        return int.from_bytes(union[row].astype("<u8").tobytes(), "little")

    def tables(self) -> tuple[list[NDArray[np.uint64]], NDArray[np.uint64]]:
        """For each binary digit of points the rows of all filters so far; and their union."""
        if self._new:
            for digit, plane in enumerate(self.planes):
                new = np.frombuffer(b"".join(bits[digit] for bits in self._new), "<u8")
                self.planes[digit] = np.concatenate([plane, new.reshape(-1, plane.shape[1])])
            self._new = []
            self._any = np.bitwise_or.reduce(self.planes)
        return self.planes, self._any

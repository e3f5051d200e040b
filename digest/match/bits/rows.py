"""Computes the points of all papers, as bit rows. In: a filter's tree, an `Index`. Out: how well each fits.

What a filter means for one paper is said by `evaluate`; this says the same of all papers at once. While
a tree is read, its points are kept by level: bit n of level k says that paper n has k points or more,
so that the weakest of parts is AND and the strongest OR. Then they are written in binary, to be added:
bit n of plane i is bit i of the points of paper n.
"""

from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from digest.filters import And, LikeSaved, Node, Not, Or, TopicRef, asks_for_saved, leaves
from digest.match.bits.index import Found, Index
from digest.match.evaluate import NOTHING, Topics, evidence
from digest.match.fit import MOST_POINTS, Evidence
from digest.match.library import Library

PLANES = MOST_POINTS.bit_length()  # binary digits of the points that one filter gives a paper
Bits = TypeVar("Bits", int, NDArray[np.uint64])
Levels = Sequence[int]  # the papers with 1 point or more, with 2 or more, … 7
Held = tuple[Levels, Evidence]  # the first of the levels holds all papers of the tree


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


def points(node: Node, index: Index, topics: Topics, *, saved: int = 0) -> list[int]:
    """Return the planes of points of all papers; a paper has points if and only if the tree selects it.

    The same as `evaluate.points` says of one paper. `saved`: to how many of a reader's saved papers each
    paper is supposed to be alike, where the tree asks for `like:saved`; two say the same as more.
    """
    levels, rests = held(node, index, topics, saved=saved)
    if rests is Evidence.ABSENCE:
        levels = _only(levels[0])
    one, two, three, four, five, six, seven = levels
    return [one & ~two | three & ~four | five & ~six | seven, two & ~four | six, four]


def held(node: Node, index: Index, topics: Topics, *, wanted: bool = True, saved: int = 0) -> Held:
    """Return the levels of a tree, or of its opposite (`wanted=False`), and what they rest on."""
    match node:
        case Not(part):
            return held(part, index, topics, wanted=not wanted, saved=saved)
        case TopicRef(slug):
            return held(topics.get(slug, NOTHING), index, topics, wanted=wanted, saved=saved)
        case And(parts) | Or(parts):
            each = [
                alternative
                for part in parts
                for alternative in _parts(part, node, index, topics, wanted=wanted, saved=saved)
            ]
            return _weakest(each, index.full) if isinstance(node, And) == wanted else _strongest(each)
        case LikeSaved():
            found = _strongest(_each_saved(index, saved))
        case _:
            found = _levels(index.find(node)), evidence(node)
    return found if wanted else ([index.full & ~found[0][0]] * MOST_POINTS, Evidence.ABSENCE)


def _parts(
    part: Node, whole: And | Or, index: Index, topics: Topics, *, wanted: bool, saved: int
) -> list[Held]:
    """A part of a tree. Among alternatives `like:saved` is one for each saved paper (see `evaluate`)."""
    if isinstance(part, LikeSaved) and isinstance(whole, Or) and wanted:
        return _each_saved(index, saved)
    return [held(part, index, topics, wanted=wanted, saved=saved)]


def _each_saved(index: Index, saved: int) -> list[Held]:
    """What `like:` gives for each of so many papers, all papers being like them; for none: nothing."""
    papers = index.full if saved else 0
    return [(_levels(Found(papers, 0, 0, 0, 0)), Evidence.PROPERTY)] * max(saved, 1)


def _levels(found: Found) -> Levels:
    """`fit.term_points` of all papers."""
    in_title, in_abstract, repeated, at_edge, other = found
    if not in_abstract:
        return [in_title | other, in_title, in_title, in_title, 0, 0, 0]
    stressed = repeated | at_edge
    both = in_title & in_abstract
    return [
        in_title | in_abstract | other,
        in_title | stressed,
        in_title | repeated & at_edge,
        in_title,
        both,
        both & stressed,
        0,
    ]


def _only(papers: int) -> Levels:
    return [papers] + [0] * (MOST_POINTS - 1)


def _weakest(parts: Sequence[Held], full: int) -> Held:
    """`fit.weakest` of all papers."""
    rests = max((each for _, each in parts), default=Evidence.ABSENCE)
    papers = full
    for levels, _ in parts:
        papers &= levels[0]
    joined = [papers] * MOST_POINTS
    for levels, each in parts:
        if each is rests:
            joined = [before & level for before, level in zip(joined, levels, strict=True)]
    return joined, rests


def _strongest(parts: Sequence[Held]) -> Held:
    """`fit.strongest` of all papers."""
    rests = max((each for _, each in parts), default=Evidence.ABSENCE)
    any_of, several = [0] * MOST_POINTS, 0
    for own, each in parts:
        levels = _only(own[0]) if each is Evidence.ABSENCE else own
        several |= any_of[0] & levels[0]
        any_of = [before | level for before, level in zip(any_of, levels, strict=True)]
    return [any_of[0], *(level | before & several for before, level in pairwise(any_of))], rests


class Rows:
    """The points of each distinct filter, evaluated once, as rows of bits. Row 0 selects nothing.

    A filter that asks for `like:saved` means something else for each reader. Paper by paper it depends on no
    more than to how many of a reader's saved papers it is alike: none, one, or two and more. So it is three
    rows of all readers (`triples`), which `own` puts together for each.
    """

    def __init__(self, index: Callable[[], Index], library: Library, width: int) -> None:
        """`index` is called when a filter is first asked for: who wants what trends needs none."""
        self._index, self._library, self._bytes = index, library, width * 8
        nothing = bytes(self._bytes)
        self._by_text: dict[str, int] = {}
        self._by_bits: dict[tuple[bytes, ...], int] = {(nothing,) * PLANES: 0}
        self._new: list[tuple[bytes, ...]] = [(nothing,) * PLANES]
        self.triples: list[tuple[int, ...]] = []
        self.planes = [np.empty((0, width), np.uint64) for _ in range(PLANES)]

    def of(self, texts: Sequence[str]) -> list[int]:
        """Return the rows of filters (canonical texts); filters that agree about today's papers share one.

        One that asks for `like:saved` has a negative number: -1 minus the number of its triple.
        """
        new = {text: self._library.tree(text) for text in texts if text not in self._by_text}
        if new:
            self._read(new)
        return [self._by_text[text] for text in texts]

    def _read(self, new: Mapping[str, Node]) -> None:
        index = self._index()
        terms = (leaf for tree in new.values() for leaf in leaves(tree))
        index.look_up(term for term in terms if not isinstance(term, TopicRef | LikeSaved))
        for text, tree in new.items():
            if asks_for_saved(tree):
                self.triples.append(tuple(self._row(tree, index, saved) for saved in range(3)))
                self._by_text[text] = -len(self.triples)
            else:
                self._by_text[text] = self._row(tree, index)

    def _row(self, tree: Node, index: Index, saved: int = 0) -> int:
        planes = points(tree, index, self._library.topics, saved=saved)
        return self._numbered(planes) if any(planes) else 0

    def _numbered(self, planes: Sequence[int]) -> int:
        bits = tuple(plane.to_bytes(self._bytes, "little") for plane in planes)
        number = self._by_bits.setdefault(bits, len(self._by_bits))
        if number == len(self.planes[0]) + len(self._new):
            self._new.append(bits)
        return number

    def papers(self, text: str) -> int:
        """Return the papers that a filter (canonical text) selects: bit n for paper n."""
        (row,) = self.of([text])
        _, union = self.tables()
        return int.from_bytes(union[row].astype("<u8").tobytes(), "little")

    def tables(self) -> tuple[list[NDArray[np.uint64]], NDArray[np.uint64]]:
        """Return, for each binary digit of points, the rows of all filters so far; and their union."""
        if self._new:
            for digit, plane in enumerate(self.planes):
                new = np.frombuffer(b"".join(bits[digit] for bits in self._new), "<u8")
                self.planes[digit] = np.concatenate([plane, new.reshape(-1, plane.shape[1])])
            self._new = []
            self._any = np.bitwise_or.reduce(self.planes)
        return self.planes, self._any

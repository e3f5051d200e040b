"""The day's papers, ready for terms to be looked up. In: papers. Out: for one term, the papers that hold it.

Sets of papers are integers: bit n is paper n, the n-th of those given, so that AND, OR and NOT of a filter
are one operation each over all papers. Words lie in one array in their order, title and abstract of each
paper; which words are equal, or have one stem, is a range of numbers. Never looks at a tree or a subscriber.
"""

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from digest.domain import Field, Paper
from digest.filters import (
    AtLeast,
    Author,
    Category,
    Exact,
    Has,
    PaperId,
    Phrase,
    Prefix,
    SourceName,
    Word,
)
from digest.filters.categories import holds
from digest.filters.names import name_parts, names_agree
from digest.match.document import folded, ids_of, stems_of
from digest.words import fold, forms, written

FEW = 50  # places whose bits are set one by one sooner than all at once

Term = Word | Phrase | Exact | Prefix | Author | Category | PaperId | Has | SourceName | AtLeast
Positions = NDArray[np.int32]


class Found(NamedTuple):
    """The papers that satisfy a term, as bits, by the best place where it stands."""

    named: int  # in the title, or as an author
    told: int  # in the abstract and not in the title
    other: int  # what no text shows: a category, a number of upvotes


class Index:
    """Where each word, author, category and id stands; each distinct term is looked up once."""

    def __init__(self, papers: Sequence[Paper]) -> None:
        self.full = (1 << len(papers)) - 1
        self._papers = papers
        self._words = _Words(papers)
        self._authors: dict[str, list[tuple[tuple[str, ...], int]]] = defaultdict(list)
        for number, paper in enumerate(papers):
            for author in paper.authors:
                if parts := name_parts(author):
                    self._authors[parts[-1]].append((parts, number))
        self._categories = _by(papers, lambda paper: paper.categories)
        self._ids = _by(papers, ids_of)
        self._sources = _by(papers, lambda paper: map(fold, paper.sources))
        self._found: dict[Term, Found] = {}

    def find(self, leaf: Term) -> Found:
        """The papers that satisfy a term; the same object each time."""
        found = self._found.get(leaf)
        if found is None:
            found = self._found[leaf] = self._find(leaf)
        return found

    def _find(self, leaf: Term) -> Found:
        match leaf:
            case Word() | Phrase() | Exact() | Prefix():
                title, abstract = self._words.find(leaf)
                in_title = title if leaf.field in (None, Field.TITLE) else 0
                in_abstract = abstract if leaf.field in (None, Field.ABSTRACT) else 0
                return Found(in_title, in_abstract & ~in_title, 0)
            case Author(name):
                wanted = tuple(name.split(" "))
                known = self._authors.get(wanted[-1], ())
                return Found(_bits(number for parts, number in known if names_agree(wanted, parts)), 0, 0)
            case _:
                return Found(0, 0, self._property(leaf))

    def _property(self, leaf: Category | PaperId | Has | SourceName | AtLeast) -> int:
        match leaf:
            case Category(name):
                return _union(bits for category, bits in self._categories.items() if holds(name, category))
            case PaperId(wanted):
                return self._ids.get(wanted.lower(), 0)
            case SourceName(name):
                return self._sources.get(name, 0)
            case AtLeast(signal, least):
                return self._where(lambda paper: paper.latest(signal) >= least)
            case Has(what):
                return self._where(lambda paper: what == "code" and bool(paper.code_url))

    def _where(self, holds: Callable[[Paper], bool]) -> int:
        return _bits(number for number, paper in enumerate(self._papers) if holds(paper))


class _Words:
    """The words of all papers in one array; word numbers are sorted by stem, then by exact form.

    The field of a word is its slot: n for the title of paper n, `width` + n for its abstract.
    """

    def __init__(self, papers: Sequence[Paper]) -> None:
        self._width = -(-len(papers) // 8) * 8  # whole bytes
        numbers: dict[str, int] = {}
        stream: list[int] = []
        lengths: list[int] = []
        for paper in papers:
            for text in (paper.title, paper.abstract):
                words = written(text)
                stream.extend([numbers.setdefault(word, len(numbers)) for word in words])
                stream.append(-1)  # no phrase goes on behind the end of a text
                lengths.append(len(words) + 1)
        known = [forms(word) for word in numbers]
        ordered = sorted(set(known))
        self._stems: dict[str, tuple[int, int]] = {}  # the numbers of all words with a stem, from … to before
        for number, (stem, _) in enumerate(ordered):
            self._stems[stem] = (self._stems.get(stem, (number, 0))[0], number + 1)
        self._numbers = {exact: number for number, (_, exact) in enumerate(ordered)}
        renumbered = np.array([self._numbers[exact] for _, exact in known] + [-1], np.int32)
        self._stream = renumbered[np.array(stream, np.int64)]
        slots = np.arange(len(papers))[:, None] + [0, self._width]
        self._slots = np.repeat(slots.ravel(), np.array(lengths, np.int64)).astype(np.int32)
        self._order = np.argsort(self._stream, kind="stable").astype(np.int32)
        self._starts = np.searchsorted(self._stream[self._order], np.arange(len(ordered) + 1)).tolist()
        self._prefixes = sorted((folded(exact), number) for exact, number in self._numbers.items())

    def find(self, leaf: Word | Phrase | Exact | Prefix) -> tuple[int, int]:
        """The papers (as bits) that hold a term in the title, in the abstract."""
        match leaf:
            case Word(word):
                (stem,) = stems_of((word,))
                return self._papers(self._places(*self._stems.get(stem, (0, 0))))
            case Phrase(words):
                return self._papers(self._run([self._stems.get(stem) for stem in stems_of(words)]))
            case Exact(words):
                numbers = [self._numbers.get(word) for word in words]
                return self._papers(self._run([n if n is None else (n, n + 1) for n in numbers]))
            case Prefix(prefix):
                start = bisect_left(self._prefixes, (prefix, -1))
                places = []
                for word, number in self._prefixes[start:]:
                    if not word.startswith(prefix):
                        break
                    places.append(self._places(number, number + 1))
                return self._papers(np.concatenate(places)) if places else (0, 0)

    def _places(self, start: int, end: int) -> Positions:
        return self._order[self._starts[start] : self._starts[end]]

    def _run(self, ranges: Sequence[tuple[int, int] | None]) -> Positions:
        """The places where words of these ranges follow one another; None is a word that no paper has."""
        known = [each for each in ranges if each]
        if len(known) < len(ranges):
            return self._order[:0]
        sizes = [self._starts[end] - self._starts[start] for start, end in known]
        rarest = sizes.index(min(sizes))
        places = self._places(*known[rarest])
        for step, (start, end) in enumerate(known):
            if step != rarest:
                # Every text ends with -1: no run goes over an end, or from the first text to the last.
                beside = self._stream[places + (step - rarest)]
                places = places[(beside >= start) & (beside < end)]
        return places

    def _papers(self, places: Positions) -> tuple[int, int]:
        if not len(places):
            return 0, 0
        if len(places) > FEW:
            held = np.zeros(2 * self._width, np.bool_)
            held[self._slots[places]] = True
            bits = int.from_bytes(np.packbits(held, bitorder="little").tobytes(), "little")
        else:
            bits = _bits(self._slots[places].tolist())
        return bits & ((1 << self._width) - 1), bits >> self._width


def _by(papers: Sequence[Paper], names: Callable[[Paper], Iterable[str]]) -> dict[str, int]:
    """Name → the papers that have it."""
    found: dict[str, int] = defaultdict(int)
    for number, paper in enumerate(papers):
        for name in names(paper):
            found[name] |= 1 << number
    return dict(found)


def _bits(numbers: Iterable[int]) -> int:
    return _union(1 << number for number in numbers)


def _union(sets: Iterable[int]) -> int:
    union = 0
    for each in sets:
        union |= each
    return union

"""The day's papers, ready for terms to be looked up. In: papers. Out: for one term, the papers that hold it.

Sets of papers are integers: bit n is paper n, the n-th of those given, so that AND, OR and NOT of a filter
are one operation each over all papers. Never looks at a tree or a subscriber.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cached_property
from typing import NamedTuple

from digest.domain import Field, Paper
from digest.filters import (
    AtLeast,
    Author,
    Category,
    Has,
    Keyword,
    Like,
    Organization,
    PaperId,
    SourceName,
    Year,
)
from digest.filters.categories import holds
from digest.filters.names import keyword_key, name_parts, names_agree, names_organization
from digest.filters.tree import TextLeaf
from digest.match.bits.likes import Likes
from digest.match.bits.places import Places
from digest.match.document import ids_of
from digest.match.likeness import Likeness, NoLikeness
from digest.match.notes import note
from digest.words import fold

Property = Category | Organization | Keyword | Year | PaperId | Like | Has | SourceName | AtLeast
OtherTerm = Author | Property
Term = TextLeaf | OtherTerm


class Found(NamedTuple):
    """The papers that satisfy a term, as bits, by where it stands (see `fit`)."""

    in_title: int  # as an author, an id, the first category
    in_abstract: int
    repeated: int  # more than once in the abstract
    at_edge: int  # there in the first or the last sentence
    other: int  # what no text shows: another category, a number of upvotes


class Index:
    """Where each word, author, category and id stands; each distinct term is looked up once."""

    def __init__(self, papers: Sequence[Paper], likeness: Likeness | None = None) -> None:
        self.full = (1 << len(papers)) - 1
        self._papers = papers
        self._places = Places(papers)
        self.likes = Likes(papers, likeness or NoLikeness())
        self._categories = _by(papers, lambda paper: paper.categories)
        self._first_categories = _by(papers, lambda paper: paper.categories[:1])
        self._ids = _by(papers, ids_of)
        self._sources = _by(papers, lambda paper: map(fold, paper.sources))
        self._found: dict[Term, Found] = {}

    def find(self, term: Term) -> Found:
        """Return the papers that satisfy a term; the same object each time."""
        if term not in self._found:
            self.look_up([term])
        return self._found[term]

    def look_up(self, terms: Iterable[Term]) -> None:
        """Find the papers of many terms at once, which takes less time than one by one."""
        new = [term for term in dict.fromkeys(terms) if term not in self._found]
        texts = [term for term in new if isinstance(term, TextLeaf)]
        for term, (title, abstract, repeated, at_edge) in zip(texts, self._places.find(texts), strict=True):
            in_title = title if term.field is not Field.ABSTRACT else 0
            in_abstract = (abstract, repeated, at_edge) if term.field is not Field.TITLE else (0, 0, 0)
            self._found[term] = Found(in_title, *in_abstract, 0)
        self.likes.look_up(term.id for term in new if isinstance(term, Like))
        for other in new:
            if not isinstance(other, TextLeaf):
                self._found[other] = self._other(other)

    def _other(self, term: OtherTerm) -> Found:
        named, other = 0, 0
        match term:
            case Author(name):
                wanted = tuple(name.split(" "))
                known = self._authors.get(wanted[-1], ())
                named = _bits(number for parts, number in known if names_agree(wanted, parts))
            case Category(name):
                named = _union(bits for first, bits in self._first_categories.items() if holds(name, first))
                other = _union(bits for each, bits in self._categories.items() if holds(name, each))
            case PaperId(wanted_id):
                named = self._ids.get(wanted_id.lower(), 0)
            case Like(wanted_id):
                named = self.likes.row(wanted_id)
            case Organization(name):
                listed = self._organizations.items()
                named = _union(bits for each, bits in listed if names_organization(name, each))
            case Keyword(name):
                named = self._keywords.get(keyword_key(name), 0)
            case _:
                other = self._property(term)
        return Found(named, 0, 0, 0, other & ~named)

    @cached_property
    def _authors(self) -> Mapping[str, list[tuple[tuple[str, ...], int]]]:
        """Family name → the parts of each name that ends so, and the number of the paper."""
        found: dict[str, list[tuple[tuple[str, ...], int]]] = defaultdict(list)
        for number, paper in enumerate(self._papers):
            for author in paper.authors:
                if parts := name_parts(author):
                    found[parts[-1]].append((parts, number))
        return found

    @cached_property
    def _organizations(self) -> Mapping[str, int]:
        return _by(self._papers, lambda paper: [paper.organization] if paper.organization else [])

    @cached_property
    def _keywords(self) -> Mapping[str, int]:
        return _by(self._papers, lambda paper: map(keyword_key, paper.keywords))

    def _property(self, leaf: Has | Year | SourceName | AtLeast) -> int:
        match leaf:
            case SourceName(name):
                return self._sources.get(name, 0)
            case Has() | Year() | AtLeast():
                return self._where(lambda paper: bool(note(leaf, paper)))

    def _where(self, holds: Callable[[Paper], bool]) -> int:
        return _bits(number for number, paper in enumerate(self._papers) if holds(paper))


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

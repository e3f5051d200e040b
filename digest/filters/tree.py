"""Defines what a filter is, once read: a tree of frozen values. It neither reads nor prints text.

Words in a tree are folded (case, diacritics, compatibility forms) but not stemmed; `Exact` keeps its case.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from digest.domain import Field, SignalKind


@dataclass(frozen=True, slots=True)
class Word:
    """Any form of one English word, in the title or the abstract (`field`: only there)."""

    word: str
    field: Field | None = None


@dataclass(frozen=True, slots=True)
class Phrase:
    """Two words or more that follow one another in one field, each in any of its forms."""

    words: tuple[str, ...]
    field: Field | None = None


@dataclass(frozen=True, slots=True)
class Exact:
    """Words that follow one another exactly so, case kept, no stems."""

    words: tuple[str, ...]
    field: Field | None = None


@dataclass(frozen=True, slots=True)
class Prefix:
    """Any word that begins so."""

    prefix: str
    field: Field | None = None


@dataclass(frozen=True, slots=True)
class Author:
    """A folded name: its parts with one space between, the family name last."""

    name: str


@dataclass(frozen=True, slots=True)
class Category:
    """A category as its taxonomy writes it; an archive holds its classes."""

    name: str


@dataclass(frozen=True, slots=True)
class Organization:
    """Folded words that follow one another in the name of the organization that lists the paper."""

    name: str


@dataclass(frozen=True, slots=True)
class Keyword:
    """Folded words that are one of the paper's keywords, each in any of its forms."""

    name: str


@dataclass(frozen=True, slots=True)
class Year:
    """Papers published from the first to the last of these years; None: until now."""

    first: int
    last: int | None

    def holds(self, year: int) -> bool:
        """Return whether a year is among them."""
        return self.first <= year <= (year if self.last is None else self.last)


@dataclass(frozen=True, slots=True)
class TopicRef:
    """What the topic of this slug selects."""

    slug: str


@dataclass(frozen=True, slots=True)
class PaperId:
    """One paper, by canonical id (`arxiv:2509.13332`, `doi:10.1101/…`, `<source>:<id>`)."""

    id: str


@dataclass(frozen=True, slots=True)
class Like:
    """Papers whose text is like that of one paper, named by its canonical id (see `PaperId`)."""

    id: str


@dataclass(frozen=True, slots=True)
class LikeSaved:
    """Papers whose text is like that of any paper that the reader saved.

    `ids`: canonical ids of those papers, where the reader is known (see `with_saved`); a filter as it is
    stored has none.
    """

    ids: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Has:
    """Papers that come with something: `code`, a `project` page, a curator's `pick`."""

    what: str


@dataclass(frozen=True, slots=True)
class SourceName:
    """Papers that the source of this name carried."""

    name: str


@dataclass(frozen=True, slots=True)
class AtLeast:
    """Papers whose signal stands at this number or more."""

    signal: SignalKind
    number: int


@dataclass(frozen=True, slots=True)
class And:
    """All of them."""

    parts: tuple["Node", ...]


@dataclass(frozen=True, slots=True)
class Or:
    """At least one of them."""

    parts: tuple["Node", ...]


@dataclass(frozen=True, slots=True)
class Not:
    """Papers that `part` doesn't select."""

    part: "Node"


TextLeaf = Word | Phrase | Exact | Prefix
Leaf = (
    TextLeaf
    | Author
    | Category
    | Organization
    | Keyword
    | Year
    | TopicRef
    | PaperId
    | Like
    | LikeSaved
    | Has
    | SourceName
    | AtLeast
)
Node = Leaf | And | Or | Not


def asks_for_saved(node: Node) -> bool:
    """Tell whether a tree means something else for each reader: whether it asks for `like:saved`."""
    return any(isinstance(leaf, LikeSaved) for leaf in leaves(node))


def with_saved(node: Node, ids: Sequence[str]) -> Node:
    """Return the tree for a reader who saved the papers with these canonical ids."""
    match node:
        case LikeSaved():
            return LikeSaved(tuple(ids))
        case Not(part):
            return Not(with_saved(part, ids))
        case And(parts) | Or(parts):
            return type(node)(tuple(with_saved(part, ids) for part in parts))
        case _:
            return node


def leaves(node: Node) -> Iterator[Leaf]:
    """Yield all leaves of a tree, from left to right, whatever stands above them."""
    if isinstance(node, Not):
        yield from leaves(node.part)
    elif isinstance(node, And | Or):
        for part in node.parts:
            yield from leaves(part)
    else:
        yield node

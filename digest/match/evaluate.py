"""Tree × document → what matched, or nothing. In: a filter's tree and one paper. Out: hits with their places.

It knows nothing of subscribers or scores. This is the plain meaning of a filter; faster engines are held to
it.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from digest.domain import Field
from digest.filters import (
    And,
    AtLeast,
    Author,
    Category,
    Exact,
    Has,
    Keyword,
    Leaf,
    Node,
    Not,
    Or,
    Organization,
    PaperId,
    Phrase,
    Prefix,
    SourceName,
    TopicRef,
    Word,
    Year,
    canonical,
)
from digest.filters.categories import holds
from digest.filters.names import keyword_key, names_agree, names_organization
from digest.filters.tree import TextLeaf
from digest.match.document import Document, Text
from digest.match.notes import note


@dataclass(frozen=True, slots=True)
class Hit:
    """A leaf that a paper satisfies: what the paper writes there, in which field, from where to where.

    For authors and categories `start` is the index in the list. Leaves that no text shows (`has:code`,
    `upvotes>=20`) have no field; `note` says what holds.
    """

    leaf: Leaf
    field: Field | None = None
    term: str = ""
    start: int = 0
    end: int = 0
    note: str = ""


Hits = tuple[Hit, ...]
Topics = Mapping[str, Node]

NOTHING = Or(())  # the tree that selects no paper


def evaluate(node: Node, document: Document, topics: Topics, *, wanted: bool = True) -> Hits | None:
    """The hits of all leaves that make the tree true for this paper, or None where it is false.

    `wanted=False`: the same for the tree's opposite. What matters by its absence gives no hit.
    """
    match node:
        case Not(part):
            return evaluate(part, document, topics, wanted=not wanted)
        case TopicRef(slug):
            # A topic that is no longer there selects nothing.
            tree = topics.get(slug, NOTHING)
            return evaluate(tree, document, topics, wanted=wanted)
        case And(parts) | Or(parts):
            found = [evaluate(part, document, topics, wanted=wanted) for part in parts]
            held = [hits for hits in found if hits is not None]
            all_needed = isinstance(node, And) == wanted
            enough = len(held) >= (len(found) if all_needed else 1)
            return tuple(hit for hits in held for hit in hits) if enough else None
        case _:
            hit = _leaf(node, document)
            if (hit is not None) != wanted:
                return None
            return (hit,) if hit else ()


def misses(node: Node, document: Document, topics: Topics, *, wanted: bool = True) -> tuple[str, ...]:
    """Why a paper doesn't satisfy a tree; empty where it does.

    One line a term that it lacks (`no mamba`) or that it should lack (`has survey`), in canonical text.
    """
    if evaluate(node, document, topics, wanted=wanted) is not None:
        return ()
    match node:
        case Not(part):
            return misses(part, document, topics, wanted=not wanted)
        case And(parts) | Or(parts):
            every = (misses(part, document, topics, wanted=wanted) for part in parts)
            return tuple(dict.fromkeys(miss for each in every for miss in each))
        case _:
            return (f"no {canonical(node)}" if wanted else f"has {canonical(node)}",)


def _leaf(leaf: Leaf, document: Document) -> Hit | None:
    match leaf:
        case Word() | Phrase() | Exact() | Prefix():
            return _text(leaf, document)
        case Author(name):
            wanted = tuple(name.split(" "))
            for index, author in enumerate(document.authors):
                if names_agree(wanted, author):
                    return Hit(leaf, Field.AUTHOR, document.paper.authors[index], index, index + 1)
        case Category(name):
            for index, category in enumerate(document.paper.categories):
                if holds(name, category):
                    return Hit(leaf, Field.CATEGORY, category, index, index + 1)
        case _:
            words = _note(leaf, document)
            return Hit(leaf, note=words) if words else None
    return None


def _note(leaf: Leaf, document: Document) -> str:
    """What holds for the paper, in words; empty where it doesn't."""
    paper = document.paper
    match leaf:
        case PaperId(wanted):
            return wanted if wanted.lower() in document.ids else ""
        case SourceName(name):
            return f"carried by {name}" if name in document.sources else ""
        case Organization(name):
            return f"listed by {paper.organization}" if names_organization(name, paper.organization) else ""
        case Keyword(name):
            key = keyword_key(name)
            return next((f"keyword {each}" for each in paper.keywords if keyword_key(each) == key), "")
        case Has() | Year() | AtLeast():
            return note(leaf, paper)
        case _:
            return ""


def _text(leaf: TextLeaf, document: Document) -> Hit | None:
    """The first place in the title, else in the abstract."""
    for field, text in document.texts:
        if leaf.field in (None, field):
            place = _place(leaf, text)
            if place:
                start, end = place
                return Hit(leaf, field, text.text[start:end], start, end)
    return None


def _place(leaf: TextLeaf, text: Text) -> tuple[int, int] | None:
    match leaf:
        case Word(word):
            return text.find_forms((word,))
        case Phrase(words):
            return text.find_forms(words)
        case Exact(words):
            return text.find_exact(words)
        case Prefix(prefix):
            return text.find_prefix(prefix)

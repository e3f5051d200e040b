"""Evaluates a tree for one paper. In: a filter's tree and a document. Out: hits with their places, or
nothing.

It knows nothing of subscribers or scores. This is the plain meaning of a filter; faster engines are held to
it.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

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
    Like,
    LikeSaved,
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
from digest.languages import deferred
from digest.match.document import Document, Standing, Text
from digest.match.fit import MOST_POINTS, NAMED, Evidence, strongest, term_points, weakest
from digest.match.notes import note


@dataclass(frozen=True, slots=True)
class Hit:
    """A leaf that a paper satisfies: what the paper writes there, in which field, from where to where.

    For authors and categories `start` is the index in the list. Leaves that no text shows (`has:code`,
    `upvotes>=20`) have no field; `note` says what holds. `points` are those of `fit.term_points`.
    """

    leaf: Leaf
    points: int
    field: Field | None = None
    term: str = ""
    start: int = 0
    end: int = 0
    note: str = ""


Hits = tuple[Hit, ...]
Topics = Mapping[str, Node]

NAMING = PaperId | Like | LikeSaved | Organization | Keyword  # what a paper is known by, like its title
NOTHING = Or(())  # the tree that selects no paper


class Found(NamedTuple):
    """What a tree says of a paper: the hits of the leaves that make it true, or None where it is false;
    how much the paper is about it; and on what that rests, which is the same for all papers."""

    hits: Hits | None
    points: int
    evidence: Evidence


def evaluate(node: Node, document: Document, topics: Topics) -> Hits | None:
    """Return the hits of all leaves that make the tree true for this paper, or None where it is false.

    What matters by its absence gives no hit.
    """
    return find(node, document, topics).hits


def points(node: Node, document: Document, topics: Topics) -> int:
    """Return how much the paper is about what the tree asks for, 1 … 7; 0 where it doesn't satisfy it."""
    return find(node, document, topics).points


def find(node: Node, document: Document, topics: Topics) -> Found:
    """Return hits and points at once."""
    found = _find(node, document, topics, wanted=True)
    if found.hits is None:
        return found._replace(points=0)
    return found if found.evidence is not Evidence.ABSENCE else found._replace(points=1)


def _find(node: Node, document: Document, topics: Topics, *, wanted: bool) -> Found:
    """The same for a part of a tree, or for its opposite (`wanted=False`)."""
    match node:
        case Not(part):
            return _find(part, document, topics, wanted=not wanted)
        case TopicRef(slug):
            # A topic that is no longer there selects nothing.
            return _find(topics.get(slug, NOTHING), document, topics, wanted=wanted)
        case And(parts) | Or(parts):
            found = [each for part in parts for each in _found(part, node, document, topics, wanted=wanted)]
            return _joined(found, all_needed=isinstance(node, And) == wanted)
        case LikeSaved():
            return _find(Or((node,)), document, topics, wanted=wanted)
        case _:
            hit = _leaf(node, document)
            if not wanted:
                return Found(None if hit else (), MOST_POINTS, Evidence.ABSENCE)
            return Found((hit,) if hit else None, hit.points if hit else 0, evidence(node))


def _found(
    part: Node, whole: And | Or, document: Document, topics: Topics, *, wanted: bool
) -> Iterator[Found]:
    """Yield what a part of a tree finds. Among alternatives `like:saved` is one for each paper saved."""
    if not isinstance(part, LikeSaved) or not isinstance(whole, Or):
        yield _find(part, document, topics, wanted=wanted)
        return
    alike = [compared.title for each in part.ids if (compared := document.compare(each)).holds]
    for title in alike if wanted else ():
        hit = Hit(part, NAMED, note=deferred("like: {title} you saved", title=title))
        yield Found((hit,), NAMED, Evidence.PROPERTY)
    if not wanted:
        yield Found(None if alike else (), MOST_POINTS, Evidence.ABSENCE)
    elif not alike:
        yield Found(None, 0, Evidence.PROPERTY)


def _joined(parts: Sequence[Found], *, all_needed: bool) -> Found:
    rests = max((each.evidence for each in parts), default=Evidence.ABSENCE)
    held = [each for each in parts if each.hits is not None]
    if len(held) < (len(parts) if all_needed else 1):
        return Found(None, 0, rests)
    points = [(each.points, each.evidence) for each in held]
    return Found(
        tuple([hit for each in held for hit in each.hits or ()]),
        weakest(points) if all_needed else strongest(points),
        rests,
    )


def evidence(leaf: Leaf) -> Evidence:
    """Return what a leaf rests on that a paper has."""
    return Evidence.TEXT if isinstance(leaf, TextLeaf | Author) else Evidence.PROPERTY


def misses(node: Node, document: Document, topics: Topics, *, wanted: bool = True) -> tuple[str, ...]:
    """Return why a paper doesn't satisfy a tree; empty where it does.

    One line a term that it lacks (`no mamba`) or that it should lack (`has survey`), in canonical text.
    """
    if _find(node, document, topics, wanted=wanted).hits is not None:
        return ()
    match node:
        case Not(part):
            return misses(part, document, topics, wanted=not wanted)
        case And(parts) | Or(parts):
            every = (misses(part, document, topics, wanted=wanted) for part in parts)
            return tuple(dict.fromkeys(miss for each in every for miss in each))
        case Like(other) if wanted:
            return (_lacking(node, document.compare(other).lacks()),)
        case LikeSaved(ids) if wanted:
            return (_lacking(node, _like_none(ids)),)
        case _:
            lacking = deferred("no {term}", term=canonical(node))
            return (lacking if wanted else deferred("has {term}", term=canonical(node)),)


def _lacking(node: Node, why: str) -> str:
    return deferred("no {term} ({reason})", term=canonical(node), reason=why)


def _like_none(saved: Sequence[str]) -> str:
    if not saved:
        return deferred("no papers are saved")
    if len(saved) == 1:
        return deferred("not like the paper saved")
    return deferred("like none of the {number} papers saved", number=len(saved))


def _leaf(leaf: Leaf, document: Document) -> Hit | None:
    match leaf:
        case Word() | Phrase() | Exact() | Prefix():
            return _text(leaf, document)
        case Author(name):
            wanted = tuple(name.split(" "))
            for index, author in enumerate(document.authors):
                if names_agree(wanted, author):
                    written = document.paper.authors[index]
                    return Hit(leaf, NAMED, Field.AUTHOR, written, index, index + 1)
        case Category(name):
            for index, category in enumerate(document.paper.categories):
                if holds(name, category):
                    return Hit(leaf, 1 if index else NAMED, Field.CATEGORY, category, index, index + 1)
        case _:
            words = _note(leaf, document)
            return Hit(leaf, NAMED if isinstance(leaf, NAMING) else 1, note=words) if words else None
    return None


def _note(leaf: Leaf, document: Document) -> str:  # noqa: PLR0911 - a return for each kind of leaf
    """What holds for the paper, in words; empty where it doesn't."""
    paper = document.paper
    match leaf:
        case PaperId(wanted):
            return wanted if wanted.lower() in document.ids else ""
        case Like(other):
            found = document.compare(other)
            return deferred("like: {title}", title=found.title) if found.holds else ""
        case SourceName(name):
            return deferred("carried by {source}", source=name) if name in document.sources else ""
        case Organization(name):
            listed = names_organization(name, paper.organization)
            return deferred("listed by {name}", name=paper.organization) if listed else ""
        case Keyword(name):
            key = keyword_key(name)
            known = (each for each in paper.keywords if keyword_key(each) == key)
            return next((deferred("keyword {word}", word=each) for each in known), "")
        case Has() | Year() | AtLeast():
            return note(leaf, paper)
        case _:
            return ""


def _text(leaf: TextLeaf, document: Document) -> Hit | None:
    """The first place in the title, else in the abstract."""
    title, abstract = (
        _standing(leaf, text) if leaf.field in (None, field) else None for field, text in document.texts
    )
    best = title or abstract
    if not best:
        return None
    field, text = document.texts[0 if title else 1]
    points = term_points(
        in_title=title is not None,
        in_abstract=abstract is not None,
        repeated=abstract is not None and abstract.repeated,
        at_edge=abstract is not None and abstract.at_edge,
    )
    return Hit(leaf, points, field, text.text[best.start : best.end], best.start, best.end)


def _standing(leaf: TextLeaf, text: Text) -> Standing | None:
    match leaf:
        case Word(word):
            return text.find_forms((word,))
        case Phrase(words):
            return text.find_forms(words)
        case Exact(words):
            return text.find_exact(words)
        case Prefix(prefix):
            return text.find_prefix(prefix)

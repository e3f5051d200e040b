"""Prints a tree as canonical text. In: any tree. Out: the one text that all trivial rewritings of it share.

Trivial are: the order of what AND and OR join, brackets that change nothing, NOT NOT, the same thing twice,
and what folding removes (case, spaces, diacritics). It never applies deeper laws (distribution, De Morgan,
absorption): they would make a filter that its writer doesn't recognise.
"""

from digest.domain import Field
from digest.filters.tree import (
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
    TextLeaf,
    TopicRef,
    Word,
    Year,
)

NAMES: dict[type[Leaf], str] = {
    Author: "au",
    Category: "cat",
    Organization: "org",
    Keyword: "keyword",
    TopicRef: "topic",
    Has: "has",
    SourceName: "source",
}
FIELD_NAMES = {None: "", Field.TITLE: "ti:", Field.ABSTRACT: "abs:"}


def canonical(node: Node) -> str:
    """Return the canonical text of a tree; `parse` reads it back to `normal(node)`."""
    return _text(normal(node))


def normal(node: Node) -> Node:
    """Return the tree with joined parts flat, sorted and without doubles, and without NOT NOT."""
    if isinstance(node, Not):
        part = normal(node.part)
        return part.part if isinstance(part, Not) else Not(part)
    if not isinstance(node, And | Or):
        return node
    kind = type(node)
    parts: set[Node] = set()
    for part in map(normal, node.parts):
        parts.update(part.parts if isinstance(part, kind) else (part,))
    # What is wanted first, then what isn't: it reads as people write it.
    ordered = sorted(parts, key=lambda part: (isinstance(part, Not), _text(part)))
    return ordered[0] if len(ordered) == 1 else kind(tuple(ordered))


def _text(node: Node) -> str:
    match node:
        case Not(part):
            return f"NOT {_inside(part)}"
        case And(parts):
            return " ".join(_text(part) if isinstance(part, Not) else _inside(part) for part in parts)
        case Or(parts):
            return " OR ".join(map(_text, parts))
        case _:
            return _leaf(node)


def _inside(node: Node) -> str:
    """The text of a part, in brackets where the operator around it binds tighter."""
    return f"({_text(node)})" if isinstance(node, And | Or) else _text(node)


def _leaf(leaf: Leaf) -> str:  # noqa: PLR0911 - a return for each kind of leaf
    match leaf:
        case Word() | Phrase() | Exact() | Prefix():
            return FIELD_NAMES[leaf.field] + _words(leaf)
        case AtLeast(signal, number):
            return f"{signal}>={number}"
        case Year(first, last):
            return f"year:{first}" if first == last else f"year:{first}-{last or ''}"
        case PaperId(paper):
            is_doi = paper.startswith("doi:")
            return f"doi:{_quoted(paper[4:])}" if is_doi else f"id:{_quoted(paper.removeprefix('arxiv:'))}"
        case Like(paper):
            return f"like:{_quoted(paper.removeprefix('arxiv:'))}"
        case LikeSaved():
            return "like:saved"
        case TopicRef(value) | Has(value):
            return f"{NAMES[type(leaf)]}:{_quoted(value)}"
        case Author() | Category() | Organization() | Keyword() | SourceName():
            return f"{NAMES[type(leaf)]}:{_quoted(leaf.name)}"


def _words(leaf: TextLeaf) -> str:
    match leaf:
        case Word(word):
            return word
        case Prefix(prefix):
            return f"{prefix}*"
        case Phrase(words):
            return f'"{" ".join(words)}"'
        case Exact(words):
            return f"={_quoted(' '.join(words))}"


def _quoted(value: str) -> str:
    """A value, in quotes where a bracket, a bar or a space would end it, or its first sign be an operator."""
    needs_quotes = value[:1] in {"-", "="} or any(c.isspace() or c in "()|" for c in value)
    return f'"{value}"' if needs_quotes else value

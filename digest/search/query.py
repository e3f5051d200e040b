"""Divides a search into what ranks and what selects. In: a tree of the filter language. Out: a `Query`.

Words that stand by themselves rank: a paper need not have all of them. Everything else selects: phrases,
fields, exact forms, prefixes, alternatives in OR and what is excluded hold strictly, as in a filter.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from digest.filters import And, Node, Not, Or, Phrase, Word, normal
from digest.filters.tree import TextLeaf


@dataclass(frozen=True, slots=True)
class Query:
    """`words`: those that rank, folded, each once; `selects`: the rest of the tree, or nothing.

    `further`: words of the rest that a paper must or may have; they rank among what is selected.
    """

    words: tuple[str, ...]
    selects: Node | None
    further: tuple[str, ...] = ()


def read(tree: Node, typed: tuple[str, ...] = ()) -> Query:
    """Divide a tree into what ranks and what selects.

    `typed`: words in the order of the text, where known.
    """
    parts = tree.parts if isinstance(tree, And) else (tree,)
    words = [part.word for part in parts if isinstance(part, Word) and part.field is None]
    rest = tuple(part for part in parts if not (isinstance(part, Word) and part.field is None))
    place = {word: number for number, word in reversed(list(enumerate(typed)))}
    words.sort(key=lambda word: place.get(word, len(place)))
    selects = None if not rest else rest[0] if len(rest) == 1 else And(rest)
    further = dict.fromkeys(word for leaf in _positive(selects) for word in _words(leaf)) if selects else {}
    return Query(tuple(words), selects, tuple(further))


def corrected(tree: Node, words: Mapping[str, str]) -> Node:
    """Return the tree with words that rank replaced, by `words` (wrong word → right word)."""
    parts = tree.parts if isinstance(tree, And) else (tree,)
    changed = tuple(
        Word(words.get(part.word, part.word)) if isinstance(part, Word) and part.field is None else part
        for part in parts
    )
    return normal(changed[0] if len(changed) == 1 else And(changed))


def _positive(node: Node) -> Iterator[TextLeaf]:
    """The leaves over text that speak for a paper."""
    match node:
        case And(parts) | Or(parts):
            for part in parts:
                yield from _positive(part)
        case Not(Not(part)):
            yield from _positive(part)
        case Word() | Phrase():
            yield node


def _words(leaf: TextLeaf) -> tuple[str, ...]:
    match leaf:
        case Word(word):
            return (word,)
        case Phrase(words):
            return words
        case _:
            return ()

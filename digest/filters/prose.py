"""Reads a title or a question, which `parse` refuses for its punctuation. In: text. Out: a tree, or nothing.

Whoever pastes “BERT: Pre-training of Deep Transformers” into a search means its words. Filters of
subscriptions are never read so: there, a doubt about what is meant is an error.
"""

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

from digest.filters.errors import OTHER_NAMES, nearest_field
from digest.filters.printing import normal
from digest.filters.reading import MAX_BYTES, MAX_CHARACTERS, MAX_TERMS, tokens_of
from digest.filters.terms import ANY_FIELD, COMPARISON, EXAMPLES, SIGNALS, text_leaf
from digest.filters.tree import And, Node
from digest.filters.typography import fold_typography
from digest.text import clean
from digest.words import written

if TYPE_CHECKING:
    from lark import Token

OPERATORS = {"_OR", "_AND"}
EXCLUDED = re.compile(r'-[\w"(=]')  # a minus right before what it excludes


def words_of(text: str) -> Node | None:
    """Return the words of a text as a filter, and what stands in quotes as phrases; None where it has a sign
    of the filter language, or no words.

    Signs are operators, exclusions, exact forms, open quotes, signals that are compared, a field in small
    letters, and a value right behind a name that looks like a field's. Text that is longer than a filter may
    be has no words here. Raises `FilterError` for characters that can't be stored.
    """
    if not text.strip():
        return None
    folded = fold_typography(text)
    if len(folded) > MAX_CHARACTERS or len(folded.encode()) > MAX_BYTES:
        return None
    tokens = tokens_of(folded)
    if any(_is_sign(token, folded) for token in tokens):
        return None
    terms = [term for token in tokens for term in _terms(token)]
    if not 0 < len(terms) <= MAX_TERMS:
        return None
    leaves = tuple(text_leaf(term, 0) for term in terms)
    return normal(And(leaves) if len(leaves) > 1 else leaves[0])


def _is_sign(token: "Token", text: str) -> bool:
    """Whether only somebody who writes a filter would write this."""
    match token.type:
        case "FIELDED" | "GROUP":
            name, _, value = token.partition(":")
            known = name.islower() and (name in EXAMPLES or name in OTHER_NAMES)
            like_known = name.lower() in ANY_FIELD or nearest_field(name, [*EXAMPLES, *SIGNALS])
            return known or bool((value[:1].strip() and like_known) or EXCLUDED.match(value.lstrip()))
        case "COMPARISON":
            found = COMPARISON.fullmatch(token)
            return found is not None and found.group("name").lower() in SIGNALS
        case "_NOT":
            return token.startswith("N") or EXCLUDED.match(text, token.start_pos or 0) is not None
        case "TEXT":
            return token.startswith("=") and len(token) > 1
        case kind:
            return kind in OPERATORS or kind == "UNCLOSED"


def _terms(token: "Token") -> Sequence[str]:
    """The phrase that a token is, or its words one by one."""
    if token.type == "TEXT" and token.startswith('"'):
        return (token,) if written(clean(token)) else ()
    return written(clean(token))

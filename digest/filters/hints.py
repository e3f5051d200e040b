"""Say how a filter was read. The text of a filter comes in; its canonical text and hints go out.

A hint is for text that is right by the language but often meant in another way: it changes nothing.
"""

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from itertools import pairwise

from lark import Token

from digest.filters.printing import canonical
from digest.filters.reading import parse, tokens_of
from digest.filters.typography import fold_typography
from digest.ids import paper_id

ARCHIVES = {"cs", "eess", "econ", "math", "stat"}  # whose codes are rarely meant as words
STAR_IN_QUOTES = re.compile(r"[^\W_]{2,}\*")
OPERATOR_IN_QUOTES = re.compile(r"\b(?:AND|OR|NOT)\b")
OPERATORS = {"and", "or", "not"}


@dataclass(frozen=True, slots=True)
class ReadBack:
    """A filter as it was read: its canonical text, and hints in sentences."""

    canonical: str
    hints: tuple[str, ...]


def read_back(text: str, *, topics: Collection[str] | None = None) -> ReadBack:
    """Return how a filter is read, to show to the person who typed it.

    `topics`: the slugs that it may name; None: any. Raises `FilterError` as `parse` does.
    """
    return ReadBack(canonical(parse(text, topics=topics)), hints(text))


def hints(text: str) -> tuple[str, ...]:
    """Return the hints for a filter that `parse` accepts, in sentences."""
    return tuple(dict.fromkeys(_hints(tokens_of(fold_typography(text)))))


def _hints(tokens: list[Token]) -> Iterator[str]:
    for token in tokens:
        if token.type == "TEXT":
            yield from _of_term(str(token))
    for token, following in pairwise(tokens):
        joined = following.start_pos == token.end_pos
        if token.type == following.type == "_NOT" and joined:
            yield "Two minuses cancel each other out."
        if _is_given_name(token) and following.type == "TEXT" and following[:1].isupper():
            name = f'au:"{token[3:]} {following}"'
            yield f"{token} doesn't hold “{following}”; a name of two words stands in quotes: {name}."


def _of_term(raw: str) -> Iterator[str]:
    if raw[0] == '"':
        if STAR_IN_QUOTES.search(raw):
            yield f"A star in quotes has no effect: {raw} is searched without it."
        if " " in raw and (found := OPERATOR_IN_QUOTES.search(raw)):
            yield f"{found.group()} in quotes is a word: {raw} is one phrase."
        return
    if raw.lower() in OPERATORS:
        yield f"“{raw}” is read as a word; the operator is {raw.upper()}, in capitals."
    if raw.lower() in ARCHIVES:
        yield f"“{raw}” is read as a word; the category is cat:{raw.lower()}."
    if raw.endswith("?"):
        yield f"The question mark of “{raw}” has no effect; a star stands for any ending: {raw.rstrip('?')}*."
    if (name := paper_id(raw)) and name.startswith("arxiv:"):
        yield f"“{raw}” is read as text; the paper is id:{name.removeprefix('arxiv:')}."


def _is_given_name(token: Token) -> bool:
    return token.type == "FIELDED" and token[:3].lower() == "au:" and token[3:4].isupper()

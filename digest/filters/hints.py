"""Say how a filter was read. The text of a filter comes in; its canonical text and hints go out.

A hint is for text that is right by the language but often meant in another way: it changes nothing.
"""

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

from digest.filters.printing import canonical
from digest.filters.reading import parse, tokens_of
from digest.filters.typography import fold_typography
from digest.ids import paper_id
from digest.languages import deferred

if TYPE_CHECKING:
    from lark import Token

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


def _hints(tokens: "list[Token]") -> Iterator[str]:
    for token in tokens:
        if token.type == "TEXT":
            yield from _of_term(str(token))
    for token, following in pairwise(tokens):
        joined = following.start_pos == token.end_pos
        if token.type == following.type == "_NOT" and joined:
            yield deferred("Two minuses cancel each other out.")
        if _is_given_name(token) and following.type == "TEXT" and following[:1].isupper():
            name = f'au:"{token[3:]} {following}"'
            yield deferred(
                "{term} doesn't hold “{word}”; a name of two words stands in quotes: {name}.",
                term=str(token), word=str(following), name=name,
            )  # fmt: skip


def _of_term(raw: str) -> Iterator[str]:
    if raw[0] == '"':
        if STAR_IN_QUOTES.search(raw):
            yield deferred("A star in quotes has no effect: {term} is searched without it.", term=raw)
        if " " in raw and (found := OPERATOR_IN_QUOTES.search(raw)):
            yield deferred(
                "{operator} in quotes is a word: {term} is one phrase.", operator=found.group(), term=raw
            )
        return
    if raw.lower() in OPERATORS:
        yield deferred(
            "“{term}” is read as a word; the operator is {operator}, in capitals.",
            term=raw, operator=raw.upper(),
        )  # fmt: skip
    if raw.lower() in ARCHIVES:
        yield deferred("“{term}” is read as a word; the category is cat:{code}.", term=raw, code=raw.lower())
    if raw.endswith("?"):
        yield deferred(
            "The question mark of “{term}” has no effect; a star stands for any ending: {stem}*.",
            term=raw, stem=raw.rstrip("?"),
        )  # fmt: skip
    if (name := paper_id(raw)) and name.startswith("arxiv:"):
        number = name.removeprefix("arxiv:")
        yield deferred("“{term}” is read as text; the paper is id:{number}.", term=raw, number=number)


def _is_given_name(token: "Token") -> bool:
    return token.type == "FIELDED" and token[:3].lower() == "au:" and token[3:4].isupper()

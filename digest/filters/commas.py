"""Refuse commas between keywords. Tokens of a filter come in, a `FilterError` with both readings goes out.

Half of the people who list keywords want any of them, half want all: the comma doesn't say which.
"""

import re
from collections.abc import Sequence
from itertools import pairwise
from typing import TYPE_CHECKING

from digest.filters.categories import CATEGORIES, category_key
from digest.filters.errors import wrong
from digest.languages import deferred

if TYPE_CHECKING:
    from lark import Token

COMMA = re.compile(r"(?<!\d)[,;]|[,;](?!\d)")  # `1,000` is a number
LISTING_FIELDS = (
    "ti:",
    "abs:",
    "au:",
    "cat:",
    "topic:",
)  # in an id or the name of a source, a comma is part of it
SEVERAL_WORDS = re.compile(r"[^\s()|\":=*]+(?:\s+[^\s()|\":=*]+)+")
OPERATORS = {"_OR", "_AND", "_NOT", "LPAR", "RPAR", "GROUP"}


def check_commas(tokens: "Sequence[Token]", text: str) -> None:
    """Raise `FilterError` where commas or semicolons separate unquoted terms; one at the end is ignored."""
    places = [place for token in tokens for place in _commas(token)]
    items = [text[left + 1 : right].strip() for left, right in pairwise([-1, *places, len(text)])]
    items = [item for item in items if item]
    if not places or len(items) < 2:
        return
    for token, following in pairwise(tokens):
        if (
            token[:3].lower() == "au:"
            and token.endswith(",")
            and following.type == "TEXT"
            and '"' not in following
        ):
            name = f'au:"{token[3:].strip()} {following}"'
            message = deferred("a name that holds a comma stands in quotes")
            raise wrong(message, places[0], expected=(name, f"{token[:-1]} OR au:{following}"), nearest=name)
    if not any(token.type in OPERATORS for token in tokens):
        items = [_item(item, items[0]) for item in items]
    message = deferred(
        "“{sign}” doesn't say whether any of these will do or all are needed", sign=text[places[0]]
    )
    raise wrong(message, places[0], expected=(" OR ".join(items), " AND ".join(items)))


def _commas(token: "Token") -> list[int]:
    """Where commas stand in a token that no quotes enclose."""
    lists = token.type == "TEXT" or (token.type == "FIELDED" and token.lower().startswith(LISTING_FIELDS))
    if not lists or '"' in token:
        return []
    return [(token.start_pos or 0) + found.start() for found in COMMA.finditer(token)]


def _item(item: str, first: str) -> str:
    """One of the listed keywords as a term: several words in quotes, a category or topic with its field."""
    field = first.lower().partition(":")[0]
    known = {category_key(name) for name in CATEGORIES}
    if ":" in item or field not in {"cat", "topic"} or (field == "cat" and category_key(item) not in known):
        return f'"{item}"' if SEVERAL_WORDS.fullmatch(item) else item
    return f'{field}:"{item}"' if " " in item else f"{field}:{item}"

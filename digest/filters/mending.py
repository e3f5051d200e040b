"""Errors of filters, made and shown. In: what was read, and where. Out: `FilterError`s and their text."""

import difflib
from collections.abc import Collection

from digest.errors import FilterError

LIKENESS = 0.65  # of two names, 0 … 1: `lm` is like `llm`, `nlp` isn't like `nlin.PS`
WIDTH = 76  # characters of a filter that are shown around an error

# What people type for a field, and how it is called here.
OTHER_NAMES = {
    "title": "ti",
    "abstract": "abs",
    "author": "au",
    "authors": "au",
    "category": "cat",
    "categories": "cat",
    "arxiv": "id",
    "http": "id",
    "https": "id",
    "tag": "topic",
    "votes": "upvotes",
    "likes": "upvotes",
}


def wrong(
    message: str, position: int, *, expected: Collection[str] = (), nearest: str = "", text: str = ""
) -> FilterError:
    """The error of a filter; the message says the place too, counted from 1 as people count."""
    place = f"{message} (at character {position + 1})"
    return FilterError(place, position=position, text=text, expected=tuple(expected), nearest=nearest)


def nearest(name: str, known: Collection[str]) -> str:
    """The known name that is most like `name`, or nothing where none is like it."""
    by_lower = {other: ours for other, ours in OTHER_NAMES.items() if ours in known}
    by_lower |= {each.lower(): each for each in sorted(known)}
    close = difflib.get_close_matches(name.lower(), by_lower, n=1, cutoff=LIKENESS)
    return by_lower[close[0]] if close else ""


def render_error(error: FilterError) -> str:
    """An error for a terminal: the message, the filter with a caret under the place, what was expected there.

    Long filters are cut around the place; what can't be printed is shown as `?`.
    """
    lines = [error.message]
    if error.text:
        start = max(0, error.position - WIDTH * 2 // 3)
        shown = "".join(_printable(c) for c in error.text[start : start + WIDTH])
        lines += [f"  {shown}", f"  {' ' * (error.position - start)}^"]
    if error.expected:
        lines.append(f"expected: {', '.join(error.expected)}")
    if error.fix:
        lines.append(error.fix)
    return "\n".join(lines)


def _printable(character: str) -> str:
    if character.isspace():
        return " "
    return character if character.isprintable() else "?"

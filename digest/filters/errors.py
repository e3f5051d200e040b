"""Makes and shows errors of filters. In: what was read, and where. Out: `FilterError`s and their text."""

from collections.abc import Collection

from digest.errors import FilterError
from digest.languages import deferred
from digest.words.nearest import nearest

WIDTH = 76  # characters of a filter that are shown around an error

# What people type for a field, and how it is called here.
OTHER_NAMES = {
    "title": "ti",
    "abstract": "abs",
    "author": "au",
    "authors": "au",
    "category": "cat",
    "categories": "cat",
    "organization": "org",
    "organisation": "org",
    "affiliation": "org",
    "institution": "org",
    "lab": "org",
    "keywords": "keyword",
    "kw": "keyword",
    "date": "year",
    "published": "year",
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
    """Return the error of a filter; the message says the place too, counted from 1 as people count.

    `message` and what of `expected` is in words are deferred, for readers of another language.
    """
    place = deferred("{message} (at character {place})", message=message, place=position + 1)
    return FilterError(place, position=position, text=text, expected=tuple(expected), nearest=nearest)


def nearest_field(name: str, known: Collection[str]) -> str:
    """Return the known name that is most like `name`, or that people mean by it; "" where there is none."""
    return nearest(name, known, {other: ours for other, ours in OTHER_NAMES.items() if ours in known})


def render_error(error: FilterError) -> str:
    """Return an error for a terminal: the message, the filter with a caret under the place, what was expected
    there.

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

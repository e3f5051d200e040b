"""Items of an answer, one by one: those that can be read become entries, the others are set aside and named.

One broken item never stops the rest.
"""

from collections.abc import Callable, Iterable
from itertools import islice
from typing import TypeVar

from digest.domain import Entry, Parsed, Skipped
from digest.errors import ParseError

MAX_ITEMS = 5_000  # of one answer; arXiv sends 2,000 at most

Item = TypeVar("Item")


def read_items(
    items: Iterable[Item],
    read: Callable[[Item], Entry],
    name: Callable[[Item], str],
    broken: tuple[Skipped, ...] = (),
) -> Parsed:
    """Every item through `read`, which raises ParseError for one that can't be used.

    `name` gives the source's own id of an item, or nothing; then its place is its name, from 1. `broken` are
    the items that its format's reader couldn't read.
    """
    entries: list[Entry] = []
    skipped: list[Skipped] = []
    place = 0
    remaining = iter(items)
    for place, item in enumerate(islice(remaining, MAX_ITEMS), start=1):
        try:
            entries.append(read(item))
        except ParseError as error:
            skipped.append(Skipped(name(item) or f"item {place}", error.message))
    if next(remaining, None) is not None:
        skipped.append(
            Skipped(f"item {MAX_ITEMS + 1}", f"more than {MAX_ITEMS:,} items: the rest was left out")
        )
    if broken and not entries:
        raise ParseError(broken[0].error)
    return Parsed(tuple(entries), (*skipped, *broken), quiet=place == 0)

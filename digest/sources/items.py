"""Items of an answer, one by one: those that can be read become entries, the others are set aside and named.

One broken item never stops the rest.
"""

from collections.abc import Callable, Iterable
from itertools import islice
from typing import TypeVar

from digest.domain import Entry, Parsed, Skipped
from digest.errors import ParseError

MAX_ITEMS = 10_000  # of one answer; arXiv sends 2,000 at most

Item = TypeVar("Item")


def read_items(
    items: Iterable[Item], read: Callable[[Item], Entry], name: Callable[[Item], str], broken: str = ""
) -> Parsed:
    """Every item through `read`, which raises ParseError for one that can't be used.

    `name` gives the source's own id of an item, or nothing; then its place is its name, from 1. `broken` says
    why the answer ends too early: what came before counts; ParseError if nothing did.
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
    if broken:
        if not entries:
            raise ParseError(broken)
        skipped.append(Skipped(f"item {place + 1}", broken))
    return Parsed(tuple(entries), tuple(skipped), quiet=place == 0)

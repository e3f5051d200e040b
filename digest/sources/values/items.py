"""Items of an answer, one by one: those that can be read become entries, the others are set aside and named.

One broken item never stops the rest, in whatever way it is broken.
"""

import logging
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import replace
from itertools import islice
from typing import TypeVar

from digest.domain import Entry, Parsed, Skipped
from digest.errors import ParseError
from digest.sources.values import fields

MAX_ITEMS = 5_000  # of one answer; arXiv sends 2,000 at most

Item = TypeVar("Item")

log = logging.getLogger(__name__)


def read_items(
    items: Iterable[Item],
    read: Callable[[Item], Entry],
    name: Callable[[Item], str],
    broken: tuple[Skipped, ...] = (),
) -> Parsed:
    """Return every item through `read`, which raises ParseError for one that can't be used.

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
            skipped.append(Skipped(_name(name, item, place), error.message))
        except Exception as error:  # what nobody foresaw is the fault of this item alone
            log.exception("an item of a source can't be read")
            skipped.append(Skipped(_name(name, item, place), f"it can't be read: {type(error).__name__}"))
    if next(remaining, None) is not None:
        skipped.append(
            Skipped(f"item {MAX_ITEMS + 1}", f"more than {MAX_ITEMS:,} items: the rest was left out")
        )
    if broken and not entries:
        raise ParseError(broken[0].error)
    return Parsed(tuple(entries), (*skipped, *broken), quiet=place == 0)


def _name(name: Callable[[Item], str], item: Item, place: int) -> str:
    try:
        return name(item) or f"item {place}"
    except Exception:
        return f"item {place}"


def with_distinct_keys(parsed: Parsed) -> Parsed:
    """Give entries that share an id their links as ids, and the source a note.

    Items that say the same of themselves stay one; those that share a link too are told by their titles.
    """
    works = {(entry.key, entry.url, entry.title) for entry in parsed.entries}
    per_key = Counter(key for key, _, _ in works)
    shared = {key for key, count in per_key.items() if count > 1}
    if not shared:
        return parsed
    per_link = Counter(url for key, url, _ in works if key in shared)
    entries = tuple(
        replace(entry, key=_own_key(entry, per_link)) if entry.key in shared else entry
        for entry in parsed.entries
    )
    count = sum(per_key[key] for key in shared)
    example = fields.line(min(shared), 60)
    note = f"its feed gives {count} papers ids that others have too ({example!r}); their links are used"
    return replace(parsed, entries=entries, notes=(*parsed.notes, note))


def _own_key(entry: Entry, per_link: Counter[str]) -> str:
    if entry.url and per_link[entry.url] == 1:
        return fields.key(entry.url)
    return fields.digest(f"{entry.url} {entry.title}")

"""A batch of a feed that joins several categories: entries and counts come in, what it lacks goes out. Pure.

One category of a joined feed can serve yesterday's batch while the others are current, and a feed has 2,000
items at most. Never: a state of the whole source, see `states`.
"""

from collections.abc import Mapping, Sequence
from urllib.parse import urlsplit

from digest.domain import Entry

MOST_ITEMS = 2000  # of one feed of arXiv; one with so many is cut off
_CROSSED = {"cross", "replace-cross"}
_USUAL = range(3, 6)  # announcements in a row that make a category expected: at least, and looked at


def joined_categories(url: str) -> tuple[str, ...]:
    """Return the categories that an arXiv feed's URL joins (cs.AI, cs.CL for `…/rss/cs.AI+cs.CL`)."""
    last = urlsplit(url).path.rstrip("/").rpartition("/")[2]
    return tuple(dict.fromkeys(part for part in last.replace("%2B", "+").split("+") if part))


def own(entries: Sequence[Entry], wanted: Sequence[str]) -> dict[str, int]:
    """Return how many entries each wanted category has of its own: as the first of their categories.

    A paper that is shown as a cross-list came by way of another category.
    """
    first = [
        entry.categories[0].casefold()
        for entry in entries
        if entry.categories and entry.announce_type not in _CROSSED
    ]
    return {name: sum(1 for category in first if within(category, name.casefold())) for name in wanted}


def within(category: str, name: str) -> bool:
    """Return whether a category is the named one or in it, both in one case."""
    return category == name or category.startswith(f"{name}.")  # `cs` is the archive of all `cs.*`


def stale_categories(
    wanted: Sequence[str],
    today: Mapping[str, int],
    batch: Mapping[str, int],
    before: Sequence[Mapping[str, int]],
) -> tuple[str, ...]:
    """Return the categories that brought nothing new of their own today although papers were expected of
    them.

    `today`: new entries by category; `batch`: all entries of the answer by category, known ones too: a
    category whose papers are all known serves an old batch. `before`: new entries by category of the
    announcements before, newest first: one that had papers in each of the last few is expected to.
    """
    recent = before[: _USUAL.stop - 1]
    usual = len(recent) >= _USUAL.start
    return tuple(
        name
        for name in wanted
        if not today.get(name) and (batch.get(name) or (usual and all(day.get(name) for day in recent)))
    )

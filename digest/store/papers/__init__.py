"""Stores entries as papers; reads the candidates of a moment, and one paper by any of its ids.

Each part is imported when something of it is asked for: a command that reads needs nothing of what writes,
and most need one query.
"""

from importlib import import_module
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from digest.store.papers.entries import StoredEntries, carried_before, store_entries
    from digest.store.papers.merges import Why, history, merge, split
    from digest.store.papers.proposed import is_only_of, known, remove_carried_by
    from digest.store.papers.reading import (
        Withdrawn,
        by_ids,
        by_pks,
        candidates,
        canonical_ids,
        count,
        find,
        hidden,
        listed_again,
        merged,
        named,
        noticed,
        outlines,
        withdrawn,
    )
    from digest.store.papers.signals import Observation, latest_values, observe, usual

__all__ = [
    "Observation",
    "StoredEntries",
    "Why",
    "Withdrawn",
    "by_ids",
    "by_pks",
    "candidates",
    "canonical_ids",
    "carried_before",
    "count",
    "find",
    "hidden",
    "history",
    "is_only_of",
    "known",
    "latest_values",
    "listed_again",
    "merge",
    "merged",
    "named",
    "noticed",
    "observe",
    "outlines",
    "remove_carried_by",
    "split",
    "store_entries",
    "usual",
    "withdrawn",
]

_PARTS = MappingProxyType(
    {
        **dict.fromkeys(("StoredEntries", "carried_before", "store_entries"), "entries"),
        **dict.fromkeys(("Why", "history", "merge", "split"), "merges"),
        **dict.fromkeys(("is_only_of", "known", "remove_carried_by"), "proposed"),
        **dict.fromkeys(("Observation", "latest_values", "observe", "usual"), "signals"),
    }
)  # all others are of `reading`


def __getattr__(name: str) -> Any:
    """Import the part that has a name (PEP 562)."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    found = getattr(import_module(f"{__name__}.{_PARTS.get(name, 'reading')}"), name)
    globals()[name] = found  # asked for once
    return found

"""Stores entries as papers; reads the candidates of a moment, and one paper by any of its ids.

What writes papers is imported when it is asked for: a command that reads needs none of it.
"""

from importlib import import_module
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

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

if TYPE_CHECKING:
    from digest.store.papers.entries import StoredEntries, carried_before, store_entries
    from digest.store.papers.merges import Why, history, merge, split
    from digest.store.papers.proposed import is_only_of, known, remove_carried_by

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

_WRITING = MappingProxyType(
    {
        **dict.fromkeys(("StoredEntries", "carried_before", "store_entries"), "entries"),
        **dict.fromkeys(("Why", "history", "merge", "split"), "merges"),
        **dict.fromkeys(("is_only_of", "known", "remove_carried_by"), "proposed"),
    }
)


def __getattr__(name: str) -> Any:
    """Import what writes papers (PEP 562)."""
    if name not in _WRITING:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_WRITING[name]}"), name)

"""Stores entries as papers; reads the candidates of a moment, and one paper by any of its ids."""

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

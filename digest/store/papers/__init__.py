"""Papers in the store: landing entries, the candidates of a moment, one paper by any of its ids."""

from digest.store.papers.entries import Landing, carried_before, land
from digest.store.papers.merges import Why, history, merge, split
from digest.store.papers.reading import (
    Withdrawn,
    by_pks,
    candidates,
    canonical_ids,
    count,
    find,
    merged,
    noticed,
    outlines,
    withdrawn,
)
from digest.store.papers.signals import Observation, latest_values, observe, usual

__all__ = [
    "Landing",
    "Observation",
    "Why",
    "Withdrawn",
    "by_pks",
    "candidates",
    "canonical_ids",
    "carried_before",
    "count",
    "find",
    "history",
    "land",
    "latest_values",
    "merge",
    "merged",
    "noticed",
    "observe",
    "outlines",
    "split",
    "usual",
    "withdrawn",
]

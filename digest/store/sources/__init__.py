"""Keeps sources: what to fetch, when next, and how the last time went."""

from digest.store.sources.registry import (
    add,
    claim,
    defaults,
    due,
    edit,
    ensure,
    failed,
    get,
    listing,
    pause,
    postponed,
    remove,
    resume,
    set_state,
    succeeded,
)

__all__ = [
    "add",
    "claim",
    "defaults",
    "due",
    "edit",
    "ensure",
    "failed",
    "get",
    "listing",
    "pause",
    "postponed",
    "remove",
    "resume",
    "set_state",
    "succeeded",
]

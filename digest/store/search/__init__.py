"""The search index in the store: its segments, and which papers changed since."""

from digest.store.search.changes import Changed, changed_since, last_change, read_changed
from digest.store.search.segments import SegmentInfo, add, data_of, drop, infos, rename, replace

__all__ = [
    "Changed",
    "SegmentInfo",
    "add",
    "changed_since",
    "data_of",
    "drop",
    "infos",
    "last_change",
    "read_changed",
    "rename",
    "replace",
]

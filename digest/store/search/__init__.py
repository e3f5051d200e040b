"""The search index in the store: its segments, and which papers changed since."""

from digest.store.search.changes import Changed, changed_since, last_change, read_changed
from digest.store.search.meanings import (
    add_meanings,
    count_without_meaning,
    meanings_after,
    without_meaning,
)
from digest.store.search.segments import (
    SegmentInfo,
    add,
    data_of,
    drop,
    has_others,
    infos,
    pieces_of,
    rename,
    replace,
    replace_damaged,
    set_aside,
)
from digest.store.search.vectors import (
    add_basis,
    add_vectors,
    basis,
    basis_data,
    basis_id,
    vectors_of,
    without_vectors,
)

__all__ = [
    "Changed",
    "SegmentInfo",
    "add",
    "add_basis",
    "add_meanings",
    "add_vectors",
    "basis",
    "basis_data",
    "basis_id",
    "changed_since",
    "count_without_meaning",
    "data_of",
    "drop",
    "has_others",
    "infos",
    "last_change",
    "meanings_after",
    "pieces_of",
    "read_changed",
    "rename",
    "replace",
    "replace_damaged",
    "set_aside",
    "vectors_of",
    "without_meaning",
    "without_vectors",
]

"""Finds papers by a search, in order, with what to show of them.

In: papers, as segments; a tree of the filter language. Out: numbers of papers, counts, pieces of text. It
never reads a store, a clock or a setting; numpy is all that it stands on.

    index       papers → segments: where their words stand
    query       tree → what ranks, what selects     selecting tree × segment → papers, strictly
    shown       segments → all papers, side by side terms     word → papers, and what it counts in each
    spelling    unknown word → the nearest known    scoring   words × papers → points
    expanding   word → its other form               engine    all of it together → a page of results
    snippets    text → pieces, some marked          lsa       segments → vectors, for similar papers
    folding     papers → the same vectors, without an index
    meaning     texts → vectors of what they mean, by weights that an installation brings along

Words that stand by themselves rank: a paper need not hold all of them, and leads if it does. Everything else
selects, as in a filter. `version` changes whenever segments would hold something else for the same papers:
they are built anew then.
"""

import zlib
from functools import cache
from pathlib import Path

from digest import words
from digest.search.engine import Engine, Found, Hit, Meaning, Order, Place, Trend
from digest.search.folding import folded
from digest.search.index.building import build
from digest.search.index.merging import fits, merge
from digest.search.index.segment import Segment
from digest.search.lsa import nearest
from digest.search.query import Query, corrected, read
from digest.search.selecting import Known, Values, nothing_alike, select, to_values
from digest.search.snippets import Piece, Pieces, Wanted, mark, snippet

FORMAT = 2  # of a segment; raise it with every change of what `build` writes

__all__ = [
    "Engine",
    "Found",
    "Hit",
    "Known",
    "Meaning",
    "Order",
    "Piece",
    "Pieces",
    "Place",
    "Query",
    "Segment",
    "Trend",
    "Values",
    "Wanted",
    "build",
    "corrected",
    "fits",
    "folded",
    "mark",
    "merge",
    "nearest",
    "nothing_alike",
    "read",
    "select",
    "snippet",
    "to_values",
    "version",
]


@cache
def version() -> str:
    """Return what segments of this version of the software are made with: their format, and how words are
    read.
    """
    code = b"".join(
        each.read_bytes() for each in sorted(Path(words.__file__).parent.iterdir()) if each.is_file()
    )
    return f"{FORMAT}-{zlib.crc32(code):08x}"

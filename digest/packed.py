"""Interests ⇄ the packed integers that a column holds, a million of which are read in a second.

Packed interests are 32-bit integers, little-endian: `min_upvotes`, `top`, `max_papers`, then a positive
number for each filter that a paper may satisfy and a negative one (minus its number) for each exclusion. A
topic is the filter `topic:<slug>`. A negative `max_papers` says the same number, and `about_only`.
`store/columns.py` writes the bytes; the caller numbers the filters.
"""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from digest.domain import Interests

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

LIMITS = 3  # numbers before the filters
SIZE = 4  # bytes of a number
# A number above is damage: the matcher has a place in memory for each number up to the highest.
HIGHEST = 2**26


class Decoded(NamedTuple):
    """The interests of n subscribers as arrays: n of each limit; how many filters each wants and
    excludes, and the numbers of all those filters, one subscriber's behind the other's."""

    min_upvotes: "NDArray[np.int32]"
    top: "NDArray[np.int32]"
    max_papers: "NDArray[np.int32]"
    about_only: "NDArray[np.bool_]"
    wants: "NDArray[np.integer[Any]]"
    wanted: "NDArray[np.int32]"
    excludes: "NDArray[np.integer[Any]]"
    excluded: "NDArray[np.int32]"


def filters_of(interests: Interests) -> list[str]:
    """Return the canonical texts of everything wanted, then of everything excluded."""
    return [*_wanted(interests), *interests.exclude]


def encode(interests: Interests, number_of: Mapping[str, int]) -> tuple[int, ...]:
    """Pack interests whose filters have these numbers; a filter that stands twice is packed once.

    Raises ValueError for a number that `decode` would refuse.
    """
    signed = [
        *(number_of[text] for text in _wanted(interests)),
        *(-number_of[text] for text in interests.exclude),
    ]
    if not all(0 < abs(number) <= HIGHEST for number in signed):
        raise ValueError(f"a filter has no number from 1 to {HIGHEST}")
    most = -interests.max_papers if interests.about_only else interests.max_papers
    return (interests.min_upvotes, interests.top, most, *dict.fromkeys(signed))


def decode(packed: Sequence[bytes]) -> Decoded:
    """Read the interests of many subscribers, in order. Raises ValueError where some are cut short, or name
    filters by numbers that no store gives."""
    import numpy as np  # noqa: PLC0415 - a command that only writes interests starts without it

    lengths = np.fromiter(map(len, packed), np.int64, len(packed))
    if np.any(lengths < SIZE * LIMITS) or np.any(lengths % SIZE):
        raise ValueError("packed interests are cut short")
    sizes = lengths // SIZE
    numbers = np.frombuffer(b"".join(packed), "<i4")
    starts = np.cumsum(sizes) - sizes
    is_filter = np.ones(len(numbers), np.bool_)
    for place in range(LIMITS):
        is_filter[starts + place] = False

    def count(marked: "NDArray[np.bool_]") -> "NDArray[np.integer[Any]]":
        before = np.zeros(len(marked) + 1, np.int64)
        np.cumsum(marked, out=before[1:])
        counts: NDArray[np.integer[Any]] = before[starts + sizes] - before[starts]
        return counts

    wanted, excluded = is_filter & (numbers > 0), is_filter & (numbers < 0)
    if numbers[wanted].max(initial=0) > HIGHEST or numbers[excluded].min(initial=0) < -HIGHEST:
        raise ValueError("packed interests name a filter that can't be")
    min_upvotes, top, max_papers = (numbers[starts + place] for place in range(LIMITS))
    return Decoded(
        min_upvotes,
        top,
        np.abs(max_papers),
        max_papers < 0,
        count(wanted),
        numbers[wanted],
        count(excluded),
        -numbers[excluded],
    )


def _wanted(interests: Interests) -> list[str]:
    return [*(f"topic:{slug}" for slug in interests.topics), *interests.filters]

"""Finds papers that are like named ones, as bits. In: vectors of the day's papers; ids. Out: rows of bits."""

from collections.abc import Iterable, Sequence
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from digest.domain import Paper
from digest.languages import deferred
from digest.match.likeness import Comparison, Liked, Likeness

AT_ONCE = 1 << 21  # products that are kept in one step
SCALE = 127 * 127  # the product of a vector with itself, about


class Likes:
    """The papers that are like each named paper; each distinct id is looked up once."""

    def __init__(self, papers: Sequence[Paper], likeness: Likeness) -> None:
        self._papers, self._likeness = papers, likeness
        self._liked: dict[str, Liked] = {}
        self._rows: dict[str, int] = {}

    @cached_property
    def _vectors(self) -> NDArray[np.float32]:
        """The vectors of all papers, made when the first filter asks for likeness."""
        return self._likeness.vectors(self._papers).astype(np.float32)

    def look_up(self, ids: Iterable[str]) -> None:
        """Find the papers that are like many named ones at once."""
        new = [each for each in dict.fromkeys(ids) if each not in self._rows]
        if not new:
            return
        liked = self._likeness.liked(new)
        self._liked |= liked
        self._rows |= dict.fromkeys(new, 0)
        vectors = {each: vector for each in new if (vector := liked[each].vector) is not None}
        comparable = list(vectors)
        step = max(AT_ONCE // max(len(self._papers), 1), 1)
        for start in range(0, len(comparable), step):
            part = comparable[start : start + step]
            products = np.stack([vectors[each] for each in part]).astype(np.float32) @ self._vectors.T
            least = np.array([[liked[each].least] for each in part], np.float32)
            bits = np.packbits(products >= least, axis=1, bitorder="little")
            self._rows.update(
                (each, int.from_bytes(row.tobytes(), "little")) for each, row in zip(part, bits, strict=True)
            )

    def row(self, wanted: str) -> int:
        """Return the papers that are like the one of this id: bit n for paper n."""
        self.look_up([wanted])
        return self._rows[wanted]

    def rows_of_numbers(self, numbers: Sequence[int]) -> list[int]:
        """Return the papers that are like each of these, by number (`Paper.pk`); none for an unknown one."""
        ids = self._likeness.ids(numbers)
        self.look_up(ids.values())
        return [self._rows[ids[number]] if number in ids else 0 for number in numbers]

    def ids(self, numbers: Sequence[int]) -> list[str]:
        """Return the canonical ids of papers by number (`Paper.pk`); unknown ones are left out."""
        ids = self._likeness.ids(numbers)
        return [ids[number] for number in numbers if number in ids]

    def compare(self, wanted: str, number: int) -> Comparison:
        """Say whether a paper (by number) is like the one of this id."""
        holds = bool(self.row(wanted) >> number & 1)
        return Comparison(holds, self._liked[wanted].title, lambda: self._lacks(wanted, number))

    def _lacks(self, wanted: str, number: int) -> str:
        """Say why a paper (by number) isn't like the one of this id."""
        liked = self._liked[wanted]
        if liked.vector is None:
            return liked.lacks
        if not self._vectors[number].any():
            return deferred("this paper has no words to compare")
        product = float(self._vectors[number] @ liked.vector.astype(np.float32))
        here, least = (f"{value / SCALE:.2f}" for value in (product, liked.least))
        return deferred("similarity {value}, {least} is needed", value=here, least=least)

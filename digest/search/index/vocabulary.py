"""Many sorted strings in two arrays. In: strings. Out: their numbers, by binary search, or a range of them.

`text` holds the strings in UTF-8, one behind the other; string n is text[offsets[n]:offsets[n + 1]]. They are
in the order of their bytes, which is that of their code points.
"""

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from digest.words import fold

LANDMARKS = 64  # of so many strings one is kept in memory, to begin a search at

Strings = tuple[NDArray[np.uint32], NDArray[np.uint8]]


def to_arrays(strings: Iterable[str]) -> Strings:
    """Return strings, in the order given, as offsets and text."""
    encoded = [string.encode() for string in strings]
    offsets = np.zeros(len(encoded) + 1, np.uint32)
    np.cumsum(np.fromiter(map(len, encoded), np.int64, len(encoded)), out=offsets[1:])
    return offsets, np.frombuffer(b"".join(encoded), np.uint8)


class Vocabulary(Sequence[str]):
    """Strings read from arrays. `find`, `first` and `starting` need them sorted."""

    __slots__ = ("_landmarks", "_offsets", "_text")

    def __init__(self, offsets: NDArray[np.uint32], text: NDArray[np.uint8]) -> None:
        self._offsets = offsets.data  # its items are plain ints, much faster than numpy's
        self._text = text.data if len(text) else memoryview(b"")
        self._landmarks: list[bytes] | None = None  # read when something is first looked for

    def __len__(self) -> int:
        return len(self._offsets) - 1

    def __getitem__(self, number: int) -> str:  # type: ignore[override] # no slices: nobody needs them
        return self._bytes(number).decode()

    def all(self) -> list[str]:
        """Return all strings, decoded at once."""
        return self.some(0, len(self))

    def some(self, first: int, end: int) -> list[str]:
        """Return the strings with these numbers, from … to before, decoded at once."""
        offsets, text = self._part(first, end)
        if text.isascii():
            letters = text.decode("ascii")
            return [letters[a:b] for a, b in pairwise(offsets)]
        return [text[a:b].decode() for a, b in pairwise(offsets)]

    def folded(self, first: int, end: int) -> list[str]:
        """Return the same strings, which are words, without case and diacritics."""
        offsets, text = self._part(first, end)
        if text.isascii():
            letters = text.decode("ascii").lower()
            return [letters[a:b] for a, b in pairwise(offsets)]
        return [fold(text[a:b].decode()) for a, b in pairwise(offsets)]

    def find(self, string: str) -> int:
        """Return the number of a string, or -1."""
        wanted = string.encode()
        number = self._first(wanted)
        return number if number < len(self) and self._bytes(number) == wanted else -1

    def starting(self, prefix: str) -> tuple[int, int]:
        """Return the numbers, from … to before, of the strings that begin so."""
        if not prefix:
            return 0, len(self)
        wanted = prefix.encode()
        behind = wanted[:-1] + bytes([wanted[-1] + 1])  # no byte of UTF-8 is the last there is
        return self._first(wanted), self._first(behind)

    def _bytes(self, number: int) -> bytes:
        return bytes(self._text[self._offsets[number] : self._offsets[number + 1]])

    def _part(self, first: int, end: int) -> tuple[list[int], bytes]:
        """The text of some strings, and where each of them begins and the last one ends in it."""
        offsets = self._offsets[first : end + 1].tolist()
        start = offsets[0]
        return [each - start for each in offsets], bytes(self._text[start : offsets[-1]])

    def _first(self, wanted: bytes) -> int:
        """The first number whose string isn't before this one."""
        if self._landmarks is None:
            self._landmarks = [self._bytes(number) for number in range(0, len(self), LANDMARKS)]
        behind = bisect_left(self._landmarks, wanted) * LANDMARKS
        low, high = max(behind - LANDMARKS, 0), min(behind, len(self))
        while low < high:
            middle = (low + high) // 2
            if self._bytes(middle) >= wanted:
                high = middle
            else:
                low = middle + 1
        return low

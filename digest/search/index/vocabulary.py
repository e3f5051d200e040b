"""Many sorted strings in two arrays. In: strings. Out: their numbers, by binary search, or a range of them.

`text` holds the strings in UTF-8, one behind the other; string n is text[offsets[n]:offsets[n + 1]]. They are
in the order of their bytes, which is that of their code points.
"""

from collections.abc import Callable, Iterable, Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

Strings = tuple[NDArray[np.uint32], NDArray[np.uint8]]


def to_arrays(strings: Iterable[str]) -> Strings:
    """Return strings, in the order given, as offsets and text."""
    encoded = [string.encode() for string in strings]
    offsets = np.zeros(len(encoded) + 1, np.uint32)
    np.cumsum(np.fromiter(map(len, encoded), np.int64, len(encoded)), out=offsets[1:])
    return offsets, np.frombuffer(b"".join(encoded), np.uint8)


class Vocabulary(Sequence[str]):
    """Strings read from arrays. `find`, `first` and `starting` need them sorted."""

    __slots__ = ("_offsets", "_text")

    def __init__(self, offsets: NDArray[np.uint32], text: NDArray[np.uint8]) -> None:
        self._offsets = offsets.data  # its items are plain ints, much faster than numpy's
        self._text = text.data if len(text) else memoryview(b"")

    def __len__(self) -> int:
        return len(self._offsets) - 1

    def __getitem__(self, number: int) -> str:  # type: ignore[override] # no slices: nobody needs them
        return self._bytes(number).decode()

    def all(self) -> list[str]:
        """Return all strings, decoded at once."""
        return self.some(0, len(self))

    def some(self, first: int, end: int) -> list[str]:
        """Return the strings with these numbers, from … to before, decoded at once."""
        offsets = self._offsets[first : end + 1].tolist()
        text = bytes(self._text[offsets[0] : offsets[-1]])
        if text.isascii():
            letters = text.decode("ascii")
            return [letters[a - offsets[0] : b - offsets[0]] for a, b in pairwise(offsets)]
        return [text[a - offsets[0] : b - offsets[0]].decode() for a, b in pairwise(offsets)]

    def find(self, string: str) -> int:
        """Return the number of a string, or -1."""
        wanted = string.encode()
        number = self._first(lambda each: each >= wanted)
        return number if number < len(self) and self._bytes(number) == wanted else -1

    def starting(self, prefix: str) -> tuple[int, int]:
        """Return the numbers, from … to before, of the strings that begin so."""
        wanted = prefix.encode()
        size = len(wanted)
        first = self._first(lambda each: each >= wanted)
        return first, self._first(lambda each: each[:size] > wanted)

    def _bytes(self, number: int) -> bytes:
        return bytes(self._text[self._offsets[number] : self._offsets[number + 1]])

    def _first(self, reached: Callable[[bytes], bool]) -> int:
        """The first number whose string is far enough."""
        low, high = 0, len(self)
        while low < high:
            middle = (low + high) // 2
            if reached(self._bytes(middle)):
                high = middle
            else:
                low = middle + 1
        return low

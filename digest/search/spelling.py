"""Corrects an unknown word to the most frequent known one at one edit. In: segments. Out: words.

Two words are one edit apart (a letter more, less, changed, or two neighbours swapped) only if they have a
common form after at most one deletion in each (the idea of W. Garbe's SymSpell). So the deletions of the
known words are kept as hashes, sorted, and those of the unknown word looked up there; what is found is
checked letter by letter. The hashes of all words are computed together, one column of letters at a time.
"""

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Sequence
from difflib import get_close_matches
from weakref import WeakKeyDictionary

import numpy as np
from numpy.typing import NDArray

from digest.search.index.segment import Segment
from digest.words import fold

SHORTEST, LONGEST = 4, 24  # letters of a word that is corrected, or corrected to
LENGTHS, CLOSE = 2, 0.75  # letters that a near word may have more or less; how much of it is the same
LEAST = 3  # times that a word occurs in a segment to be known well enough to correct to
_BASE = 0x9E3779B97F4A7C15  # odd, so that powers of it keep all bits
_ALL_BITS = (1 << 64) - 1  # of a hash: what is beyond them goes
_POWERS = [pow(_BASE, power, 1 << 64) for power in range(1, LONGEST + 2)]

Hashes = NDArray[np.uint32]


class Spelling:
    """The words of one segment that others may be corrected to."""

    def __init__(self, segment: Segment) -> None:
        counts = segment.form_counts()
        frequent = np.flatnonzero(counts >= LEAST).tolist()
        known: Counter[str] = Counter()
        forms = segment.forms.all()
        for number in frequent:
            word = fold(forms[number])
            if SHORTEST <= len(word) <= LONGEST and word.isascii() and word.isalpha():
                known[word] += int(counts[number])
        self._words = sorted(known)
        self._counts = [known[word] for word in self._words]
        hashes, owners = _deletions(self._words)
        joined = np.sort(hashes.astype(np.uint64) << np.uint64(32) | owners.astype(np.uint64))
        self._hashes = (joined >> np.uint64(32)).astype(np.uint32)
        self._owners = joined.astype(np.uint32)

    def near(self, word: str, hashes: Hashes) -> Iterable[tuple[str, int]]:
        """Return the known words at one edit from a word (with its `hashes`), and how often each occurs."""
        starts = np.searchsorted(self._hashes, hashes)
        ends = np.searchsorted(self._hashes, hashes, side="right")
        owners = {owner for a, b in zip(starts, ends, strict=True) for owner in self._owners[a:b].tolist()}
        return [
            (self._words[owner], self._counts[owner])
            for owner in owners
            if is_one_edit(word, self._words[owner])
        ]

    def beginning(self, letter: str) -> Sequence[str]:
        """Return the known words that begin with a letter."""
        return self._words[bisect_left(self._words, letter) : bisect_left(self._words, chr(ord(letter) + 1))]


_known: WeakKeyDictionary[Segment, Spelling] = WeakKeyDictionary()


def spelling_of(segment: Segment) -> Spelling:
    """Return the words of a segment; read once, as long as the segment is in use: that takes some time."""
    spelling = _known.get(segment)
    if spelling is None:
        spelling = _known[segment] = Spelling(segment)
    return spelling


def correction(word: str, spellings: Iterable[Spelling]) -> str:
    """Return the most frequent known word at one edit from a word that isn't known, or nothing."""
    if not (SHORTEST <= len(word) <= LONGEST and word.isascii() and word.isalpha()):
        return ""
    found: Counter[str] = Counter()
    shorter = (word[:place] + word[place + 1 :] for place in range(len(word)))
    hashes = np.array([_hash(each) for each in {word, *shorter}], np.uint32)
    for spelling in spellings:
        found.update(dict(spelling.near(word, hashes)))
    return min(found, key=lambda each: (-found[each], each)) if found else ""


def nearest_words(word: str, spellings: Iterable[Spelling], most: int = 3) -> tuple[str, ...]:
    """Return known words that look most like a word that isn't known, the nearest first.

    They begin with the same letter and are about as long: looked at where nothing was found, so that nobody
    waits for it otherwise.
    """
    if not SHORTEST <= len(word) <= LONGEST:
        return ()
    able = {each for spelling in spellings for each in spelling.beginning(word[0])}
    alike = [each for each in able if abs(len(each) - len(word)) <= LENGTHS]
    return tuple(get_close_matches(word, sorted(alike), most, CLOSE))


def is_one_edit(one: str, other: str) -> bool:
    """Return whether two words differ by one letter more, less or changed, or by two neighbours that are
    swapped.
    """
    if len(one) > len(other):
        one, other = other, one
    if len(other) - len(one) > 1 or one == other:
        return False
    place = next((n for n, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), len(one))
    if len(one) < len(other):
        return one[place:] == other[place + 1 :]
    swapped = one[place + 1 : place + 2] + one[place : place + 1]
    return one[place + 1 :] == other[place + 1 :] or (
        other[place : place + 2] == swapped and one[place + 2 :] == other[place + 2 :]
    )


def _hash(word: str) -> int:
    """The hash of a word (ASCII)."""
    total = sum(letter * power for letter, power in zip(word.encode(), _POWERS, strict=False))
    return (total & _ALL_BITS) >> 32


def _deletions(words: Sequence[str]) -> tuple[Hashes, NDArray[np.int32]]:
    """The hashes (see `_hash`) of words and of each with one letter left out, and whose each is."""
    sizes = np.array([len(word) for word in words], np.int64)
    width = int(sizes.max(initial=0))
    encoded = np.array([word.encode() for word in words], f"S{max(width, 1)}")
    letters = encoded.view(np.uint8).reshape(len(words), max(width, 1))[:, :width].astype(np.uint64)
    # H(word) = sum of letter · base^place; without a letter, all behind it move one place to the front.
    powers = np.array(_POWERS[: width + 1], np.uint64)
    moved = letters * powers[:width]
    before = np.cumsum(moved, axis=1, dtype=np.uint64)
    front = letters[:, 1:] * powers[: max(width - 1, 0)]
    behind = np.zeros((len(words), width + 1), np.uint64)
    if width > 1:
        behind[:, 1:width] = np.cumsum(front[:, ::-1], axis=1, dtype=np.uint64)[:, ::-1]
    hashes, owners = [before[:, -1] if width else sizes.astype(np.uint64)], [np.arange(len(words))]
    for place in range(width):
        longer = np.flatnonzero(sizes > place)
        start = before[longer, place - 1] if place else np.uint64(0)
        hashes.append(start + behind[longer, place + 1])
        owners.append(longer)
    mixed = np.concatenate(hashes)
    return (mixed >> np.uint64(32)).astype(np.uint32), np.concatenate(owners).astype(np.int32)

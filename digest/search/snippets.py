"""Chooses what to show of a paper for a search. In: texts, stems. Out: pieces, some marked.

A title is shown whole, an abstract by the stretch that holds most of the rarest words of the search, from a
word's beginning to a word's end. Pieces are plain text: whoever shows them escapes it.
"""

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass

from digest.words import forms, spans, written

WIDTH = 240  # characters of an abstract that are shown, about


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of a text; `marked`: it is what was searched for."""

    text: str
    marked: bool = False


Pieces = tuple[Piece, ...]


def mark(text: str, wanted: Collection[str]) -> Pieces:
    """Return a text with the words marked whose stems are wanted; neighbours are one piece."""
    return _pieces(text, _marks(text, wanted), 0, len(text))


def snippet(text: str, wanted: Collection[str], weight: Callable[[str], float] = lambda _: 1.0) -> Pieces:
    """Return the best stretch of a text, `…` where it was cut. `weight`: how much each wanted stem says."""
    places = spans(text)
    if len(text) <= WIDTH * 4 // 3 or not places:
        return mark(text, wanted)
    stems = [forms(word)[0] for word in written(text)]
    marked = [number for number, stem in enumerate(stems) if stem in wanted]
    first = max(marked, key=lambda number: _worth(number, marked, places, stems, weight), default=0)
    # Some words before the first marked one, so that it can be understood.
    start_at = max(places[first][0] - WIDTH // 4, 0)
    start = next(start for start, _ in places if start >= start_at)
    end = max(end for begin, end in places if end - start <= WIDTH or begin == start)
    if end == places[-1][1]:
        end = len(text)
    if start == places[0][0]:
        start = 0
    pieces = _pieces(text, _marks(text, wanted), start, end)
    return (*((Piece("… "),) if start else ()), *pieces, *((Piece(" …"),) if end < len(text) else ()))


def _worth(
    number: int,
    marked: Sequence[int],
    places: Sequence[tuple[int, int]],
    stems: Sequence[str],
    weight: Callable[[str], float],
) -> tuple[float, int]:
    """What a stretch that begins about at this word holds; the earlier of two equal ones is better."""
    end = places[number][0] + WIDTH * 3 // 4
    held = {stems[each] for each in marked if each >= number and places[each][1] <= end}
    return sum(sorted(map(weight, held))), -number


def _marks(text: str, wanted: Collection[str]) -> list[tuple[int, int]]:
    """Where wanted words stand; what is between two that are neighbours belongs to them."""
    found: list[tuple[int, int]] = []
    last = -2
    for number, (word, (start, end)) in enumerate(zip(written(text), spans(text), strict=True)):
        if forms(word)[0] in wanted:
            if last == number - 1 and not _parted(text[found[-1][1] : start]):
                found[-1] = (found[-1][0], end)
            else:
                found.append((start, end))
            last = number
    return found


def _parted(between: str) -> bool:
    """Whether a sentence or clause ends there."""
    return any(sign in between for sign in ".,;:!?()")


def _pieces(text: str, marks: Iterable[tuple[int, int]], start: int, end: int) -> Pieces:
    found: list[Piece] = []
    place = start
    for begin, stop in marks:
        if begin >= start and stop <= end:
            if begin > place:
                found.append(Piece(text[place:begin]))
            found.append(Piece(text[begin:stop], marked=True))
            place = stop
    if place < end:
        found.append(Piece(text[place:end]))
    return tuple(found)

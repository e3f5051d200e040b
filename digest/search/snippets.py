"""Chooses what to show of a paper for a search. In: texts, stems. Out: pieces, some marked.

A title is shown whole, an abstract by the stretch that holds most of the rarest words of the search, from a
word's beginning to a word's end. Pieces are plain text: whoever shows them escapes it.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass

from digest.words import forms, written

WIDTH = 240  # characters of an abstract that are shown, about


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of a text; `marked`: it is what was searched for."""

    text: str
    marked: bool = False


Pieces = tuple[Piece, ...]
Span = tuple[int, int]  # from … to before which character


def mark(text: str, wanted: Collection[str]) -> Pieces:
    """Return a text with the words marked whose stems are wanted; neighbours are one piece."""
    words = written(text)
    marked = _marked(words, wanted)
    return _pieces(text, _runs(text, marked, _spans(text, words, marked)), 0, len(text))


def snippet(text: str, wanted: Collection[str], weight: Callable[[str], float] = lambda _: 1.0) -> Pieces:
    """Return the best stretch of a text, `…` where it was cut. `weight`: how much each wanted stem says."""
    words = written(text) if len(text) > WIDTH * 4 // 3 else []
    if not words:
        return mark(text, wanted)
    places = _spans(text, words, range(len(words)))
    marked = _marked(words, wanted)
    stems = [forms(words[number])[0] for number in marked]
    first = marked[_best([places[number] for number in marked], stems, weight)] if marked else 0
    # Some words before the first marked one, so that it can be understood.
    start = places[bisect_left(places, (places[first][0] - WIDTH // 4, 0))][0]
    last = bisect_right(places, start + WIDTH, key=lambda place: place[1]) - 1
    end = places[max(last, bisect_left(places, (start, 0)))][1]
    if end == places[-1][1]:
        end = len(text)
    if start == places[0][0]:
        start = 0
    pieces = _pieces(text, _runs(text, marked, [places[number] for number in marked]), start, end)
    return (*((Piece("… "),) if start else ()), *pieces, *((Piece(" …"),) if end < len(text) else ()))


def _marked(words: Sequence[str], wanted: Collection[str]) -> list[int]:
    """Which words are wanted: their numbers."""
    these = {word for word in set(words) if forms(word)[0] in wanted}
    return [number for number, word in enumerate(words) if word in these] if these else []


def _spans(text: str, words: Sequence[str], numbers: Sequence[int]) -> list[Span]:
    """Return where these words of a text stand, as `words.spans` says it, in a third of the time."""
    found: list[Span] = []
    if not numbers:
        return found
    wanted = iter(numbers)
    following = next(wanted)
    end = 0
    for number, word in enumerate(words):
        start = text.index(word, end)
        if word == "s" and start == end + 1 and text[end] in "'’":  # `model's` has no word s
            start = text.index(word, start + 1)
        end = start + len(word)
        if number == following:
            found.append((start, end))
            following = next(wanted, -1)
            if following < 0:
                break
    return found


def _best(places: Sequence[Span], stems: Sequence[str], weight: Callable[[str], float]) -> int:
    """Which of the marked words begins the stretch that holds most; the earlier of two equal ones."""
    weights = {stem: weight(stem) for stem in stems}
    best, most, behind = 0, -1.0, 0
    for number, (start, _) in enumerate(places):
        while behind < len(places) and places[behind][1] <= start + WIDTH * 3 // 4:
            behind += 1
        worth = sum(sorted([weights[stem] for stem in set(stems[number:behind])]))
        if worth > most:
            best, most = number, worth
    return best


def _runs(text: str, marked: Sequence[int], places: Sequence[Span]) -> list[Span]:
    """Where marked words stand; what is between two that are neighbours belongs to them."""
    found: list[Span] = []
    last = -2
    for number, (start, end) in zip(marked, places, strict=True):
        if last == number - 1 and not _parted(text[found[-1][1] : start]):
            found[-1] = (found[-1][0], end)
        else:
            found.append((start, end))
        last = number
    return found


def _parted(between: str) -> bool:
    """Whether a sentence or clause ends there."""
    return any(sign in between for sign in ".,;:!?()")


def _pieces(text: str, marks: Iterable[Span], start: int, end: int) -> Pieces:
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

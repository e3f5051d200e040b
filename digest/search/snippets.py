"""Chooses what to show of a paper for a search. In: texts, stems. Out: pieces, some marked.

A title is shown whole, an abstract by the stretch that holds most of the rarest words of the search, from a
word's beginning to a word's end. Pieces are plain text: whoever shows them escapes it.
"""

from collections.abc import Callable, Iterable, Sequence
from itertools import compress, count
from typing import NamedTuple

from digest.words import forms, spans_from, spans_of, written

WIDTH = 240  # characters of an abstract that are shown, about
NEAR = 40  # characters before the end of a stretch, in which its last word is looked for first


class Piece(NamedTuple):
    """A part of a text; `marked`: it is what was searched for."""

    text: str
    marked: bool = False


Pieces = tuple[Piece, ...]
Span = tuple[int, int]  # from … to before which character


class Wanted(dict[str, bool]):
    """Whether a word is marked, looked up once for all texts of a search: they repeat their words."""

    def __init__(self, stems: Iterable[str]) -> None:
        """`stems`: of the words that are marked."""
        super().__init__()
        self._stems = frozenset(stems)

    def __missing__(self, word: str) -> bool:
        found = self[word] = forms(word)[0] in self._stems
        return found


def mark(text: str, wanted: Wanted) -> Pieces:
    """Return a text with the wanted words marked; neighbours are one piece."""
    words = written(text)
    marked = _marked(words, wanted)
    return _pieces(text, _runs(text, marked, spans_of(text, words, marked)), 0, len(text))


def snippet(text: str, wanted: Wanted, weight: Callable[[str], float] = lambda _: 1.0) -> Pieces:
    """Return the best stretch of a text, `…` where it was cut. `weight`: how much each wanted stem says."""
    words = written(text) if len(text) > WIDTH * 4 // 3 else []
    if not words:
        return mark(text, wanted)
    marked = _marked(words, wanted)
    places = spans_of(text, words, marked)
    start = first = next(spans_from(text, 0))[0]
    if marked:
        stems = [forms(words[number])[0] for number in marked]
        best = places[_best(places, stems, weight)][0]
        # Some words before the first marked one, so that it can be understood.
        start = _start(text, best - WIDTH // 4)
    end = _end(text, start)
    if start == first:
        start = 0
    pieces = _pieces(text, _runs(text, marked, places), start, end)
    return (*((Piece("… "),) if start else ()), *pieces, *((Piece(" …"),) if end < len(text) else ()))


def _start(text: str, least: int) -> int:
    """Where the first word begins that begins at a place or later."""
    blank = text.rfind(" ", 0, max(least, 0))
    return next(start for start, _ in spans_from(text, blank + 1) if start >= least)


def _end(text: str, start: int) -> int:
    """Where the last word ends that fits into a stretch from a word's beginning on (that word always does);
    the end of the text where no other word follows.
    """
    most = start + WIDTH
    blank = text.rfind(" ", start, most - NEAR)  # looking at the last few words is enough for most texts
    for begin in (blank + 1, start) if blank >= 0 else (start,):
        end = 0
        for _, stop in spans_from(text, begin):
            if stop > most and (end or begin > start):
                break
            end = stop
        else:
            return len(text)
        if end:
            return end
    return start


def _marked(words: Sequence[str], wanted: Wanted) -> list[int]:
    """Which words are wanted: their numbers."""
    return list(compress(count(), map(wanted.__getitem__, words)))


def _best(places: Sequence[Span], stems: Sequence[str], weight: Callable[[str], float]) -> int:
    """Which of the marked words begins the stretch that holds most; the earlier of two equal ones."""
    weights = {stem: weight(stem) for stem in stems}
    best, most, behind = 0, -1.0, 0
    for number, (start, _) in enumerate(places):
        before = behind
        while behind < len(places) and places[behind][1] <= start + WIDTH * 3 // 4:
            behind += 1
        if number and behind == before:  # a part of the stretch before
            continue
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

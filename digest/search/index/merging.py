"""Merges segments without reading a text again. In: segments, oldest first. Out: bytes.

What a newer segment replaced or said is gone is left out. `is_first`: no older segment is left, so nothing
needs to be known to be gone any more.
"""

from collections import Counter, defaultdict
from collections.abc import Sequence
from itertools import chain

import numpy as np
from numpy.typing import NDArray

from digest.search.index.building import counted, form_arrays, in_order, listed
from digest.search.index.packing import Array, pack
from digest.search.index.segment import MOST_SLOTS, Marks, Segment, shown_in


def merge(segments: Sequence[Segment], *, is_first: bool) -> bytes:
    """Return one segment that says what these say together.

    Raises ValueError where they don't fit into one.
    """
    marks = shown_in(segments)
    kept = [np.flatnonzero(mark) for mark in marks]
    if not fits(segments):
        msg = "these segments are too large to be one"
        raise ValueError(msg)
    numbers = np.concatenate([s.numbers[k] for s, k in zip(segments, kept, strict=True)])
    gone = np.unique(np.concatenate([segment.gone for segment in segments])) if not is_first else numbers[:0]
    arrays: dict[str, Array] = {
        "numbers": numbers,
        "gone": np.setdiff1d(gone, numbers),
        **{
            name: np.concatenate([s.arrays[name][k] for s, k in zip(segments, kept, strict=True)])
            for name in ("seen", "years", "lengths")
        },
    }
    papers = _renumbered(segments, kept)
    arrays |= _words(segments, marks, papers)
    for name in ("label", "author", "id"):
        arrays |= _listed(name, segments, marks, papers)
    acronyms: Counter[tuple[str, str]] = Counter()
    for short, long, count in chain.from_iterable(segment.acronyms() for segment in segments):
        acronyms[short, long] += count
    return pack(arrays | counted(acronyms))


def fits(segments: Sequence[Segment]) -> bool:
    """Return whether the slots of these segments (oldest first) are few enough for one: texts may be long."""
    pairs = zip(segments, shown_in(segments), strict=True)
    return sum(int(np.count_nonzero(mark[segment.slot_paper])) for segment, mark in pairs) <= MOST_SLOTS


def _renumbered(segments: Sequence[Segment], kept: Sequence[NDArray[np.int64]]) -> list[NDArray[np.int64]]:
    """For each segment: the new place of each paper, -1 for those that are left out."""
    found = []
    start = 0
    for segment, papers in zip(segments, kept, strict=True):
        places = np.full(len(segment), -1, np.int64)
        places[papers] = np.arange(start, start + len(papers))
        start += len(papers)
        found.append(places)
    return found


def _words(
    segments: Sequence[Segment], marks: Sequence[Marks], papers: Sequence[NDArray[np.int64]]
) -> dict[str, Array]:
    """Slots, stems, forms and occurrences. Titles come first, as in each segment."""
    slot_maps, slot_papers, titles = _slots(segments, marks, papers)
    pairs = [segment.stem_and_form() for segment in segments]
    ordered = sorted(set(chain.from_iterable(pairs)))
    number_of = {pair: number for number, pair in enumerate(ordered)}
    numbers, slots, positions = [], [], []
    for segment, own, slot_map in zip(segments, pairs, slot_maps, strict=True):
        renumbered = np.array([number_of[pair] for pair in own], np.int32)
        occurrences = np.repeat(renumbered, segment.form_counts())
        moved = slot_map[segment.slots]
        there = moved >= 0
        numbers.append(occurrences[there])
        slots.append(moved[there].astype(np.uint16))
        positions.append(segment.positions[there])
    number = np.concatenate(numbers)
    slot, position = np.concatenate(slots), np.concatenate(positions)
    order = in_order(number, slot)  # positions of one slot and form are in order in each segment
    counts = np.bincount(number, minlength=len(ordered))
    used = np.flatnonzero(counts)
    return form_arrays([ordered[each] for each in used.tolist()], counts[used]) | {
        "slots": slot[order],
        "positions": position[order],
        "slot_paper": slot_papers.astype(np.uint16),
        "titles": np.array([titles], np.int64),
    }


def _slots(
    segments: Sequence[Segment], marks: Sequence[Marks], papers: Sequence[NDArray[np.int64]]
) -> tuple[list[NDArray[np.int64]], NDArray[np.int64], int]:
    """For each segment the new number of each slot (-1: left out); the paper of each new slot; the titles."""
    maps = [np.full(len(segment.slot_paper), -1, np.int64) for segment in segments]
    owners = []
    start = titles = 0
    for of_titles in (True, False):
        for segment, mark, places, slot_map in zip(segments, marks, papers, maps, strict=True):
            is_title = np.arange(len(segment.slot_paper)) < segment.titles
            used = np.flatnonzero(mark[segment.slot_paper] & (is_title == of_titles))
            slot_map[used] = np.arange(start, start + len(used))
            owners.append(places[segment.slot_paper[used]])
            start += len(used)
        titles = start if of_titles else titles
    return maps, np.concatenate(owners), titles


def _listed(
    name: str, segments: Sequence[Segment], marks: Sequence[Marks], papers: Sequence[NDArray[np.int64]]
) -> dict[str, Array]:
    """Names and the papers of each."""
    found: dict[str, list[int]] = defaultdict(list)
    for segment, mark, places in zip(segments, marks, papers, strict=True):
        starts = segment.arrays[f"{name}_start"].tolist()
        owners = segment.arrays[f"{name}_papers"]
        moved = np.where(mark[owners], places[owners], -1).tolist() if len(owners) else []
        for number, text in enumerate(segment.strings(name).all()):
            mine = [place for place in moved[starts[number] : starts[number + 1]] if place >= 0]
            if mine:
                found[text].extend(mine)
    return listed(name, found)

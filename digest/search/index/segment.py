"""One segment of the index: some papers, and where each of their words stands. In: packed bytes.

A place of a text is a slot of 256 words and a position in it. A title or abstract begins at a slot of its own
and ends with a free place at least, so that consecutive places are consecutive words of one text. Titles have
the first slots. An occurrence is a slot (16 bits) and a position (8 bits): three bytes for each word.

Forms (words as written, without diacritics) are in the order of their stems, so that the occurrences of a
stem are one slice, and so are those of a form. Labels are what else a paper has, for filters and counts:
`cat:cs.CL`, `source:arxiv`, `has:code`. Papers are counted from 0 in each segment; `numbers` are the store's.
"""

from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from digest.search.index.packing import Array, Buffer, unpack
from digest.search.index.vocabulary import Vocabulary
from digest.words import fold

SLOT = 256  # words
MOST_SLOTS = 1 << 16
TITLE_WEIGHT = 3  # a word in the title counts as three in the abstract

Marks = NDArray[np.bool_]  # a truth for each paper
Numbers = NDArray[np.integer[Any]]
Slice = tuple[int, int]  # of the occurrences, from … to before


class Segment:
    """The papers of one segment. Reading touches only what is asked for, so it may lie in a mapped file."""

    def __init__(self, packed: Buffer) -> None:
        """Raises InputError where the bytes aren't whole."""
        arrays = unpack(packed)
        self.arrays = arrays
        self.bytes = len(packed)
        self.numbers: NDArray[np.int32] = arrays["numbers"]
        self.gone: NDArray[np.int32] = arrays["gone"]
        self.seen: NDArray[np.int64] = arrays["seen"]
        self.years: NDArray[np.int16] = arrays["years"]
        self.lengths: NDArray[np.uint16] = arrays["lengths"]
        self.slot_paper: NDArray[np.uint16] = arrays["slot_paper"]
        self.titles = int(arrays["titles"][0])
        self.slots: NDArray[np.uint16] = arrays["slots"]
        self.positions: NDArray[np.uint8] = arrays["positions"]
        self.stems = self.strings("stem")
        self.forms = self.strings("form")
        self.labels = self.strings("label")
        self.authors = self.strings("author")
        self.ids = self.strings("id")
        self._labels_of: dict[str, list[tuple[int, str]]] = {}
        self._stem_first = arrays["stem_first"]
        self._form_start = arrays["form_start"]
        self._by_fold = arrays["by_fold"]

    def __len__(self) -> int:
        return len(self.numbers)

    # ------------------------------------------------------------ words

    def stem(self, stem: str) -> Slice:
        """Return the occurrences of a stem; an empty slice where it isn't there."""
        number = self.stems.find(stem)
        return (0, 0) if number < 0 else self._forms_slice(*self.stem_forms(number))

    def stem_forms(self, number: int) -> Slice:
        """Return the forms of the stem with this number, from … to before."""
        return int(self._stem_first[number]), int(self._stem_first[number + 1])

    def stem_and_form(self) -> list[tuple[str, str]]:
        """Return the stem and the form of all words, in their order."""
        sizes = np.diff(self._stem_first.astype(np.int64))
        stems = (
            stem for stem, size in zip(self.stems.all(), sizes.tolist(), strict=True) for _ in range(size)
        )
        return list(zip(stems, self.forms.all(), strict=True))

    def stems_with(self, prefix: str, chosen: Callable[[list[str]], Iterable[int]]) -> Iterator[str]:
        """Yield the stems that begin so and have a form that is chosen, some more than once.

        `chosen`: forms (folded) → the places of those that are chosen.
        """
        first, end = self.stems.starting(prefix)
        starts = self._stem_first[first : end + 1].tolist()
        for place in chosen(self.forms.folded(starts[0], starts[-1])):
            yield self.stems[first + bisect_right(starts, starts[0] + place) - 1]

    def form(self, stem: str, form: str) -> Slice:
        """Return the occurrences of a word exactly as written, whose stem is this."""
        number = self.stems.find(stem)
        if number >= 0:
            for each in range(*self.stem_forms(number)):
                if self.forms[each] == form:
                    return self._forms_slice(each, each + 1)
        return 0, 0

    def prefix(self, prefix: str) -> list[Slice]:
        """Return the occurrences of all words that begin so, case and diacritics aside."""
        first = self._first_folded(lambda text: text >= prefix)
        end = self._first_folded(lambda text: text[: len(prefix)] > prefix)
        return [self._forms_slice(each, each + 1) for each in self._by_fold[first:end].tolist()]

    def frequency(self, folded: str) -> int:
        """Return how often a word occurs that is this one when case and diacritics are folded."""
        count = 0
        for place in range(self._first_folded(lambda text: text >= folded), len(self._by_fold)):
            each = int(self._by_fold[place])
            if fold(self.forms[each]) != folded:
                break
            start, end = self._forms_slice(each, each + 1)
            count += end - start
        return count

    def places_of(self, occurrences: Slice, among: Marks | None = None) -> NDArray[np.int32]:
        """Return the places of occurrences, 256 × slot + position, of the papers in `among` only;
        unsorted.
        """
        start, end = occurrences
        slots, positions = self.slots[start:end], self.positions[start:end]
        if among is not None:
            kept = np.flatnonzero(among[self.slot_paper[slots]])
            slots, positions = slots[kept], positions[kept]
        return slots.astype(np.int32) * SLOT + positions

    def places_in(self, runs: Sequence[Slice], wanted: Marks) -> tuple[NDArray[np.intp], NDArray[np.int64]]:
        """Return which of the runs of occurrences have a place in the slots that are marked, and that place,
        run by run.
        """
        slots = np.concatenate([self.slots[start:end] for start, end in runs])
        kept = np.flatnonzero(wanted.take(slots))
        starts = np.array([start for start, _ in runs])
        ends = np.cumsum([end - start for start, end in runs])
        run = np.searchsorted(ends, kept, side="right")
        at = kept + (starts - np.append(0, ends[:-1]))[run]
        return run, slots[kept].astype(np.int64) * SLOT + self.positions[at]

    def counts(self) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
        """Return how often each paper has each stem it has: numbers of stems, papers, counts, by stem and
        paper.
        """
        starts = self._form_start[self._stem_first].astype(np.int64)
        stems = np.repeat(np.arange(len(self.stems)), starts[1:] - starts[:-1])
        owners = self.slot_paper.astype(np.int64)[self.slots]
        keys, counts = np.unique(stems * max(len(self), 1) + owners, return_counts=True)
        return keys // max(len(self), 1), keys % max(len(self), 1), counts

    def _forms_slice(self, first: int, end: int) -> Slice:
        return int(self._form_start[first]), int(self._form_start[end])

    def _first_folded(self, reached: Any) -> int:
        """The first place in the order of folded forms that is far enough."""
        low, high = 0, len(self._by_fold)
        while low < high:
            middle = (low + high) // 2
            if reached(fold(self.forms[int(self._by_fold[middle])])):
                high = middle
            else:
                low = middle + 1
        return low

    def form_counts(self) -> Numbers:
        """Return how often each form occurs."""
        counts: Numbers = self._form_start[1:].astype(np.int64) - self._form_start[:-1]
        return counts

    # ------------------------------------------------------------ what else papers have

    def labels_of(self, kind: str) -> list[tuple[int, str]]:
        """Return the labels of a kind (`cat:`): their numbers and values."""
        if kind not in self._labels_of:
            first, end = self.labels.starting(kind)
            values = [text.removeprefix(kind) for text in self.labels.some(first, end)]
            self._labels_of[kind] = list(enumerate(values, first))
        return self._labels_of[kind]

    def labelled(self, number: int) -> NDArray[np.uint16]:
        """Return the papers that have the label with this number."""
        return self._listed("label", number)

    def written_by(self, number: int) -> NDArray[np.uint16]:
        """Return the papers of the author with this number."""
        return self._listed("author", number)

    def identified(self, name: str) -> NDArray[np.uint16]:
        """Return the papers with this id, in small letters."""
        number = self.ids.find(name)
        return self._listed("id", number) if number >= 0 else np.empty(0, np.uint16)

    def acronyms(self) -> Iterator[tuple[str, str, int]]:
        """Yield acronyms, their long forms, and how many papers explain them so."""
        counts = self.arrays["acronym_count"].tolist()
        for text, count in zip(self.strings("acronym").all(), counts, strict=True):
            short, _, long = text.partition("\t")
            yield short, long, count

    def _listed(self, name: str, number: int) -> NDArray[np.uint16]:
        starts: Array = self.arrays[f"{name}_start"]
        papers: NDArray[np.uint16] = self.arrays[f"{name}_papers"]
        return papers[starts[number] : starts[number + 1]]

    def strings(self, name: str) -> Vocabulary:
        """Return the strings of this name."""
        return Vocabulary(self.arrays[f"{name}_offsets"], self.arrays[f"{name}_text"])


def shown_in(segments: Sequence[Segment]) -> list[Marks]:
    """Return which papers of each segment (oldest first) stand: those that no newer one holds or says are
    gone.
    """
    marks: list[Marks] = []
    newer = np.empty(0, np.int32)
    for segment in reversed(segments):
        marks.append(~np.isin(segment.numbers, newer))
        newer = np.concatenate([newer, segment.numbers, segment.gone])
    return marks[::-1]

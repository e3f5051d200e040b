"""Expands acronyms to their long forms, and back. In: segments, words. Out: units.

Which acronyms there are is read off the papers, so a community's own are known. One that isn't explained by
at least `LEAST` papers, or mostly stands for something else, is left alone.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence

from digest.search.index.segment import Segment
from digest.search.scoring import Unit
from digest.words import fold, stems

LEAST = 2  # papers that explain an acronym so
SHARE = 0.3  # of the papers that explain an acronym at all, those that explain it so
COMMON = 0.3  # of a word's occurrences, those in small letters from which on it is a word, no acronym


class Acronyms:
    """Acronyms (folded) and their long forms (folded words), both ways."""

    def __init__(self, segments: Iterable[Segment]) -> None:
        counts: dict[str, Counter[tuple[str, ...]]] = defaultdict(Counter)
        written: dict[tuple[str, ...], Counter[str]] = defaultdict(Counter)
        self._words: dict[str, bool] = {}  # acronyms: whether each is a word, too
        self._long: dict[str, tuple[str, ...]] = {}
        self._short: dict[tuple[str, ...], str] = {}
        pairs = Counter[tuple[str, str]]()
        for segment in segments:
            for short, long, count in segment.acronyms():
                pairs[short, long] += count
        for (short, long), count in pairs.items():
            key = tuple(stems(long))
            counts[fold(short)][key] += count
            written[key][long] += count
        for short in sorted(counts):
            explained = counts[short]
            best = min(explained, key=lambda each: (-explained[each], each))
            if explained[best] >= LEAST and explained[best] >= SHARE * sum(explained.values()):
                text = min(written[best], key=lambda each: (-written[best][each], each))
                self._long[short] = tuple(text.split(" "))
                known = self._short.get(best)
                if known is None or counts[known][best] < explained[best]:
                    self._short[best] = short
        self.longest = max(map(len, self._short), default=0)

    def units(self, words: Sequence[str], segments: Sequence[Segment]) -> list[Unit]:
        """Return the words of a query (folded, in their order) as units, with other forms where there are
        any.
        """
        keys = [(stems(word) or [word])[0] for word in words]
        found: list[Unit] = []
        place = 0
        while place < len(words):
            size = self._long_form_at(keys, place)
            if size:
                short = self._short[tuple(keys[place : place + size])]
                found.append(Unit(tuple(words[place : place + size]), (short,)))
            else:
                size = 1
                word = words[place]
                long = self._long.get(word, ())
                is_acronym = bool(long) and not self._is_a_word(word, segments)
                found.append(Unit((word,), long if is_acronym else ()))
            place += size
        return found

    def _long_form_at(self, keys: Sequence[str], place: int) -> int:
        """How many words from this place on are a long form; 0: none."""
        for size in range(min(self.longest, len(keys) - place), 1, -1):
            if tuple(keys[place : place + size]) in self._short:
                return size
        return 0

    def _is_a_word(self, word: str, segments: Sequence[Segment]) -> bool:
        if word not in self._words:
            self._words[word] = _is_a_word(word, segments)
        return self._words[word]


def _is_a_word(word: str, segments: Sequence[Segment]) -> bool:
    """Whether papers mostly write it in small letters."""
    stem = stems(word)[0]
    slices = [segment.form(stem, word) for segment in segments]
    small = sum(end - start for start, end in slices)
    return small > COMMON * sum(segment.frequency(word) for segment in segments)

"""Makes one paper ready to be matched. In: a `Paper`. Out: its folded words by field, authors, categories.

Fields are kept apart: a phrase never crosses from the title into the abstract.
"""

import re
from array import array
from bisect import bisect_left
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from itertools import chain
from typing import NamedTuple

from digest.domain import Field, Paper
from digest.filters.names import name_parts
from digest.match.likeness import Compare, not_compared
from digest.words import fold, forms, readings, spans, written

WORDS_KEPT = 200_000  # distinct words whose folded form is kept
SENTENCE_END = re.compile(r"[.!?]\s+(?=[A-Z])")


@lru_cache(maxsize=WORDS_KEPT)
def folded(word: str) -> str:
    """Return `fold(text)` from a cache: a day's papers share most of their words."""
    return fold(word)


class Standing(NamedTuple):
    """How a term stands in one field: its first place (characters, from … to before), whether it stands there
    more than once, and whether it does in the first or the last sentence."""

    start: int
    end: int
    repeated: bool
    at_edge: bool


class Text:
    """The words of one field, and where they stand."""

    __slots__ = ("_edges", "_exacts", "_folded", "_spans", "_stems", "text")

    def __init__(self, text: str) -> None:
        self.text = text
        known = [forms(word) for word in written(text)]
        self._stems = tuple([stem for stem, _ in known])
        self._exacts = tuple([exact for _, exact in known])
        self._edges = middle(text, len(known))
        self._spans = array("I")  # starts and ends, made for the first term that is found
        self._folded: list[tuple[str, int]] = []  # words without case, sorted; made for the first prefix

    def find_forms(self, words: tuple[str, ...]) -> Standing | None:
        """Return where forms of these words follow one another, in any reading of them."""
        found = {}
        for stems in readings(words):
            found.update(dict.fromkeys(_places(stems, self._stems), len(stems)))
        return self._standing(found)

    def find_exact(self, words: tuple[str, ...]) -> Standing | None:
        """Return where exactly these words follow one another."""
        return self._standing(dict.fromkeys(_places(words, self._exacts), len(words)))

    def find_prefix(self, prefix: str) -> Standing | None:
        """Return the words that begin so."""
        if not self._folded:
            self._folded = sorted((folded(exact), place) for place, exact in enumerate(self._exacts))
        start = bisect_left(self._folded, (prefix, -1))
        end = bisect_left(self._folded, (after(prefix), -1))
        return self._standing({place: 1 for _, place in self._folded[start:end]})

    def _standing(self, found: Mapping[int, int]) -> Standing | None:
        """Of places (numbers of words) and how many words each has."""
        if not found:
            return None
        if not self._spans:
            self._spans.extend(chain.from_iterable(spans(self.text)))
        first = min(found)
        begin, end = self._edges
        return Standing(
            self._spans[2 * first],
            self._spans[2 * (first + found[first]) - 1],
            len(found) > 1,
            any(place < begin or place >= end for place in found),
        )


def middle(text: str, size: int) -> tuple[int, int]:
    """Return the words (from … to before) between the first and the last sentence of a text of `size` words.

    Words never go across white space, so each part has its own.
    """
    ends = [found.end() for found in SENTENCE_END.finditer(text)]
    if not ends:
        return 0, 0
    return len(written(text[: ends[0]])), size - len(written(text[ends[-1] :]))


def after(prefix: str) -> str:
    """Return a text that stands behind all words with this prefix, and before all others behind them."""
    return prefix + chr(0x10FFFF)


def _places(wanted: tuple[str, ...], words: tuple[str, ...]) -> Iterator[int]:
    """Each place where `wanted` stands."""
    place = -1
    for _ in range(words.count(wanted[0])):
        place = words.index(wanted[0], place + 1)
        if words[place : place + len(wanted)] == wanted:
            yield place


def ids_of(paper: Paper) -> frozenset[str]:
    """Return all canonical ids that a paper goes by, in small letters."""
    doi = {f"doi:{paper.doi.lower()}"} if paper.doi else set()
    return frozenset({paper.id.lower()} | doi)


@dataclass(frozen=True, slots=True)
class Document:
    """A paper and what of it is matched."""

    paper: Paper
    texts: tuple[tuple[Field, Text], ...]  # the title first: the better place
    authors: tuple[tuple[str, ...], ...]  # folded parts of each name
    ids: frozenset[str]  # all canonical ids that it goes by, in small letters
    sources: frozenset[str]  # folded
    compare: Compare = not_compared  # with the paper of a canonical id

    @classmethod
    def of(cls, paper: Paper, compare: Compare = not_compared) -> "Document":
        """Tokenise a paper. `compare`: says whether it is like the paper of a canonical id."""
        return cls(
            paper=paper,
            texts=((Field.TITLE, Text(paper.title)), (Field.ABSTRACT, Text(paper.abstract))),
            authors=tuple(name_parts(author) for author in paper.authors),
            ids=ids_of(paper),
            sources=frozenset(map(fold, paper.sources)),
            compare=compare,
        )

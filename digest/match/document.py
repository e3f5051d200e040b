"""One paper, made ready to be matched. In: a `Paper`. Out: its folded words by field, authors, categories.

Fields are kept apart: a phrase never crosses from the title into the abstract.
"""

from array import array
from dataclasses import dataclass
from functools import lru_cache
from itertools import chain

from digest.domain import Field, Paper
from digest.filters.names import name_parts
from digest.words import fold, forms, readings, spans, written

WORDS_KEPT = 200_000  # distinct words whose folded form is kept


@lru_cache(maxsize=WORDS_KEPT)
def folded(word: str) -> str:
    """`fold`, kept: a day's papers share most of their words."""
    return fold(word)


class Text:
    """The words of one field, and where they stand."""

    __slots__ = ("_exacts", "_spans", "_stems", "text")

    def __init__(self, text: str) -> None:
        self.text = text
        words = [forms(word) for word in written(text)]
        self._stems = tuple([stem for stem, _ in words])
        self._exacts = tuple([exact for _, exact in words])
        self._spans = array("I")  # starts and ends, made for the first term that is found

    def find_forms(self, words: tuple[str, ...]) -> tuple[int, int] | None:
        """The first place (start, end in characters) where forms of these words follow one another."""
        for stems in readings(words):
            if place := self._find(stems, self._stems):
                return place
        return None

    def find_exact(self, words: tuple[str, ...]) -> tuple[int, int] | None:
        """The first place where exactly these words follow one another."""
        return self._find(words, self._exacts)

    def find_prefix(self, prefix: str) -> tuple[int, int] | None:
        """The first word that begins so."""
        for place, exact in enumerate(self._exacts):
            if folded(exact).startswith(prefix):
                return self._span(place, place)
        return None

    def _find(self, wanted: tuple[str, ...], words: tuple[str, ...]) -> tuple[int, int] | None:
        place = -1
        for _ in range(words.count(wanted[0])):
            place = words.index(wanted[0], place + 1)
            end = place + len(wanted)
            if words[place:end] == wanted:
                return self._span(place, end - 1)
        return None

    def _span(self, first: int, last: int) -> tuple[int, int]:
        if not self._spans:
            self._spans.extend(chain.from_iterable(spans(self.text)))
        return self._spans[2 * first], self._spans[2 * last + 1]


def ids_of(paper: Paper) -> frozenset[str]:
    """All canonical ids that a paper goes by, in small letters."""
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

    @classmethod
    def of(cls, paper: Paper) -> "Document":
        """Tokenise a paper."""
        return cls(
            paper=paper,
            texts=((Field.TITLE, Text(paper.title)), (Field.ABSTRACT, Text(paper.abstract))),
            authors=tuple(name_parts(author) for author in paper.authors),
            ids=ids_of(paper),
            sources=frozenset(map(fold, paper.sources)),
        )

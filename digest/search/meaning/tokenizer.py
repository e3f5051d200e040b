"""Cuts texts into numbered pieces, as BERT's uncased models were trained with. In: a vocabulary, texts.

Words are parted at spaces and punctuation, put in small letters without accents, and cut into the longest
pieces that the vocabulary has (WordPiece; Devlin et al., BERT, 2018).
"""

import re
import unicodedata
from collections.abc import Mapping
from functools import lru_cache

from digest.errors import InputError

LONGEST_WORD = 100  # letters: what is longer is unknown
_UNKNOWN, _BEGIN, _END = "[UNK]", "[CLS]", "[SEP]"
_PART = re.compile(
    r"[\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff]|[^\W_\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff]+|[^\w\s]|_"
)


class Tokenizer:
    """The pieces of texts. `numbers`: of the vocabulary's pieces. Raises InputError where it isn't BERT's."""

    def __init__(self, numbers: Mapping[str, int]) -> None:
        if not all(each in numbers for each in (_UNKNOWN, _BEGIN, _END)):
            raise InputError(
                "the model's vocabulary isn't one of BERT", fix="use a model with a vocab.txt of BERT"
            )
        self._numbers = numbers
        self._pieces = lru_cache(1 << 16)(self._cut)

    def __call__(self, text: str, most: int) -> list[int]:
        """Return the numbers of a text's pieces, at most so many, its begin and end among them."""
        folded = unicodedata.normalize("NFD", text.lower())
        plain = "".join(each for each in folded if unicodedata.category(each) != "Mn")
        found = [self._numbers[_BEGIN]]
        for part in _PART.finditer(plain):
            found += self._pieces(part[0])
            if len(found) >= most:
                break
        return [*found[: most - 1], self._numbers[_END]]

    def _cut(self, word: str) -> tuple[int, ...]:
        unknown = (self._numbers[_UNKNOWN],)
        found, start = [], 0
        if len(word) > LONGEST_WORD:
            return unknown
        while start < len(word):
            begin = "##" if start else ""
            pieces = ((end, begin + word[start:end]) for end in range(len(word), start, -1))
            end, piece = next(((end, each) for end, each in pieces if each in self._numbers), (0, ""))
            if not end:
                return unknown
            found.append(self._numbers[piece])
            start = end
        return tuple(found)

"""Acronyms and what they stand for, read off texts. In: a text. Out: pairs such as ("MFU", "model flops
utilization").

Found where a text itself says so: "Model FLOPs Utilization (MFU)". The pattern is anchored at the bracket, so
a text is read once. The long form are the fewest words before the bracket whose initials spell the acronym
(A. Schwartz, M. Hearst: A simple algorithm for identifying abbreviation definitions, PSB 2003), or as many
words as the acronym has letters with little words between.
"""

import re
from collections.abc import Iterator

from digest.words import fold, written

_BRACKET = re.compile(r"\(\s*([A-Za-z][A-Za-z0-9]*(?:[-/&][A-Za-z0-9]+)*)\s*[;,)]")
_SHORTEST, _LONGEST = 2, 8  # letters of an acronym
_BEFORE = 120  # characters before the bracket that may hold the long form
_LITTLE = frozenset(
    {"a", "an", "and", "for", "in", "of", "on", "or", "the", "to", "with", "by", "from", "via"}
)


def pairs(text: str) -> Iterator[tuple[str, str]]:
    """Yield the acronyms that a text explains, as written, each with the folded words of its long form."""
    for found in _BRACKET.finditer(text):
        name = found[1][:-1] if found[1].endswith("s") and found[1][-2:-1].isupper() else found[1]
        short = "".join(letter for letter in name if letter.isalnum())
        capitals = sum(letter.isupper() for letter in short)
        if not (_SHORTEST <= len(short) <= _LONGEST) or capitals < 2 or capitals * 2 < len(short):
            continue
        before = text[max(0, found.start() - _BEFORE) : found.start()]
        sentence = re.split(r"[.;:()\[\]]\s", before)[-1]
        if long := _long_form(short.casefold(), written(sentence)):
            yield name, " ".join(long)


def _long_form(short: str, words: list[str]) -> list[str]:
    """The last words, folded, whose initials spell the acronym; little words may stand between, uncounted."""
    letters = list(short)
    start = len(words)
    long: list[str] = []
    while letters and start:
        start -= 1
        word = fold(words[start])
        long.insert(0, word)
        if word[0] == letters[-1]:
            letters.pop()
        elif len(letters) > 1 and len(word) > 2 and word[0] == letters[-2] and letters[-1] in word[1:]:
            del letters[-2:]  # two letters from one word: "GenerAtive", "Internet of Things" keep theirs
        elif word not in _LITTLE or start == len(words) - 1:
            return []
    return long if not letters and len(long) > 1 and " ".join(long) != short else []

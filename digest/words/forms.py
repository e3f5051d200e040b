"""Finds the stem of a word: one for all its inflected forms, American or British. In: small letters.

Inflection only, no derivation: a plural and its singular, a verb's -s, -ed and -ing have one stem; what
another ending makes is another word (`transformer` isn't `transform`, `factuality` isn't `factual`), but for
`-ization`, the name of what `-ize` does. Steps 1a, 1b and 5 of Snowball's English stemmer (Porter,
http://snowball.tartarus.org/algorithms/english/stemmer.html), with the plurals of technical English; its
other steps join strangers. A stem is a key and needn't be a word.
"""

import re

from digest.words.english import (
    ALWAYS_ISE,
    AMERICAN,
    ISE,
    MAY_BE_BRITISH,
    NO_PLURAL,
    OF_THEIR_OWN,
    PLURAL_ICS,
    PLURALS,
    SAME_AS,
    SHORT_VERBS,
)

LONGEST = 40  # letters

_CONSONANTS = "[b-df-hj-np-tv-xz]"
_PLURAL_ACRONYM = re.compile(
    rf"(?!thus|plus|flus|this|chris){_CONSONANTS}{{2,}}[iu]?s(?<!ss)"
)  # kgs, mris, gpus
_ES = re.compile(r".*(?:ss|x|ch|sh|zz|[^aeiou]o)es")
_VOWELS = re.compile(r"[aeiouy]+")
_INFLECTED = re.compile(r"(.*[aeiouy].*)(?:ed|ing)")
_DOUBLED = re.compile(r".*(?:bb|dd|gg|mm|nn|pp|rr|tt)")
_SHORT_WORD = re.compile(r"[^aeiouy]*[aeiouy][^aeiouywx]|[aeiouy][^aeiouy]")
_SHORT_END = re.compile(r"(?:[^aeiouy][aeiouy][^aeiouywx]|^[aeiouy][^aeiouy])e$")
_REGION = re.compile(r"[aeiouy][^aeiouy]")  # after the first are the letters that R1 of Snowball holds


def stem(word: str) -> str:
    """Return the stem of a word in small letters; never empty. What is too long to be a word is its own."""
    if not 3 <= len(word) <= LONGEST or not word.isascii() or not word[-1].isalpha():
        return word
    word = _american(_singular(word))
    word = SAME_AS.get(word, word)
    if word.endswith("ization") and _VOWELS.search(word[:-7]):
        word = word[:-5] + "e"
    return _without_e(_one_l(_without_ed(word)))


def _singular(word: str) -> str:
    if word in PLURALS:
        return PLURALS[word]
    if word[-1] != "s" or word in NO_PLURAL:
        return word
    if _PLURAL_ACRONYM.fullmatch(word):
        return word[:-1]
    if (
        len(word) == 3
        or word.endswith(("ss", "us", "is"))
        or (word.endswith("ics") and word not in PLURAL_ICS)
    ):
        return word
    if word.endswith("ies"):
        return word[:-3] + "y"
    return word[:-2] if word.endswith("es") and _ES.fullmatch(word) else word[:-1]


def _american(word: str) -> str:
    if MAY_BE_BRITISH.search(word):  # most words aren't
        for british, american in AMERICAN:
            word = british.sub(american, word)
    found = ISE.fullmatch(word) if "is" in word else None
    return f"{found[1]}z{found[2]}" if found and not ALWAYS_ISE.search(found[1]) else word


def _without_ed(word: str) -> str:
    """A verb without -ed and -ing, its e restored, its last letter no longer doubled."""
    if not word.endswith(("ed", "ing")) or word in OF_THEIR_OWN or word.endswith("eed"):
        return word
    if word.endswith("ied"):
        return word[:-3] + "y"
    found = _INFLECTED.fullmatch(word)
    if not found:
        return word
    verb = found[1]
    if _DOUBLED.fullmatch(verb):
        single = verb[:-1]
        return single if len(single) > 3 or single in SHORT_VERBS else verb
    return verb + "e" if verb.endswith(("at", "bl", "iz")) or _SHORT_WORD.fullmatch(verb) else verb


def _one_l(word: str) -> str:
    """`modell`, of modelling, is `model`, `install` is `instal`; but `cell` is no `cel`."""
    return word[:-1] if word.endswith("ll") and len(_VOWELS.findall(word)) > 1 else word


def _without_e(word: str) -> str:
    """Without a last e that -ed and -ing take away, so that `image` is what `imaged` is."""
    if word[-1] != "e":
        return word
    first = _REGION.search(word)
    if not first or first.end() >= len(word):
        return word
    second = _REGION.search(word, first.end())
    return word[:-1] if (second and second.end() < len(word)) or not _SHORT_END.search(word) else word

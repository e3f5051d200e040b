"""Words of a text as filters see them: folded, stemmed, with their place.

In: any text. Out: its words, and the span of each in that very text, so that a match can be marked there.
Text and filter are read by the same functions, so both are folded alike. Never looks at a paper or a filter,
never converts TeX: clean both with `digest.text` first. What is a word, and why:

- Letters and digits make words; everything else parts them, hyphen and underscore too: `mixture-of-experts`
  is three words, and so is the phrase "mixture of experts". `GPT-4` is two words, `GPT4` and `3D` are one.
- A dot between digits belongs to a number: `Qwen2.5` and `3.5` are one word. A comma doesn't: `1,000` is two.
- `C++`, `C#` and `F#` are words of their own, so that `C` doesn't find them.
- An apostrophe parts words (`l'hôpital` is `l` `hopital`, `don't` is `don` `t`), but the `'s` of a possessive
  goes: `model's` is `model`.
- Han, Hiragana and Katakana have no spaces between words: each character is a word, so that a phrase finds
  any run of them. Hangul is parted by its spaces.
- Case, diacritics and compatibility forms are folded (`Erdős` = `erdos`, `M³ViT` = `m3vit`, `ﬁne` = `fine`,
  `ＧＰＴ` = `gpt`, `ℒ` = `l`), and letters that have no decomposition (`ø`, `ł`, `ß`, `æ`).
- Stems are English (Snowball). It leaves words without vowels alone, so a plural acronym of four letters or
  more loses its s here, and so does a name that ends in a number: `LLMs` = `llm`, `H100s` = `h100`; `TTS` and
  `CSS` stay.
"""

import re
import unicodedata
from functools import lru_cache
from threading import local

import Stemmer

_MARKS = r"\u0300-\u036f\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff"  # diacritics that stand behind their letter
_UNSPACED = (
    r"\u3005-\u3007\u3040-\u30ff\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U000323af"
)
_PROGRAMMING = r"[Cc]\+\+|[CcFf]\#(?![^\W_])"
_IN_NUMBER = r"(?<=\d)\.(?=\d)"
_POSSESSIVE = r"(?:['’]s(?![^\W_]))?"
_WORD = re.compile(
    rf"({_PROGRAMMING}|[{_UNSPACED}]|(?:[^\W_{_UNSPACED}]++[{_MARKS}]*+|{_IN_NUMBER})++){_POSSESSIVE}"
)
_ASCII_WORD = re.compile(rf"({_PROGRAMMING}|(?:[A-Za-z0-9]++|{_IN_NUMBER})++){_POSSESSIVE}")
_DIACRITIC = re.compile(f"[{_MARKS}]+")
_PLURAL_ACRONYM = re.compile(r"(?:[b-df-hj-np-tv-xz]{2,}[b-df-hj-np-rtv-xz]|[a-z]+\d+)s")  # llms, h100s
_NO_DECOMPOSITION = str.maketrans(
    {"ø": "o", "Ø": "O", "ł": "l", "Ł": "L", "đ": "d", "Đ": "D", "ð": "d", "Ð": "D", "ħ": "h", "Ħ": "H"}
    | {"ŧ": "t", "Ŧ": "T", "ı": "i", "æ": "ae", "Æ": "AE", "œ": "oe", "Œ": "OE", "þ": "th", "Þ": "TH"}
)

_of_thread = local()  # a Stemmer must not be shared by threads


def written(text: str) -> list[str]:
    """The words of a text as they are written, in their order; `forms` says the rest of each."""
    return _pattern(text).findall(text)


def stems(text: str) -> list[str]:
    """The stems of the words of a text, in their order."""
    return [forms(word)[0] for word in written(text)]


def spans(text: str) -> list[tuple[int, int]]:
    """Where each of the words stands that `written` says, in characters of the text."""
    return [found.span(1) for found in _pattern(text).finditer(text)]


def fold(text: str) -> str:
    """A name or category without case, diacritics, compatibility forms, on one line (`Erdős` → `erdos`)."""
    return " ".join(_without_diacritics(text).casefold().split())


@lru_cache(maxsize=1 << 17)
def forms(word: str) -> tuple[str, str]:
    """The stem and the exact form of a word; neither is ever empty. Cached: texts repeat their words."""
    exact = word
    if not word.isascii():
        letters = _without_diacritics(word)  # a fraction or a ligature may come apart into more than letters
        exact = "".join(c for c in letters if c.isalnum() or c == ".").strip(".") or word
    return _stem(exact.casefold()), exact


def _pattern(text: str) -> re.Pattern[str]:
    return _ASCII_WORD if text.isascii() else _WORD


def _stem(word: str) -> str:
    if _PLURAL_ACRONYM.fullmatch(word):
        return word[:-1]
    if not hasattr(_of_thread, "stemmer"):
        _of_thread.stemmer = Stemmer.Stemmer("english", 0)  # no cache of its own
    return str(_of_thread.stemmer.stemWord(word)) or word


def _without_diacritics(text: str) -> str:
    if text.isascii():
        return text
    letters = _DIACRITIC.sub("", unicodedata.normalize("NFKD", text)).translate(_NO_DECOMPOSITION)
    return unicodedata.normalize("NFC", letters)

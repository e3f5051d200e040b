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
- Forms of a word have one stem, American or British (`forms.stem`): `GPUs` = `gpu`, `quantised` =
  `quantization`, `modelled` = `models`; other words of one root don't (`transformer`, `transformation`).
- A small s behind capitals is a plural's, whatever the letters spell: `GPs` is `gp`, and `GPS` is `gps`.
- What some write as one word and some as two is one term of two readings (`readings`): `multimodal`,
  `multi-modal`.
"""

import re
import unicodedata
from collections.abc import Iterator, Sequence
from collections.abc import Set as AbstractSet
from functools import lru_cache
from itertools import chain, islice, product

from digest.words.english import APART, FIRST_PARTS
from digest.words.forms import stem

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
# Simpler texts are split at blanks, which is four times as fast. Patterns that begin with a letter are looked
# for faster than those that begin by looking back.
_POSSESSIVE_S = re.compile(r"'s(?<=[A-Za-z0-9]'s)(?![A-Za-z0-9])")
_DOT_IN_NUMBER = re.compile(r"\.(?<=[0-9]\.)(?=[0-9])")
_KEPT_DOT = "\x01"
_WITHOUT_SPACES = re.compile(f"[{_UNSPACED}]")
_ONLY_WORDS = {code: " " for code in range(128) if not chr(code).isalnum()} | {ord(_KEPT_DOT): "."}
_DIACRITIC = re.compile(f"[{_MARKS}]+")
_PLURAL_ACRONYM = re.compile(r"\d*[A-Z][A-Za-z0-9]*[A-Z0-9]s")  # GPs, LoRAs, H100s
_NO_DECOMPOSITION = str.maketrans(
    {"ø": "o", "Ø": "O", "ł": "l", "Ł": "L", "đ": "d", "Đ": "D", "ð": "d", "Ð": "D", "ħ": "h", "Ħ": "H"}
    | {"ŧ": "t", "Ŧ": "T", "ı": "i", "æ": "ae", "Æ": "AE", "œ": "oe", "Œ": "OE", "þ": "th", "Þ": "TH"}
)

MOST_FORMS = 1 << 17  # words whose forms are kept: some 25 MB
MOST_READINGS = 8
SHORTEST_PART, SHORTEST_WHOLE = 2, 6  # letters: `re-id`, `re-rank`


def written(text: str) -> list[str]:
    """Return the words of a text as they are written, in their order; `forms` says the rest of each."""
    if not text.isascii() or "+" in text or "#" in text or "'s's" in text or _KEPT_DOT in text:
        return _pattern(text).findall(text)
    if "'s" in text:
        text = _POSSESSIVE_S.sub(" ", text)
    if "." in text:
        text = _DOT_IN_NUMBER.sub(_KEPT_DOT, text)
    return text.translate(_ONLY_WORDS).split()


def stems(text: str) -> list[str]:
    """Return the stems of the words of a text, in their order."""
    return [forms(word)[0] for word in written(text)]


def spans(text: str) -> list[tuple[int, int]]:
    """Return where each of the words stands that `written` says, in characters of the text."""
    return list(spans_from(text, 0))


def spans_from(text: str, begin: int) -> Iterator[tuple[int, int]]:
    """Yield where each word stands from a place on that no word goes across, such as behind a blank."""
    return (found.span(1) for found in _pattern(text).finditer(text, begin))


def spans_of(text: str, words: Sequence[str], numbers: Sequence[int]) -> list[tuple[int, int]]:
    """Return where some words of a text stand: what `spans` says of them, sooner.

    `words`: what `written` returns; `numbers`: which of them, ascending; of a word always all.
    Where words are parted by something, one has neither letter nor digit beside it; so where the text has it
    in such places as often as among its words, it stands in those. Else it is a part of another word, too:
    `3` of `3.5`, the s of `model's`.
    """
    wanted = [words[number] for number in numbers]
    found = {word: _apart(text, word) for word in set(wanted)}
    is_parted = text.isascii() or not _WITHOUT_SPACES.search(text)
    if not is_parted or any(len(places) != wanted.count(word) for word, places in found.items()):
        every = spans(text)
        return [every[number] for number in numbers]
    following = {word: iter(places) for word, places in found.items()}
    return [(start := next(following[word]), start + len(word)) for word in wanted]


def _apart(text: str, word: str) -> list[int]:
    """Where a text has a word with neither letter nor digit before and behind it."""
    found = []
    start = text.find(word)
    while start >= 0:
        end = start + len(word)
        if not (text[start - 1 : start].isalnum() or text[end : end + 1].isalnum()):
            found.append(start)
        start = text.find(word, start + 1)
    return found


def fold(text: str) -> str:
    """Return a name or category without case, diacritics, compatibility forms, on one line (`Erdős` →
    `erdos`).
    """
    return " ".join(_without_diacritics(text).casefold().split())


class _Forms(dict[str, tuple[str, str]]):
    """Words → their stems and exact forms, found when first asked; emptied when there are too many."""

    def __missing__(self, word: str) -> tuple[str, str]:
        exact = word
        if not word.isascii():
            # A fraction or a ligature may come apart into more than letters.
            letters = _without_diacritics(word)
            exact = "".join(c for c in letters if c.isalnum() or c == ".").strip(".") or word
        singular = exact[:-1] if exact[-1] == "s" and _PLURAL_ACRONYM.fullmatch(exact) else exact
        found = stem(singular.casefold()), exact
        if len(self) >= MOST_FORMS:
            self.clear()
        self[word] = found
        return found


# A function by its looks: of a word, its stem and its exact form; neither is ever empty. Texts repeat their
# words, so nearly every call is a look into a dict, which is twice as fast as `lru_cache`.
forms = _Forms().__getitem__


def without_case(word: str) -> str:
    """Return a word (in its exact form) in small letters, with the same stem: an acronym's plural may lose
    its s for that (`GPs` → `gp`, because `gps` is another word).
    """
    small = fold(word)
    if _PLURAL_ACRONYM.fullmatch(word) and forms(small)[0] != forms(word)[0]:
        return fold(word[:-1])
    return small


@lru_cache(maxsize=1 << 17)
def readings(words: tuple[str, ...]) -> tuple[tuple[str, ...], ...]:
    """Return the stems of words that follow one another, in each way in which they may be parted: as given
    first.

    Two words that others write as one are one (`fine tuning`, `finetuning`), and one that begins like a
    compound is two (`pretraining`, `pre training`). At most `MOST_READINGS`.
    """
    pairs = range(len(words) - 1)
    joined = [_joined(words, places) for places in [*({n} for n in pairs), *({n, n + 2} for n in pairs[:-2])]]
    parted = product(*(((word,), *_halves(word)) for word in words))
    found = (words, *joined, *(tuple(chain.from_iterable(parts)) for parts in islice(parted, MOST_READINGS)))
    every = dict.fromkeys(tuple([forms(word)[0] for word in some]) for some in found)
    return tuple(every)[:MOST_READINGS]


def _halves(word: str) -> Iterator[tuple[str, str]]:
    """A word as two: `multimodal` → `multi`, `modal`."""
    for first in FIRST_PARTS:
        rest = word.removeprefix(first)
        if rest != word and len(rest) > SHORTEST_PART:
            yield first, rest


def _joined(words: tuple[str, ...], places: AbstractSet[int]) -> tuple[str, ...]:
    """Words with those at `places` joined to the next, where both are the parts of a word."""
    done: list[str] = []
    for place, word in enumerate(words):
        before = place - 1 in places and done and _makes_one(done[-1], word)
        done[-1:] = [done[-1] + word] if before else [*done[-1:], word]
    return tuple(done)


def _makes_one(first: str, second: str) -> bool:
    parts = first, second
    return (
        all(part.isalpha() and len(part) >= SHORTEST_PART and part not in APART for part in parts)
        and len(first) + len(second) >= SHORTEST_WHOLE
    )


def _pattern(text: str) -> re.Pattern[str]:
    return _ASCII_WORD if text.isascii() else _WORD


def _without_diacritics(text: str) -> str:
    if text.isascii():
        return text
    letters = _DIACRITIC.sub("", unicodedata.normalize("NFKD", text)).translate(_NO_DECOMPOSITION)
    return unicodedata.normalize("NFC", letters)

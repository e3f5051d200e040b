"""Names of authors: the elements that list them come in, readable names without affiliations go out.

Written "First Last" in the order of the list: a name given as "Last, F. M." is turned round, because readers
and author filters see "F. M. Last" from every other source. One element is one person or a list, which is
told from the shapes of its parts, never from who the people are. Never raises.
"""

import re
from collections.abc import Iterable, Iterator, Sequence

MAX_LIST = 400_000  # characters of one list of names; the largest collaborations need about 100,000

_INITIALS = re.compile(
    r"(?:(?:[^\W\d_]\.[ -]?){1,5}|[A-Z]{1,3}|(?:[A-Z][ -]){1,3}[A-Z])(?:\s?(?:Jr|Sr)\.?|\s(?:I{2,3}|IV))?"
)
_MAIL_THEN_NAME = re.compile(
    r"[^\s@,;()<>]{1,64}@[^\s@,;()<>]{1,255} ?\(([^()@]{1,150})\)"
)  # RSS 2.0, <author>
_SUFFIX = re.compile(r"(?:Jr|Sr)\.?|I{2,3}|IV", re.IGNORECASE)
_TITLE = re.compile(r"(?:(?:Prof|Professor|Dr|Doctor)\.? )+(?=\S)", re.IGNORECASE)
# Degrees that nobody's initials look like, and those that could be initials: `Li, MD` may be M. D. Li.
_SURE_DEGREE = re.compile(
    r"(?:Ph\.? ?D|D\.? ?Phil|M\.? ?Sc|B\.? ?Sc|D\.? ?Sc|Dr\.? ?(?:med|rer|phil)[\w. ]*|Pharm\.? ?D|Psy\.? ?D"
    r"|Ed\.? ?D|M\.? ?Phil|M\.? ?Eng|B\.? ?Eng|MBBS|MBChB|MBBCh|FRCP|FRCS|FACP|FACS|FAHA|FACC|FRCPC)\.?"
)
_DEGREE = re.compile(
    r"(?:[MDJ]\.? ?D|M\.? ?P\.? ?H|[BM]\.? ?[AS]|R\.? ?N|D\.? ?O|MBA|D\.? ?D\.? ?S|D\.? ?V\.? ?M)\.?"
)
_AND_OTHERS = re.compile(
    r"[\s,]+(?:(?:and|&|\+) )?\s?(?:(?:[\d,.]{1,7}|many|several) (?:more|others?)(?: (?:authors?|people))?"
    r"|et al\.?|and (?:others|colleagues))$",
    re.IGNORECASE,
)
_PLACE = re.compile(
    r"\b(?:Universit|Universidad|Hochschule|Departe?ment\b|Dept\b|Institut|Facult|Laborator|Hospital|Colleges?\b"
    r"|Schools? of|Cent(?:er|re)s? (?:for|of)|Academ(?:y|ia) of|Ministry|Division of)",
    re.IGNORECASE,
)
_GROUP = re.compile(
    r"\b(?:Consorti|Collaborations?\b|Groups?\b|Teams?\b|Networks?\b|Investigators?\b|Committee|Societ|Initiative"
    r"|Association\b|Foundation\b|Project\b|Program(?:me)?\b)",
    re.IGNORECASE,
)
_PARTICLE = re.compile(r"(?:[a-z]|d['’]|al-|el-)", re.ASCII)
_CJK = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")
_COMMAS = str.maketrans({"，": ", ", "、": ", ", "；": "; ", "﹐": ", ", "﹑": ", "})


def people(elements: Iterable[object]) -> list[str]:
    """Return the names in the elements of a list of authors: one or several to an element, in their order.

    In a list of several elements each is a person, unless its parts can only be names of several. What isn't
    text is passed over, and so is what comes after MAX_LIST characters.
    """
    texts: list[str] = []
    left = MAX_LIST
    for element in elements:
        if isinstance(element, str) and (text := _spaced(element)):
            texts.append(text)
        left -= len(element) if isinstance(element, str) else 1
        if left < 0:
            break
    turned = len(texts) > 1 and all(text.count(",") == 1 for text in texts)
    return [name for text in texts for name in _people_of(text, surnames_first=turned)]


def split_names(text: str) -> list[str]:
    """Split `Name (Univ A, Univ B), Name` into names, as arXiv lists them in one string."""
    names: list[str] = []
    for part in without_parentheses(text[:MAX_LIST]).split(","):
        name = _bare(part)
        if names and _SUFFIX.fullmatch(name):
            names[-1] += f" {name}"
        elif name:
            names.append(name)
    return names


def _spaced(text: str) -> str:
    """The text with plain commas and single spaces, without mail addresses and parentheses."""
    text = _MAIL_THEN_NAME.sub(r"\1", text[:MAX_LIST].translate(_COMMAS))
    return " ".join(without_parentheses(text).split()).strip(" ,;")


def _people_of(text: str, *, surnames_first: bool) -> list[str]:
    text = _AND_OTHERS.sub("", text)
    if ";" in text:
        return [name for part in text.split(";") for name in _of_semicolons(part)]
    parts = list(_parts(text))
    if _is_one_place(parts):
        return [text]
    names = _without_degrees(parts)
    if surnames_first and len(names) == 2 and not _is_group(names):
        return [_turned(*names)]
    return _paired(names) or names


def _of_semicolons(text: str) -> list[str]:
    """One person between semicolons: `Li, Ada`, `Ada Li, PhD`, or a group."""
    parts = list(_parts(text))
    if len(parts) > 1 and _is_one_place(parts):
        return [text.strip(" ,")]
    names = _without_degrees(parts)
    if not names:
        return []
    return names if _is_group(names) and " " in names[0] else [_turned(*names)]


def _parts(text: str) -> Iterator[str]:
    """What stands between commas and the word “and”; a group's own “and” stays."""
    for piece in text.split(","):
        between = (
            r" and (?=the )" if _PLACE.search(piece) or _GROUP.search(piece) else r"(?:^|(?<= ))(?:and|&) "
        )
        for part in re.split(between, piece):
            name = _bare(part)
            if name and (_AND_OTHERS.fullmatch(f" {name}") is None):
                yield name


def _is_one_place(parts: Sequence[str]) -> bool:
    """A place that signs as an author, whose name has commas: `University of X, Department of Y`."""
    return bool(parts) and all(_PLACE.search(part) for part in parts)


def _is_group(names: Sequence[str]) -> bool:
    return any(_GROUP.search(name) or _PLACE.search(name) for name in names)


def _without_degrees(parts: Iterable[str]) -> list[str]:
    """The parts that are names: degrees and the places of people go, `Jr.` joins its name."""
    names: list[str] = []
    for part in parts:
        whole = bool(names) and _is_whole(names)
        if names and _SUFFIX.fullmatch(part):
            names[-1] += f" {part}"
        elif not (names and _SURE_DEGREE.fullmatch(part)) and not (whole and _is_of_person(part)):
            names.append(_without_titles(part))
    return names


def _is_of_person(part: str) -> bool:
    """What follows a whole name and is none: `M.D.`, `University of X`."""
    is_place = _PLACE.search(part) is not None and _GROUP.search(part) is None
    return is_place or _DEGREE.fullmatch(part) is not None


def _is_whole(names: Sequence[str]) -> bool:
    """Whether the last of these parts ends a name: `Ada Li`, or `Li`, `Ada`."""
    in_pairs = len(names) % 2 == 0 and not _INITIALS.fullmatch(names[-1])
    return " " in names[-1] or in_pairs


def _without_titles(name: str) -> str:
    name = _TITLE.sub("", name) if " " in name else name
    words = name.split(" ")
    while len(words) > 2 and _SURE_DEGREE.fullmatch(words[-1]):
        words.pop()
    return " ".join(words)


def _paired(names: Sequence[str]) -> list[str]:
    """`Li`, `Ada`, `Roe`, `Bo` → people, where the parts can only be surnames and first names; else []."""
    lasts, firsts = names[::2], names[1::2]
    if not firsts or len(firsts) != len(lasts) or _is_group(names) or any(map(_CJK.search, names)):
        return []
    initials = all(map(_INITIALS.fullmatch, firsts))
    surnames = all(" " not in last or _PARTICLE.match(last) for last in lasts)
    one_person = len(names) == 2 and " " not in firsts[0] and lasts[0].count(" ") <= 1
    if initials or surnames or one_person:
        return [_turned(last, first) for last, first in zip(lasts, firsts, strict=True)]
    return []


def _turned(last: str = "", first: str = "", *more: str) -> str:
    """`Li`, `A. B. Jr.` → `A. B. Li Jr.`"""
    given, _, suffix = first.rpartition(" ")
    order = (given, last, suffix) if _SUFFIX.fullmatch(suffix) else (first, last)
    return " ".join(part for part in (*order, *more) if part)


def _bare(part: str) -> str:
    """A name without mail addresses, and without a parenthesis that never closes."""
    words = part.partition("(")[0].split()
    name = " ".join(word for word in words if "@" not in word).removeprefix("and ")
    return "" if name.lower().rstrip(".") == "et al" else name


def without_parentheses(text: str) -> str:
    """Return the text without its balanced parentheses, however deep; one that never closes stays."""
    kept: list[str] = []
    opened: list[int] = []
    for char in text:
        if char == ")" and opened:
            del kept[opened.pop() :]
            continue
        if char == "(":
            opened.append(len(kept))
        kept.append(char)
    return "".join(kept)

"""Names of authors: one string that lists them comes in, readable names without affiliations go out.

Written "First Last" in the order of the list: a name given as "Last, F. M." is turned round, because readers
and author filters see "F. M. Last" from every other source. Never raises.
"""

import re

MAX_LIST = 400_000  # characters of one list of names; the largest collaborations need about 100,000

_INITIALS = re.compile(
    r"(?:(?:[^\W\d_]\.[ -]?){1,5}|[A-Z]{1,3}|(?:[A-Z][ -]){1,3}[A-Z])(?:\s?(?:Jr|Sr)\.?|\s(?:I{2,3}|IV))?"
)
_MAIL_THEN_NAME = re.compile(
    r"[^\s@,;()<>]{1,64}@[^\s@,;()<>]{1,255} ?\(([^()@]{1,150})\)"
)  # RSS 2.0, <author>
_SUFFIX = re.compile(r"(?:Jr|Sr)\.?|I{2,3}|IV", re.IGNORECASE)


def split_names(text: str) -> list[str]:
    """`Name (Univ A, Univ B), Name` → names, as arXiv lists them in one string."""
    names: list[str] = []
    for part in without_parentheses(text[:MAX_LIST]).split(","):
        name = _bare(part)
        if names and _SUFFIX.fullmatch(name):
            names[-1] += f" {name}"
        elif name:
            names.append(name)
    return names


def split_surnames_first(text: str) -> list[str]:
    """`Li, A. B.; Roe, Cy; The Consortium` → `A. B. Li`, `Cy Roe`, `The Consortium`, as in bioRxiv."""
    parts = text[:MAX_LIST].split(";")
    return [name for part in parts if (name := _turned(*split_names(part)))]


def split_journal_names(text: str) -> list[str]:
    """Names as journals list them: with semicolons, as `Li, A. B., Roe, C.`, or as `Ann Li and Cy Roe`."""
    if ";" in text:
        return split_surnames_first(text)
    text = _MAIL_THEN_NAME.sub(r"\1", text[:MAX_LIST])
    names = split_names(re.sub(r" (?:and|&) ", ", ", " ".join(text.split())))
    firsts = names[1::2]
    if firsts and len(names) % 2 == 0 and all(_INITIALS.fullmatch(first) for first in firsts):
        return [_turned(last, first) for last, first in zip(names[::2], firsts, strict=True)]
    return names


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
    """The text without its balanced parentheses, however deep; one that never closes stays."""
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

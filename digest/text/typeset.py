r"""Writes the formulas of an abstract as MathML, beside the TeX that they were written in.

In: any text, however hostile. Out: its pieces, in order. A piece is a formula only where all of it could be
read and what came of it is made of the elements and attributes below, and nothing else: no link, no style, no
script. Anything else stays the text that it is. At most 60 formulas of 300 characters are looked at, so that
a page costs some milliseconds at most.
"""

import re
from collections.abc import Iterator
from functools import lru_cache
from html import unescape
from itertools import islice
from typing import NamedTuple
from xml.etree import ElementTree as ET

MOST_FORMULAS = 60
LONGEST = 300  # characters of a formula
DEEPEST = 12  # braces within braces
_FORMULA = re.compile(
    r"(?<!\\)\$\$(?P<two>[^$]{1,300})\$\$|(?<![\\$])\$(?P<one>[^$\s](?:[^$]{0,298}[^$\s\\])?)\$(?![$\d])"
    r"|\\\((?P<round>.{1,300}?)\\\)|\\\[(?P<square>.{1,300}?)\\\]",
    re.DOTALL,
)
_ELEMENTS = frozenset(
    re.findall(
        r"\w+",
        """
        math mrow mi mn mo ms mtext mspace msup msub msubsup mfrac msqrt mroot mover munder munderover
        mtable mtr mtd mstyle mpadded mphantom mmultiscripts none mprescripts
        """,
    )
)
_ATTRIBUTES = frozenset(
    re.findall(
        r"\w+",
        """
        display displaystyle scriptlevel stretchy fence form separator lspace rspace width height depth
        mathvariant accent accentunder linethickness largeop movablelimits minsize maxsize symmetric
        columnalign rowspacing columnspacing
        """,
    )
)
_VALUE = re.compile(r"[\w.+\-% ]{0,40}")
_OPENED, _CLOSED = re.compile(r"(?<!\\)\{"), re.compile(r"(?<!\\)\}")
_SPACE = "{http://www.w3.org/1998/Math/MathML}"


class Piece(NamedTuple):
    """A part of a text as it was written, and the MathML of it where it is a formula."""

    text: str
    mathml: str = ""


def pieces(text: str) -> tuple[Piece, ...]:
    """Split a text into what is plain and what are formulas; joined, their texts are the text."""
    return tuple(_pieces(text))


def _pieces(text: str) -> Iterator[Piece]:
    end = 0
    for found in islice(_FORMULA.finditer(text), MOST_FORMULAS):
        made = _mathml(next(each for each in found.groups() if each is not None))
        if made:
            if end < found.start():
                yield Piece(text[end : found.start()])
            yield Piece(found.group(), made)
            end = found.end()
    if end < len(text):
        yield Piece(text[end:])


@lru_cache(maxsize=2_000)
def _mathml(tex: str) -> str:
    """The MathML of a formula; empty where it can't be read wholly."""
    from latex2mathml.converter import convert_to_element  # noqa: PLC0415 - reads its table of symbols

    if len(tex) > LONGEST or _depth(tex) > DEEPEST or len(_OPENED.findall(tex)) != len(_CLOSED.findall(tex)):
        return ""
    try:
        made = convert_to_element(tex)
    except Exception:  # whatever the formula leads its reader into, the text is there
        return ""
    return ET.tostring(made, encoding="unicode") if _is_plain(made) else ""


def _depth(tex: str) -> int:
    depth = deepest = 0
    for character in tex:
        depth += (character in "{[(") - (character in ")]}")
        deepest = max(deepest, depth)
    return deepest


def _is_plain(made: ET.Element) -> bool:
    """Keep nothing but known attributes; whether all elements are known, and no TeX is left in a text."""
    for each in made.iter():
        each.tag = each.tag.removeprefix(_SPACE)
        each.text = unescape(each.text or "")  # its writer gives references to characters
        if each.tag not in _ELEMENTS or "\\" in each.text or (each.tail or "").strip():
            return False
        for name, value in list(each.attrib.items()):
            if name not in _ATTRIBUTES or not _VALUE.fullmatch(value):
                del each.attrib[name]
    return True

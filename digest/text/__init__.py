r"""TeX and HTML of titles and abstracts → clean Unicode text.

In: any string, however hostile. Out: the same text on one line, without TeX, tags and control characters.
Never raises, never loses words outside macros, never touches text without TeX and HTML, but for these:

- white space is collapsed; control characters, bidi overrides and other invisible ones go;
- tags of known HTML elements go, scripts and styles with what they hold (`a < b` and `<think>` stay);
- what some sources leave of TeX is mended: `leq 2%` → `≤ 2%`, `1.2times-3times` → `1.2×–3×`, and
  ``` ``quoted'' ``` → `“quoted”`.

`--` and `~50` stay as they are, as on arXiv's own pages. Cleaning twice is cleaning once: passes go on until
nothing changes, and a text nested so deep that it never settles loses its marks instead.
"""

import re

from digest.text.markup import parse_html, resolve, strip_tags
from digest.text.tex import convert

__all__ = ["clean", "clean_html"]

_PASSES = 6

# Control characters, surrogates, and invisible characters that reorder or hide text. ZWJ and ZWNJ stay:
# Persian and Indic words need them.
_HIDDEN = re.compile(
    r"[\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f\xad\u061c\u180e\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\ufeff"
    r"\ufff9-\ufffb\ud800-\udfff\U000e0000-\U000e007f]"
)
_MARKS = re.compile(r"[\\$<`]|[\^_]\{|\^circ|[lg]eq|\dtimes")  # without these there is nothing to do
_TEX = re.compile(r"[\\$]|[\^_]\{")
_RELATION = re.compile(r"(?<!\w)([lg])eq(?= ?\d)")
_TIMES = re.compile(r"(?<![\w.,])(\d+(?:[.,]\d+)*)times(?!\w)(-(?=\d))?")
_DEGREES = re.compile(r"(?<=\d)\^circ(?!\w)")
_QUOTED = re.compile(r"(?<!`)``([^`\"]{1,300}?)(?:''|\")")
_EVERY_MARK = re.compile(r"[\\$<>&`^_{}]")


def clean(text: str) -> str:
    """A title or abstract as clean Unicode on one line, without TeX, stray tags and control characters."""
    text = _visible(text)
    for _ in range(_PASSES):
        if not _MARKS.search(text):
            return text
        before = text
        text = _visible(_pass(text))
        if text == before:
            return text
    return _visible(_EVERY_MARK.sub("", text))


def clean_html(html: str) -> str:
    """Text that is HTML by its format, as `clean` text: entities resolved, no tag of a known element left."""
    text = parse_html(_visible(html))
    for _ in range(_PASSES):
        before = text
        text = clean(resolve(_visible(text)))
        if text == before:
            return text
    return clean(_EVERY_MARK.sub("", text))


def _visible(text: str) -> str:
    """Text on one line, without characters that nobody sees."""
    return " ".join(_HIDDEN.sub("", text).split())


def _pass(text: str) -> str:
    if "<" in text:
        text = strip_tags(text)
    if _TEX.search(text):
        text = convert(text)
    text = _RELATION.sub(lambda found: "≤" if found.group(1) == "l" else "≥", text)
    text = _TIMES.sub(lambda found: found.group(1) + ("×–" if found.group(2) else "×"), text)
    return _QUOTED.sub(r"“\1”", _DEGREES.sub("°", text))

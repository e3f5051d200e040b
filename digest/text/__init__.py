r"""Cleans TeX and HTML of titles and abstracts to Unicode text.

In: any string, however hostile. Out: the same text on one line, without TeX and control characters. Never
raises, never loses words outside macros, never touches text without TeX, but for these:

- white space is collapsed; control characters, bidi overrides and other invisible ones go;
- TeX that a source damaged is fixed: `leq 2%` → `≤ 2%`, `1.2times-3times` → `1.2×–3×`, `1{,}879` → `1,879`,
  `texttt{D}ual` → `Dual`, `&#177;` → `±`, ``` ``quoted'' ``` → `“quoted”`;
- an address stays one that opens.

Which of two functions reads a text is decided by its source. `clean` is for plain text, as arXiv and Hugging
Face have it: `<p>` and `<think>` are text there, and only pairs that format (`CO<sub>2</sub>`) and tags with
attributes (`<img src=x>`) are markup. `clean_html` is for HTML, JATS and MathML, as feeds and publishers send
them.

`--` and `~50` stay as they are, as on arXiv's own pages. Cleaning twice is cleaning once: passes go on until
nothing changes, and a text nested so deep that it never settles loses its marks instead.
"""

import re

from digest.text.lost_tex import repair
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
_TEX = ("\\", "$", "^{", "_{")
_EVERY_MARK = re.compile(r"[\\$<>&`^_{}]")


def clean(text: str) -> str:
    """Return a plain title or abstract as clean Unicode on one line, without TeX and control characters."""
    text = _visible(text)
    for _ in range(_PASSES):
        before = text
        text = _pass(text)
        if text == before:
            return text
        text = _visible(text)
    return _visible(_EVERY_MARK.sub("", text))


def clean_html(html: str) -> str:
    """Return text that is HTML by its format as `clean` does: no entity and no known tag is left."""
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
    if any(sign in text for sign in _TEX):
        text = convert(text)
    return repair(text)

r"""Control words of TeX that do more than stand for a symbol: what each makes of its arguments.

A reader that stands behind the control word comes in, text goes out. The scanning itself is in `tex`.
"""

import re
from collections.abc import Callable, Mapping
from functools import partial
from typing import Protocol

from digest.text.links import plain_address
from digest.text.symbols import ALPHABETS, MATH_ACCENTS, SWITCHES, accented, script


class Reader(Protocol):
    """A place in a text. `math` says whether a formula or prose is being read."""

    depth: int  # groups that are open
    alphabet: str  # of the letters that follow in this group; empty: plain ones

    def argument(self, *, math: bool) -> str:
        """Return the next argument, converted; empty where there is none."""

    def in_alphabet(self, alphabet: str) -> str:
        """Return the next argument, converted, in letters of an alphabet."""

    def verbatim(self) -> str:
        """Return the next group as it is written."""

    def options(self) -> str:
        """Return the optional argument in brackets at this place; empty where there is none."""

    def skip(self, *, space: bool = False, exactly: str = "") -> None:
        """Pass over white space, and over the given characters."""

    def at_group(self) -> bool:
        """Return whether a group begins at this place."""


Handler = Callable[[Reader, bool], str]

_SIMPLE = re.compile(r"[\w.′√]*")


def _nothing(_reader: Reader, _math: bool) -> str:
    return ""


def _space(_reader: Reader, _math: bool) -> str:
    return " "


def _dropped(reader: Reader, math: bool, *, arguments: int = 1) -> str:
    for _ in range(arguments):
        reader.options()
        reader.argument(math=math)
    return ""


def _last(reader: Reader, math: bool, *, arguments: int) -> str:
    r"""`\textcolor{red}{words}`: only the last argument is text."""
    _dropped(reader, math, arguments=arguments - 1)
    reader.options()
    return reader.argument(math=math)


def _switch(reader: Reader, math: bool) -> str:
    r"""`{\em words}`, and the wrong but common `\em{words}`."""
    reader.skip(space=True)
    if reader.at_group():
        return reader.argument(math=math)
    reader.alphabet = ""
    return ""


def _environment(reader: Reader, _math: bool) -> str:
    if reader.verbatim() in {"array", "tabular"}:
        reader.verbatim()  # its columns
    return " "


def _fence(reader: Reader, _math: bool) -> str:
    r"""`\left(` is `(`, `\right.` is nothing."""
    reader.skip(space=True, exactly=".")
    return ""


def _link(reader: Reader, _math: bool) -> str:
    r"""`\href{address}{words}` → `words (address)`, said once where both are the same."""
    address = plain_address(reader.verbatim())
    words = reader.argument(math=False).strip()
    if not address.lower().startswith(("http://", "https://", "ftp://")):
        return words or address
    if not words or words.rstrip("/") in address:
        return address
    return f"{words} ({address})"


def _note(reader: Reader, _math: bool) -> str:
    reader.options()
    words = reader.argument(math=False).strip()
    return f" ({words})" if words else ""


def _code_point(reader: Reader, _math: bool) -> str:
    r"""`\unicode{x2013}`, as MathJax has it."""
    digits = reader.verbatim().strip().lower()
    try:
        character = chr(int(digits[1:], 16) if digits.startswith("x") else int(digits))
    except (ValueError, OverflowError):
        return ""
    return character if character.isprintable() else " "


def _as_script(reader: Reader, _math: bool, *, mark: str) -> str:
    return script(mark, reader.argument(math=False))


def _in_alphabet(reader: Reader, _math: bool, *, alphabet: str) -> str:
    """The next argument in letters of an alphabet."""
    return reader.in_alphabet(alphabet)


def _alphabet_switch(reader: Reader, math: bool, *, alphabet: str) -> str:
    r"""`{\cal N}`: letters to the end of the group; `\cal{N}`, or outside groups: the next argument."""
    reader.skip(space=True)
    if reader.at_group() or not (math or reader.depth):
        return reader.in_alphabet(alphabet)
    reader.alphabet = alphabet
    return ""


def _with_accent(reader: Reader, _math: bool, *, accent: str) -> str:
    base = reader.argument(math=True).strip()
    return accented(base, accent) if len(base) == 1 and base.isalpha() else base


def _negated(reader: Reader, _math: bool) -> str:
    base = reader.argument(math=True)
    return accented(base, "\u0338") if len(base) == 1 and not base.isalnum() else f"¬{base}"


def _parenthesised(body: str) -> str:
    return body if _SIMPLE.fullmatch(body) else f"({body})"


def _fraction(reader: Reader, _math: bool) -> str:
    above, below = (reader.argument(math=True).strip() for _ in range(2))
    return f"{_parenthesised(above)}/{_parenthesised(below)}"


def _root(reader: Reader, _math: bool) -> str:
    degree = reader.options().strip()
    sign = {"": "√", "2": "√", "3": "∛", "4": "∜"}.get(degree) or script("^", degree) + "√"
    return sign + _parenthesised(reader.argument(math=True).strip())


def _binomial(reader: Reader, _math: bool) -> str:
    above, below = (reader.argument(math=True).strip() for _ in range(2))
    return f"({above} choose {below})"


def _each(names: str, handler: Handler) -> Mapping[str, Handler]:
    return dict.fromkeys(names.split(), handler)


HANDLERS: Mapping[str, Handler] = {
    **_each("xspace nonumber notag relax ignorespaces unskip footnotemark nobreakdash", _nothing),
    **_each(
        "quad qquad enspace thinspace space hfill newline linebreak par item hline smallskip medskip", _space
    ),
    **_each("bibliography bibliographystyle color hphantom hspace hspace* includegraphics input", _dropped),
    **_each("pagestyle phantom setlength vphantom vspace", _dropped),
    **_each(
        "colorbox hyperref hypertarget raisebox rotatebox scalebox textcolor parbox",
        partial(_last, arguments=2),
    ),
    **_each("fcolorbox resizebox multicolumn multirow", partial(_last, arguments=3)),
    **_each("bf bfseries em it itshape mit rm sc scshape sf sl tt ttfamily upshape normalfont", _switch),
    **_each("displaystyle limits nolimits scriptstyle textstyle boldmath unboldmath", _switch),
    **_each("Huge huge LARGE Large large normalsize small footnotesize scriptsize tiny", _switch),
    **_each("allowbreak centering noindent protect", _switch),
    **_each("begin end", _environment),
    **_each("left right middle big Big bigg Bigg bigl bigr Bigl Bigr biggl biggr Biggl Biggr", _fence),
    **_each("href hyperlink", _link),
    **_each("footnote footnotetext thanks", _note),
    "unicode": _code_point,
    "textsuperscript": partial(_as_script, mark="^"),
    "textsubscript": partial(_as_script, mark="_"),
    **{name: partial(_in_alphabet, alphabet=alphabet) for name, alphabet in ALPHABETS.items()},
    **{name: partial(_alphabet_switch, alphabet=alphabet) for name, alphabet in SWITCHES.items()},
    **{name: partial(_with_accent, accent=accent) for name, accent in MATH_ACCENTS.items()},
    "not": _negated,
    **_each("frac dfrac tfrac cfrac nicefrac sfrac", _fraction),
    "sqrt": _root,
    **_each("binom dbinom tbinom", _binomial),
}

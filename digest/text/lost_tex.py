r"""Repairs TeX that a source has damaged: backslashes that are gone, braces that are left, entities of HTML.

In: a text. Out: the text without them. Hugging Face loses backslashes (`3\times3` → `3times3`). A word is a
control word only where no English word is possible: between numbers or single letters, or before a brace.
"""

import html
import re
from collections.abc import Callable

from digest.text.symbols import script

_NUMBER = r"\d+(?:[.,]\d+)*"
_UNIT = r"(?:[kKMB]|[KMGT]B|ms|[a-zA-Z%°])?(?:(?![A-Za-z])|(?=times|sim))"  # 543K, 60%
_FONTS = "texttt textbf textit textsc textrm textsf textsuperscript text mathrm mathbf mathit emph URL"

_ENTITY = re.compile(r"&(?:#\d{1,7}|#[xX][\da-fA-F]{1,6});")
_FONT = re.compile(rf"(?<![A-Za-z\\])(?:{'|'.join(_FONTS.split())})\{{([^{{}}\\$]*)\}}")
_SQUARED = re.compile(r"(?<![\w^])([A-Za-z])\^(\d)(?=\{[=<>]\})")  # R^2{=}0.86
_BRACED_SIGN = re.compile(r"(?<=[\w%)⁰-⁹²³¹])\{([=<>+,.:-])\}")  # 1{,}879
# These begin with their word, and look back from behind it: so they are found fast.
_SIM = re.compile(
    rf"sim(?:(?:(?<![A-Za-z\\]sim)|(?<=\dtimessim))(?=(?:\d\d|\d[.,]\d)[\d.,]*{_UNIT}|\d(?:%|times|sim))"
    rf"|(?<=\dsim)(?={_NUMBER}{_UNIT})|(?<=\d sim)(?= \d)|(?<=[%×)] sim)(?= ?\d))"
)
_APPROX = re.compile(
    r"approx(?:(?<![A-Za-z\\]approx)(?=\d)|(?<=[\d%)] approx)(?= \d)|(?<=\W[B-HJ-Zb-z] approx)(?= \d))"
)
_TIMES = re.compile(
    rf"(?:(?<![\w.,])|(?<=times))(?:({_NUMBER}[°%]?)times(?=\d|[A-Z](?![a-z])|\W|$)(-(?=\d))?"
    r"|([A-Z]|\d+[A-Za-z])times(?=\d|[A-Z](?![a-z])))|(?<=[)\]])times(?=[A-Z\d(\[])"
)
_SPACED_TIMES = re.compile(r"times(?<=\d times)(?= \d)")
_PLUS_MINUS = re.compile(rf"(?<![\w.,])({_NUMBER}%?)( ?)pm\2(?=({_NUMBER})(?![A-Za-z]))")
_ARROW = re.compile(r"(?<=[A-Z\d)\]])(\s?)(?:long)?rightarrow\s?(?=[A-Z\d(\[])")
_AT_MOST, _AT_LEAST = (
    re.compile(rf"{name}(?:q(?<!\w{name}q)(?= ?\d)|(?:(?<=[\d%)] {name})|(?<=\W[B-HJ-Zb-z] {name}))(?= \d))")
    for name in ("le", "ge")
)
_DEGREES = re.compile(r"(?<=\d)\^circ(?!(?!times)\w)")
_QUOTED = re.compile(r"(?<!`)``([^`\"]{1,300}?)(?:''|\")")


def _times(found: re.Match[str]) -> str:
    """`3times3` → `3×3`, `2times-3times` → `2×–3times`."""
    return (found.group(1) or found.group(3) or "") + ("×–" if found.group(2) else "×")


def _plus_minus(found: re.Match[str]) -> str:
    """`69.8 pm 0.5` → `69.8 ± 0.5`; `8 pm 30` is a time of day."""
    number, space, error = found.groups()
    is_time = number.isdigit() and int(number) <= 12 and error.isdigit()
    return found.group() if is_time else f"{number}{space}±{space}"


Replacement = str | Callable[[re.Match[str]], str]

# What to repair, in this order: a text without the word in front needs no look at the pattern.
_MENDS: tuple[tuple[str, re.Pattern[str], Replacement], ...] = (
    ("&#", _ENTITY, lambda found: html.unescape(found.group())),
    ("{", _FONT, r"\1"),
    ("}", _SQUARED, lambda found: found.group(1) + script("^", found.group(2))),
    ("}", _BRACED_SIGN, r"\1"),
    ("^circ", _DEGREES, "°"),
    ("sim", _SIM, "∼"),
    ("approx", _APPROX, "≈"),
    (
        "times",
        _TIMES,
        lambda found: (found.group(1) or found.group(3) or "") + ("×–" if found.group(2) else "×"),
    ),
    ("times", _SPACED_TIMES, "×"),
    ("pm", _PLUS_MINUS, _plus_minus),
    ("rightarrow", _ARROW, r"\1→\1"),
    ("le", _AT_MOST, "≤"),
    ("ge", _AT_LEAST, "≥"),
    ("``", _QUOTED, r"“\1”"),
)


def repair(text: str) -> str:
    """Return the text with damaged TeX repaired; one pass."""
    for word, pattern, replacement in _MENDS:
        if word in text:
            text = pattern.sub(replacement, text)
    return text

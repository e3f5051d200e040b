"""Translates names of TeX symbols, letters and accents to characters of Unicode; no scanning.

The names come from pylatexenc's table; what it lacks, gets wrong or spells in several characters is here.
"""

import re
import unicodedata
from functools import cache

from digest.text.symbol_names import NAMES

# Operators that TeX sets upright, as words: they want space around them.
_FUNCTIONS = """
    arccos arcsin arctan arg argmax argmin cos cosh cot coth csc det diag dim exp gcd hom inf ker lg lim
    liminf limsup ln log max min mod Pr rank sec sign sin sinh softmax sup tan tanh tr
"""
FUNCTIONS = frozenset(_FUNCTIONS.split())

# Letters of text, not of mathematics: TeX's space behind them only ends the name (`S\o ren`).
_LETTERS = "aa AA ae AE dh DH dj DJ i j l L ng NG o O oe OE ss th TH"
LETTERS = frozenset(_LETTERS.split())

# Names of pylatexenc that authors rather use for a model or data set of their own.
_NOT_SYMBOLS = """
    aquarius aries because between cancer capricornus estimates gemini hint id image intercal jupiter leo
    libra mercury natural neptune original pisces pluto recorder sagittarius saturn scorpio smile taurus
    therefore truestate uranus venus virgo
"""

_OWN = {
    "backslash": "∖",  # a raw backslash would be read as TeX again
    "textbackslash": "∖",
    "bigstar": "★",
    "blacktriangle": "▲",
    "bmod": "mod",
    "bot": "⊥",
    "checkmark": "✓",
    "circledR": "®",
    "cmark": "✓",
    "colon": ":",
    "copyright": "©",
    "deg": "°",  # arXiv writes 360{\\deg}
    "degree": "°",
    "defeq": "≔",
    "eth": "ð",
    "gets": "←",
    "hbar": "ħ",
    "heartsuit": "♥",
    "iff": "⟺",
    "implies": "⟹",
    "impliedby": "⟸",
    "land": "∧",
    "lbrack": "[",
    "leadsto": "⇝",
    "lor": "∨",
    "lvert": "|",
    "models": "⊨",
    "ne": "≠",
    "neg": "¬",
    "owns": "∋",
    "prime": "′",
    "rbrack": "]",
    "S": "§",
    "P": "¶",
    "sim": "∼",
    "slash": "/",
    "textasciicircum": "^",
    "textbar": "|",
    "textgreater": ">",
    "textless": "<",
    "textunderscore": "_",
    "triangle": "△",
    "varDelta": "Δ",
    "xmark": "✗",
}

# Control words that print as the abbreviation that they are named after.
ABBREVIATIONS = {
    "aka": "a.k.a.",
    "cf": "cf.",
    "eg": "e.g.",
    "etal": "et al.",
    "etc": "etc.",
    "ie": "i.e.",
    "iid": "i.i.d.",
    "vs": "vs.",
    "wrt": "w.r.t.",
}

# Macros whose letters have an alphabet of their own, by the word that Unicode's names use.
ALPHABETS = {
    "mathbb": "DOUBLE-STRUCK", "mathds": "DOUBLE-STRUCK", "Bbb": "DOUBLE-STRUCK", "mathcal": "SCRIPT",
    "mathscr": "SCRIPT", "mathfrak": "FRAKTUR",
}  # fmt: skip
# The same as switches of old TeX, which reach to the end of their group: {\cal N}.
SWITCHES = {"cal": "SCRIPT", "scr": "SCRIPT", "frak": "FRAKTUR", "goth": "FRAKTUR"}

# Accents in text (\"o) and in mathematics (\hat{x}): the combining character.
TEXT_ACCENTS = {
    "'": "\u0301", "`": "\u0300", "^": "\u0302", '"': "\u0308", "~": "\u0303", "=": "\u0304", ".": "\u0307",
    "c": "\u0327", "k": "\u0328", "b": "\u0331", "d": "\u0323", "H": "\u030b", "r": "\u030a", "u": "\u0306",
    "v": "\u030c",
}  # fmt: skip
MATH_ACCENTS = {
    "hat": "\u0302", "widehat": "\u0302", "tilde": "\u0303", "widetilde": "\u0303", "bar": "\u0304",
    "overline": "\u0304", "vec": "\u20d7", "dot": "\u0307", "ddot": "\u0308", "check": "\u030c",
    "breve": "\u0306", "acute": "\u0301", "grave": "\u0300", "mathring": "\u030a",
}  # fmt: skip

# The signs that MathML sets over a letter, and the combining character of each.
MATH_ACCENT_SIGNS = {
    "^": "\u0302", "~": "\u0303", "¯": "\u0304", "‾": "\u0304", "→": "\u20d7", "˙": "\u0307", "¨": "\u0308",
    "ˇ": "\u030c", "˘": "\u0306", "´": "\u0301", "`": "\u0300", "ˆ": "\u0302", "˜": "\u0303", "_": "\u0304",
}  # fmt: skip

_SUPERSCRIPTS = dict(
    zip(
        "0123456789+-−=()abcdefghijklmnoprstuvwxyzABDEGHIJKLMNOPRTUVWβγδϕχ∘°′*†‡®©™⊤",
        "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁻⁼⁽⁾ᵃᵇᶜᵈᵉᶠᵍʰⁱʲᵏˡᵐⁿᵒᵖʳˢᵗᵘᵛʷˣʸᶻᴬᴮᴰᴱᴳᴴᴵᴶᴷᴸᴹᴺᴼᴾᴿᵀᵁⱽᵂᵝᵞᵟᵠᵡ°°′*†‡®©™ᵀ",
        strict=True,
    )
)
_SUBSCRIPTS = dict(
    zip("0123456789+-−=()aehijklmnoprstuvxβγρϕχ", "₀₁₂₃₄₅₆₇₈₉₊₋₋₌₍₎ₐₑₕᵢⱼₖₗₘₙₒₚᵣₛₜᵤᵥₓᵦᵧᵨᵩᵪ", strict=True)
)
_ORDINALS = {"st", "nd", "rd", "th"}
_TWO_LETTERS = re.compile(r"[^\W\d_]{2}")
_SCRIPTS = {"^": _SUPERSCRIPTS, "_": _SUBSCRIPTS}


@cache
def _table() -> dict[str, str]:
    """All names of symbols. Read once, when the first control word is met: the import takes a while."""
    from pylatexenc.latex2text import get_default_latex_context_db  # noqa: PLC0415  (see above)

    known = {spec.macroname: spec.simplify_repl for spec in get_default_latex_context_db().iter_macro_specs()}
    single = {name: value for name, value in known.items() if isinstance(value, str) and len(value) == 1}
    usable = {name: value for name, value in single.items() if name not in _NOT_SYMBOLS.split()}
    return NAMES | usable | _OWN


def symbol(name: str) -> str | None:
    """Return the character that a control word names (`alpha` → `α`), None for a name that is unknown."""
    return _table().get(name)


def letter(character: str, alphabet: str) -> str:
    """Return a letter or digit in an alphabet of Unicode (`R`, `DOUBLE-STRUCK` → `ℝ`); itself where there is
    none.

    The mathematical letter comes first: U+2118 is the Weierstrass p, whatever its name says (UTR 25).
    """
    kind = "DIGIT" if character.isdigit() else "CAPITAL" if character.isupper() else "SMALL"
    plain = unicodedata.name(character, "").rpartition(" ")[2]
    in_letterlike = {"FRAKTUR": "BLACK-LETTER"}.get(alphabet, alphabet)
    for prefix in (f"MATHEMATICAL {alphabet}", in_letterlike):
        try:
            return unicodedata.lookup(f"{prefix} {kind} {plain}")
        except KeyError:
            continue
    return character


def accented(base: str, accent: str) -> str:
    """Return a letter with a combining accent, as one character where Unicode has one (`o`, U+030B → `ő`)."""
    dotted = {"ı": "i", "ȷ": "j"}.get(base, base)
    return unicodedata.normalize("NFC", dotted + accent)


def script(mark: str, body: str) -> str:
    """Return a superscript (`mark` is `^`) or subscript (`_`): Unicode where every character has one, else as
    typed.

    Words aren't set in small letters: `-3` → `⁻³`; `i+1` → `ᵢ₊₁`; `max` → `_max`; `d × k` → `^(d×k)`. Endings
    of ordinals stay on the line (`5th`).
    """
    compact = _close_up(body)
    table = _SCRIPTS[mark]
    if not compact or (mark == "^" and compact in _ORDINALS):
        return compact
    if all(c in table for c in compact) and not _TWO_LETTERS.search(compact):
        return "".join(table[c] for c in compact)
    bare = compact.replace(".", "").replace("_", "")
    if len(compact) == 1 or bare.isalnum() or (compact[0], compact[-1]) == ("(", ")"):
        return mark + compact
    return f"{mark}({compact})"


def _close_up(body: str) -> str:
    """Drop the space around operators, keep it between words."""
    out: list[str] = []
    for word in body.split():
        if out and out[-1][-1].isalnum() and word[0].isalnum():
            out.append(" ")
        out.append(word)
    return "".join(out)

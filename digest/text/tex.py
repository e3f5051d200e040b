r"""Converts TeX of titles and abstracts to Unicode, in one pass over the text.

In: text with TeX in it (`$\pi_0$`, `\textbf{Foo}`, `Sch\"olkopf`). Out: the same text without. Only
mathematics (`$…$`, `$$…$$`, `\(…\)`, `\[…\]`) and control words are converted. A macro that is unknown gives
the words of its arguments, else its own name. Never raises, never expands definitions, never reads further
than its braces; time and memory grow with the length of the text, however it is nested.
"""

import re
import unicodedata

from digest.text.formulas import formula_end
from digest.text.links import repair_links
from digest.text.macros import HANDLERS
from digest.text.symbols import (
    ABBREVIATIONS,
    FUNCTIONS,
    LETTERS,
    TEXT_ACCENTS,
    accented,
    letter,
    script,
    symbol,
)

_DEEPEST = 30  # levels of braces and arguments; further down braces are dropped unread

_PROSE = re.compile(r"[\\$~^_{}]")
_MATH = re.compile(r"[\\{}^_'~&<>]|\s+|[^\\{}^_'~&<>\s]+")
_CONTROL = re.compile(r"\\(?:([A-Za-z]+)\*?|(.?))", re.DOTALL)
_OPTIONS = re.compile(r"\s*\[([^\[\]]{0,200})\]")
_BRACED_SCRIPT = re.compile(r"[\^_]\{([^{}\\$]{1,40})\}")
_CITATION = re.compile(
    r"[\s~]{0,3}\\(?:[cC]ite[a-zA-Z]*|label|ref|eqref|autoref|[cC]ref|pageref)\*?"
    r"\s?(?:\[[^\[\]]{0,200}\]){0,2}\s?\{[^{}]*\}"
)

_LETTER = r"([^\W\d_])"
_AFTER_SIGN = re.compile(rf"(?:\\(?=[ij](?![A-Za-z])))?{_LETTER}")  # \"o, \'\i
_AFTER_WORD = re.compile(rf"\s{_LETTER}")  # \c c
_IN_BRACES = re.compile(rf"\{{\s?\\?{_LETTER}\s?\}}")  # \H{{o}}, \'{{\i}}

_TIGHT = frozenset("≔≕")  # set without space
_ACCENT = r"\\[^A-Za-z\s](?:\w|\{\w\}|\\[ij])"  # \^e, \^{e}, \'\i
_ACCENTED = re.compile(rf"\{{\s?({_ACCENT}|\\[A-Za-z](?: |(?=\{{))\{{?\w\}}?|\w)\s?\}}|({_ACCENT})")
_UNARY = frozenset("∂∇∑∏∫∞∀∃∄¬√∅∬∭∮")  # no operators between two things, for their spaces
_FORMULAS = {"$$": "$$", "$": "$", "\\(": "\\)", "\\[": "\\]"}


def convert(text: str) -> str:
    """Return one pass over a text: TeX in, Unicode out."""
    return _Tex(repair_links(_CITATION.sub("", text))).prose()


def _is_operator(piece: str) -> bool:
    """Whether a symbol stands between two things, so that space on one side asks for space on the other."""
    return len(piece) == 1 and not piece.isalnum() and piece not in _UNARY


def _symbol_at(text: str) -> str:
    """The symbol that the control word at the beginning of a text stands for; empty where there is none."""
    found = _CONTROL.match(text)
    return symbol(found.group(1) or "") or "" if found else ""


def _ends_its_space(name: str, value: str) -> bool:
    """Whether TeX's rule holds in prose, that the space behind a control word only ends its name.

    It holds for letters, quotes and currencies (`don\\textquoteright t`, `\\pounds 5`); where people write
    mathematics without `$` (`5 \\pm 1`), the space is meant.
    """
    return name in LETTERS or name.startswith("textquote") or unicodedata.category(value[:1] or " ") == "Sc"


class _Tex:
    """A text, the place that is being read, and how deep in groups that is."""

    def __init__(self, text: str, depth: int = 0) -> None:
        self.text = text
        self.at = 0
        self.depth = depth
        self.alphabet = ""  # of letters in this group: that of \\cal and the like
        self.has_macros = "\\" in text

    # ------------------------------------------------------------ prose

    def prose(self, *, in_group: bool = False) -> str:
        """Return what stands up to the end, or up to the brace that closes this group, as running text."""
        out: list[str] = []
        while found := _PROSE.search(self.text, self.at):
            out.append(self._letters(self.text[self.at : found.start()]))
            self.at = found.start()
            if in_group and found.group() == "}":
                self.at += 1
                return "".join(out)
            out.append(self._prose_mark(found.group(), out))
        out.append(self._letters(self.text[self.at :]))
        self.at = len(self.text)
        return "".join(out)

    def _letters(self, text: str) -> str:
        """A run of plain text in the letters of the alphabet that holds here."""
        if not self.alphabet:
            return text
        return "".join(letter(c, self.alphabet) if c.isalnum() else c for c in text)

    def _prose_mark(self, mark: str, out: list[str]) -> str:
        if mark in "\\$" and (formula := self._formula()):
            return formula
        if mark == "\\":
            return self.macro(math=False)
        if mark in "^_" and (found := _BRACED_SCRIPT.match(self.text, self.at)):
            self.at = found.end()  # `DA^{2}`, from sources that lost the `$`; `A_B` and `M^3` stay
            return script(mark, found.group(1))
        self.at += 1
        if mark == "{" and self.has_macros and self.depth < _DEEPEST:
            return self.group(math=False)
        return self._tie(out) if mark == "~" else mark

    def _tie(self, out: list[str]) -> str:
        """`~`: a space in a text that is TeX, but not in `~50` or an address."""
        before = next((piece for piece in reversed(out) if piece), " ")
        if not self.has_macros or before[-1].isspace() or before[-1] in "([{/":
            return "~"
        return " "

    def _formula(self) -> str:
        """The formula that begins here, as text; empty where none does."""
        opening = next((sign for sign in _FORMULAS if self.text.startswith(sign, self.at)), "")
        if not opening:
            return ""
        closing = _FORMULAS[opening]
        start = self.at + len(opening)
        end = formula_end(self.text, start, closing)
        if end < 0:
            return ""
        self.at = end + len(closing)
        return _Tex(self.text[start:end], self.depth).math().strip() or " "

    # ------------------------------------------------------------ mathematics

    def math(self, *, in_group: bool = False) -> str:
        """Return what stands up to the end, or up to the brace that closes this group, as a formula."""
        out = ""
        while found := _MATH.match(self.text, self.at):
            mark = found.group()
            if mark == "\\":
                out = self._with_macro(out)
                continue
            self.at = found.end()
            if mark == "}" and in_group:
                break
            out += self._math_mark(mark, out)
        return out

    def _math_mark(self, mark: str, out: str) -> str:
        if mark == "{":
            return self.group(math=True)
        if mark in "^_":
            return script(mark, self.argument(math=True))
        if mark in "<>":  # with space around, so that no formula makes a tag
            at_edge = not out or out.isspace() or self.at == len(self.text)
            return mark if at_edge else f" {mark} "
        if mark in "~&" or mark.isspace():
            return " "
        return {"'": "′", "}": ""}.get(mark) or self._letters(mark.strip("}"))

    def _with_macro(self, out: str) -> str:
        """`out` and what the control word here makes. Spaces that only end its name go, others stay."""
        found = _CONTROL.match(self.text, self.at)
        name = found.group(1) if found else ""
        piece = self.macro(math=True)
        following = self.text[self.at : self.at + 20].lstrip()
        joins = following[:1].isalnum() or following[:1] == "\\"
        if name in FUNCTIONS or name == "operatorname":
            self.skip(space=True)
            before = " " if out[-1:].isalnum() or out[-1:] in {")", "]"} else ""
            return out + before + piece + (" " if joins else "")
        if name and len(piece) == 1 and self.text[self.at - 1].isalpha():
            if unicodedata.category(piece) == "Pe" or piece in _TIGHT:
                out = out.rstrip()
            if unicodedata.category(piece) == "Ps" or piece in _TIGHT:
                self.skip(space=True)
            space_ends_name = not out[-1:].isspace() if _is_operator(piece) else joins
            if space_ends_name and not (following and _is_operator(_symbol_at(following))):
                self.skip(space=True)
        return out + piece

    # ------------------------------------------------------------ control words and their arguments

    def macro(self, *, math: bool) -> str:
        """Return what the control word or control character at this place makes, with its arguments."""
        found = _CONTROL.match(self.text, self.at)
        self.at = found.end() if found else len(self.text)
        name = found.group(1) if found else ""
        if not name:
            return self._control_character(found.group(2) if found else "")
        if handler := HANDLERS.get(name):
            return handler(self, math)
        if name in TEXT_ACCENTS and not math:
            return self._accent(name)
        value = name if name in FUNCTIONS else symbol(name)
        if value is None:
            return self._unknown(name, math=math)
        self.skip(space=not math and _ends_its_space(name, value), exactly="{}")
        return value

    def _control_character(self, character: str) -> str:
        if character == "@":  # `i.i.d.\@ x`, but also `mAP\@1.0`
            return "@" if self.text[self.at : self.at + 1].isdigit() else ""
        if not character or character in "!-/":
            return ""
        if character in TEXT_ACCENTS:
            return self._accent(character)
        if character.isspace() or character in "\\,;:>":
            return " "
        return "‖" if character == "|" else character

    def _accent(self, name: str) -> str:
        r"""`\"o`, `\H{o}`, `\c c`; also `\r{ho}`, `\c{opyright}`, as arXiv spells `\rho`, `\copyright`."""
        in_address = name == "~" and self.text[max(self.at - 3, 0) : self.at - 2] == "/"
        pattern = _IN_BRACES if self.at_group() else _AFTER_WORD if name.isalpha() else _AFTER_SIGN
        found = pattern.match(self.text, self.at)
        if found and not in_address and not (pattern is _AFTER_WORD and name in "bd"):
            one = accented(found.group(1), TEXT_ACCENTS[name])
            if len(one) == 1:
                self.at = found.end()
                return one
        if not in_address and (stacked := self._over_accented(TEXT_ACCENTS[name])):
            return stacked
        if not name.isalpha():
            return name
        words = self.argument(math=False) if self.at_group() else ""
        return symbol(name + words) or words

    def _over_accented(self, accent: str) -> str:
        r"""`\~{\^e}`, `\`\^a`: an accent over a letter that has one already; empty where there is none."""
        found = _ACCENTED.match(self.text, self.at)
        if not found:
            return ""
        inner = _Tex(found.group(1) or found.group(2), _DEEPEST)
        base = inner.prose()
        if len(base) != 1 or not base.isalpha():
            return ""
        self.at = found.end()
        return accented(base, accent)

    def _unknown(self, name: str, *, math: bool) -> str:
        r"""The words of its arguments; where there are none its name, for `\ours` is most likely spelt so."""
        in_math = math and not name.startswith("text") and name not in {"emph", "mbox", "hbox", "fbox"}
        words = []
        while self.at_group():
            words.append(self.argument(math=in_math))
        if any(words):
            return " ".join(word for word in words if word)
        word = ABBREVIATIONS.get(name, name)
        return word.removesuffix(".") if self.text.startswith(".", self.at) else word

    def argument(self, *, math: bool) -> str:
        """Return the next argument, converted: a group, control word or character; empty where
        there is none.
        """
        self.skip(space=True)
        following = self.text[self.at : self.at + 1]
        if following == "\\" and self.depth < _DEEPEST:
            self.depth += 1
            result = self.macro(math=math)
            self.depth -= 1
            return result
        if following in {"}", "$"}:
            return ""
        self.at += len(following)
        if following == "{":
            return self.group(math=math)
        return "" if following in "\\^_" else self._letters(following) if math else following

    def in_alphabet(self, alphabet: str) -> str:
        """Return the next argument as mathematics, in letters of an alphabet."""
        outer, self.alphabet = self.alphabet, alphabet
        result = self.argument(math=True)
        self.alphabet = outer
        return result

    def group(self, *, math: bool) -> str:
        """Return a group, converted, whose opening brace was just read."""
        if self.depth >= _DEEPEST:
            return ""
        self.depth += 1
        outer, self.alphabet = self.alphabet, self.alphabet if math else ""
        result = self.math(in_group=True) if math else self.prose(in_group=True)
        self.alphabet = outer
        self.depth -= 1
        return result

    def verbatim(self) -> str:
        """Return the next group as it is written; empty where there is none."""
        self.skip(space=True)
        if not self.at_group():
            return ""
        start, level = self.at, 0
        for found in re.compile(r"\\.|[{}]").finditer(self.text, start):
            level += {"{": 1, "}": -1}.get(found.group(), 0)
            if not level:
                self.at = found.end()
                return self.text[start + 1 : found.start()]
        self.at = len(self.text)
        return self.text[start + 1 :]

    def options(self) -> str:
        """Return the optional argument in brackets at this place, as it is written; empty where there is
        none.
        """
        found = _OPTIONS.match(self.text, self.at)
        self.at = found.end() if found else self.at
        return found.group(1) if found else ""

    def skip(self, *, space: bool = False, exactly: str = "") -> None:
        """Pass over white space, and over the given characters."""
        while space and self.text[self.at : self.at + 1].isspace():
            self.at += 1
        if exactly and self.text.startswith(exactly, self.at):
            self.at += len(exactly)

    def at_group(self) -> bool:
        """Return whether a group begins at this place."""
        return self.text.startswith("{", self.at)

"""Reads MathML and the TeX of JATS. In: a text with `<math>` or `<tex-math>`. Out: the same text without.

Reads presentation MathML as publishers' feeds and Crossref have it, with or without the prefix `mml:`. Never
raises; what is nested too deep or cut off gives the text that it holds.
"""

import html
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from html.parser import HTMLParser

from digest.text.symbols import MATH_ACCENT_SIGNS, accented, script

_DEEPEST = 60  # elements inside one another; further down only text is read


def _element(names: str, closing: str = "") -> re.Pattern[str]:
    """An element that holds none of its own name, so that no text costs more than its length."""
    tag = rf"(?:mml:|jats:)?{names}\b"
    return re.compile(rf"<{tag}[^<>]*>((?:(?!<{tag}).)*?)(?:</{tag}\s*>{closing})", re.IGNORECASE | re.DOTALL)


_MATH = _element("math", closing=r"|(?=<(?:mml:)?math\b)|\Z")  # one that is cut off gives what it has
_TEX_MATH = _element("tex-math")
_ALTERNATIVES = _element("alternatives")
_DOCUMENT = re.compile(r"\\begin\{document\}(.*?)\\end\{document\}", re.DOTALL)
_IGNORED = {"annotation", "annotation-xml", "maction", "mphantom", "none", "mprescripts"}
_FENCED = re.compile(r"[\w.′√ℝ]*")


@dataclass(slots=True)
class _Element:
    name: str
    parts: list["_Element | str"] = field(default_factory=list)


def formulas_to_text(text: str) -> str:
    """Return the text with its formulas in MathML and `<tex-math>` as Unicode text; TeX stays in `$…$`."""
    if "math" not in text.lower():
        return text
    text = _ALTERNATIVES.sub(_one_alternative, text)
    text = _TEX_MATH.sub(_tex, text)
    return _MATH.sub(lambda found: html.escape(_formula(found.group()), quote=False), text)


def _one_alternative(found: re.Match[str]) -> str:
    """The first of the ways to write one formula that can be read."""
    inside = found.group(1)
    formula = _MATH.search(inside) or _TEX_MATH.search(inside)
    return formula.group() if formula else inside


def _tex(found: re.Match[str]) -> str:
    tex = found.group(1).replace("<![CDATA[", "").replace("]]>", "")
    if document := _DOCUMENT.search(tex):
        tex = document.group(1)
    tex = tex.strip()
    return f" {tex} " if not tex or tex.startswith(("$", "\\(", "\\[")) else f" ${tex}$ "


class _Reader(HTMLParser):
    """Tags → a tree; end tags that nothing opened are passed over."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.root = _Element("math")
        self.open = [self.root]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        del attrs
        if len(self.open) < _DEEPEST:
            element = _Element(tag.rpartition(":")[2])
            self.open[-1].parts.append(element)
            self.open.append(element)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        del attrs
        self.open[-1].parts.append(_Element(tag.rpartition(":")[2]))

    def handle_endtag(self, tag: str) -> None:
        name = tag.rpartition(":")[2]
        for depth in range(len(self.open) - 1, 0, -1):
            if self.open[depth].name == name:
                del self.open[depth:]
                return

    def handle_data(self, data: str) -> None:
        self.open[-1].parts.append(data)


def _formula(source: str) -> str:
    reader = _Reader()
    reader.feed(source)
    reader.close()
    return " ".join(_text(reader.root).split())


def _text(element: _Element | str) -> str:
    """The text of an element: by its name, else that of its parts."""
    if isinstance(element, str):
        return "" if element.isspace() else element
    parts = [part for part in element.parts if isinstance(part, _Element)]
    least, build = _BUILDERS.get(element.name, (0, None))
    if build and len(parts) >= least:
        return build([_text(part).strip() for part in parts])
    return _as_written(element.name, "".join(map(_text, element.parts)))


def _as_written(name: str, text: str) -> str:
    """The text of an element whose parts stand side by side."""
    if name in _IGNORED:
        return ""
    if name == "mspace":
        return " "
    return text.strip() if name in {"mi", "mn", "mo"} else text


def _bracketed(body: str) -> str:
    return body if _FENCED.fullmatch(body) else f"({body})"


def _over(parts: list[str]) -> str:
    base, above = parts[:2]
    accent = MATH_ACCENT_SIGNS.get(above)
    return accented(base, accent) if accent and len(base) == 1 else base + script("^", above)


_BUILDERS: dict[str, tuple[int, Callable[[list[str]], str]]] = {
    "msup": (2, lambda parts: parts[0] + script("^", parts[1])),
    "msub": (2, lambda parts: parts[0] + script("_", parts[1])),
    "msubsup": (3, lambda parts: parts[0] + script("_", parts[1]) + script("^", parts[2])),
    "munderover": (3, lambda parts: parts[0] + script("_", parts[1]) + script("^", parts[2])),
    "munder": (2, lambda parts: parts[0] + script("_", parts[1])),
    "mover": (2, _over),
    "mfrac": (2, lambda parts: f"{_bracketed(parts[0])}/{_bracketed(parts[1])}"),
    "mroot": (2, lambda parts: f"{script('^', parts[1])}√{_bracketed(parts[0])}"),
    "msqrt": (1, lambda parts: f"√{_bracketed(''.join(parts))}"),
    "semantics": (1, lambda parts: parts[0]),
    "mtr": (1, ", ".join),
    "mtable": (1, "; ".join),
    "mfenced": (1, lambda parts: f"({', '.join(parts)})"),
}

"""HTML and JATS in text: tags of known elements go, their words stay. Never touches `a < b` or `<think>`.

A string comes in, a string goes out; `strip_tags` is for plain text with stray markup, `parse_html` and then
`resolve` for text that is HTML by its format.
"""

import html
import re

import nh3

from digest.text.mathml import formulas_to_text
from digest.text.symbols import script

# Elements of running text, and those that do something: their tags are markup wherever they occur.
_INLINE = "a abbr acronym b bdi bdo big code del em font i img ins kbd nobr small span strike strong tt u wbr"
_BLOCK = (
    "blockquote br caption center dd div dl dt figcaption figure h1 h2 h3 h4 h5 h6 hr li ol p pre table tbody"
    " td tfoot th thead tr ul"
)
_ACTIVE = "iframe script sub sup svg"
# Their names are words, which papers also use for tokens of a model (`<input>`, `<s>`).
_WORDLIKE = (
    "address area article aside audio base body button canvas cite col colgroup data datalist details dfn"
    " dialog embed fieldset footer form frame frameset head header html input label legend link main map mark"
    " marquee math meta meter nav noscript object optgroup option output param picture portal progress q s"
    " samp section select slot source style summary template textarea time title track var video"
)
# Elements of JATS that HTML lacks; publishers leave them in HTML too.
_JATS_ONLY = (
    "abstract alternatives bold disp-formula ext-link fn graphic inline-formula inline-graphic italic label"
    " list list-item monospace named-content roman sans-serif sc sec styled-content tex-math underline uri"
    " xref"
)
_SPACED = frozenset(f"{_BLOCK} article aside footer header section title".split())

_ATTRIBUTE = r"""\s+[\w:@.-]+\s*=\s*(?:"[^"<>]*"|'[^'<>]*'|[^\s"'<>]+)"""
_ANY_ATTRIBUTE = rf"(?:{_ATTRIBUTE}|\s+[\w:@.-]+)"


def _tag(names: str, attributes: str) -> str:
    return rf"</?({'|'.join(names.split())}){attributes}\s*/?>"


_EVERY_ELEMENT = f"{_INLINE} {_BLOCK} {_ACTIVE} {_WORDLIKE}"
# In plain text a tag is markup only with an attribute; `<p>` and `<code>` are text there.
_IN_TEXT = re.compile(_tag(_EVERY_ELEMENT, f"(?:{_ATTRIBUTE})+"), re.IGNORECASE)
_IN_HTML = re.compile(_tag(_EVERY_ELEMENT, f"({_ANY_ATTRIBUTE})*"), re.IGNORECASE)
_FORMATTED = re.compile(r"<(b|em|i|strong|tt|u)>([^<>]{1,200})</\1>", re.IGNORECASE)
_SUB_OR_SUP = re.compile(r"</?su[bp]>", re.IGNORECASE)
_SCRIPT = re.compile(r"<(su[bp])>([^<>]{1,40})</\1>", re.IGNORECASE)
# What is no whole tag but begins like one that does something; only the bracket goes.
_HANDLER = r"[a-z][^<>]{0,300}?\son\w{1,30}\s?="
_LEFT_IN_TEXT = re.compile(rf"<(?=/?(?:script|iframe|img|svg)\b|{_HANDLER})", re.IGNORECASE)
_LEFT_IN_HTML = re.compile(
    rf"<(?=/?(?:script|iframe|img|svg|object|embed|style)\b|{_HANDLER})", re.IGNORECASE
)
# What goes with all that it holds: how it begins and how it ends.
_CONTENTS = (
    (re.compile(r"<script(?:\s[^<>]*)?>", re.IGNORECASE), re.compile(r"</script\s*>", re.IGNORECASE)),
    (re.compile(r"<style(?:\s[^<>]*)?>", re.IGNORECASE), re.compile(r"</style\s*>", re.IGNORECASE)),
    (re.compile(r"<!--"), re.compile(r"-->")),
)
_ENTITY = re.compile(r"&(?:#\d{1,7}|#x[\da-f]{1,6}|[a-z][a-z\d]{1,31});", re.IGNORECASE)
# JATS, of publishers' feeds: with a prefix (`<jats:p>`) or, where HTML has no element of that name, without.
_JATS = re.compile(
    rf"<(/?)(?:jats:([a-z-]+)|({'|'.join(_JATS_ONLY.split())}))(?=[\s/>])[^<>]*>", re.IGNORECASE
)
_JATS_TO_HTML = {"p": "p", "sub": "sub", "sup": "sup", "title": "p"} | dict.fromkeys(
    ("abstract", "disp-formula", "list", "list-item", "sec"), "div"
)
# Printers of JATS part a power from its number: 10 <jats:sup>9</jats:sup>.
_APART = re.compile(r"(?<=\d)\s+(?=<jats:su[bp]>)", re.IGNORECASE)

_KEPT_BY_PARSER = {*_BLOCK.split(), "article", "section", "sub", "sup"}
_DROPPED_BY_PARSER = {"embed", "iframe", "noscript", "object", "script", "style", "svg", "template"}
_ROUNDS = 8  # of escaping in escaping; nobody honest needs more than two


def strip_tags(text: str, *, is_html: bool = False) -> str:
    """Remove tags of HTML elements, scripts, comments; `is_html`: also of elements named like words."""
    for opening, closing in _CONTENTS:
        text = _without(text, opening, closing)
    text = (_IN_HTML if is_html else _IN_TEXT).sub(_instead, text)
    text = _SCRIPT.sub(
        lambda found: script("^" if found.group(1).lower() == "sup" else "_", found.group(2)), text
    )
    if is_html:
        return _LEFT_IN_HTML.sub("", _SUB_OR_SUP.sub("", text))
    return _LEFT_IN_TEXT.sub("", _FORMATTED.sub(r"\2", text))


def parse_html(text: str) -> str:
    """Return the text of HTML, read by a parser: few tags are left, entities are still escaped."""
    text = formulas_to_text(text)
    text = _JATS.sub(_as_html, _APART.sub("", text))
    if not _IN_HTML.search(text):
        return text
    return nh3.clean(text, tags=_KEPT_BY_PARSER, clean_content_tags=_DROPPED_BY_PARSER, attributes={})


def resolve(text: str) -> str:
    """Resolve entities, formulas and tags, however often they were escaped."""
    for _ in range(_ROUNDS):
        before = text
        text = _ENTITY.sub(lambda found: html.unescape(found.group()), text)
        text = strip_tags(_JATS.sub(_as_html, formulas_to_text(text)), is_html=True)
        if text == before:
            break
    return text


def _without(text: str, opening: re.Pattern[str], closing: re.Pattern[str]) -> str:
    """Text without what two tags enclose, and without these; an opening tag that nothing closes stays."""
    kept, at = [], 0
    while begin := opening.search(text, at):
        end = closing.search(text, begin.end())
        if not end:
            break
        kept += [text[at : begin.start()], " "]
        at = end.end()
    return "".join([*kept, text[at:]])


def _instead(found: re.Match[str]) -> str:
    """What replaces a tag: a space for a block, nothing for others; subscripts wait for their turn."""
    name = (found.group(1) or found.group(2)).lower()
    if name in {"sub", "sup"}:
        return f"</{name}>" if found.group().startswith("</") else f"<{name}>"
    return " " if name in _SPACED else ""


def _as_html(found: re.Match[str]) -> str:
    name = _JATS_TO_HTML.get((found.group(2) or found.group(3)).lower())
    return f"<{found.group(1)}{name}>" if name else ""

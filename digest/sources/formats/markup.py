"""Repairs markup as feeds really hold it: text comes in, the text of one XML element goes out, repaired.

Everything that comes before the root is dropped, a DOCTYPE and its entities too, so that no entity is ever
expanded. HTML's entities, bare ampersands and angle brackets, characters that XML forbids and prefixes that
nobody declared become what was meant. One pass each, in time linear in the text. Never raises.
"""

import html
import re
from functools import lru_cache

_FORBIDDEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")  # XML 1.0, section 2.2
_REFERENCE = re.compile(r"&(?:#[0-9]{1,8};|#[xX][0-9a-fA-F]{1,8};|[A-Za-z][A-Za-z0-9]{0,40};)?")
_LONE_ANGLE = re.compile(r"<(?![A-Za-z_/!?])")
_PREFIX = re.compile(r"""<([A-Za-z_][\w.-]{0,40}):|\s([A-Za-z_][\w.-]{0,40}):[\w.-]{1,40}\s?=\s?["']""")
# Titles and descriptions of pictures and of podcasts, which feedparser takes for those of the item itself.
_BESIDE = ("media", "mrss", "itunes", "googleplay", "podcast")
_BESIDE_DECLARED = re.compile(
    r"""xmlns:([\w.-]{1,40})\s*=\s*["']https?://(?:search\.yahoo\.com/mrss|[\w.]{0,40}/dtds/podcast)""",
    re.IGNORECASE,
)
_NAMESPACES = {  # of prefixes that are used undeclared
    "dc": "http://purl.org/dc/elements/1.1/",
    "dcterms": "http://purl.org/dc/terms/",
    "content": "http://purl.org/rss/1.0/modules/content/",
    "rdf": "http://www.w3.org/1999/02/22-rdf-syntax-ns#",
    "atom": "http://www.w3.org/2005/Atom",
}


def repair(text: str) -> str:
    """Return the document from its root element on, with simple faults repaired; empty without an element."""
    text = _rename_beside(_without_prolog(text))
    first, *others = _FORBIDDEN.sub(" ", text).split("<![CDATA[")
    repaired = [_repair_markup(first)]
    for part in others:
        data, closed, rest = part.partition("]]>")
        repaired.append(f"<![CDATA[{data}{closed}{_repair_markup(rest)}")
    return _declare_prefixes("".join(repaired))


def _rename_beside(text: str) -> str:
    """Elements about pictures and podcasts under a prefix that feedparser doesn't know."""
    prefixes = {*_BESIDE, *_BESIDE_DECLARED.findall(text)}
    names = "|".join(map(re.escape, sorted(prefixes)[:50]))
    return re.sub(rf"<(/?)(?:{names}):(?=[A-Za-z])", r"<\1beside:", text, flags=re.IGNORECASE)


def _without_prolog(text: str) -> str:
    at = text.find("<")
    while at >= 0:
        if text.startswith("<!--", at):
            end = text.find("-->", at)
        elif text.startswith("<?", at):
            end = text.find("?>", at)
        elif text[at : at + 9].upper() == "<!DOCTYPE":
            end = _doctype_end(text, at)
        else:
            return text[at:].rstrip()
        at = text.find("<", end) if end >= 0 else -1
    return ""


def _doctype_end(text: str, at: int) -> int:
    close = text.find(">", at)
    subset = text.find("[", at, max(close, at))
    return text.find("]>", subset) if subset >= 0 else close


def _repair_markup(text: str) -> str:
    known = _REFERENCE.sub(lambda found: _repair_reference(found[0]), text)
    return _FORBIDDEN.sub(" ", _LONE_ANGLE.sub("&lt;", known))


@lru_cache(1_000)
def _repair_reference(reference: str) -> str:
    return html.escape(html.unescape(reference))


def _declare_prefixes(text: str) -> str:
    root = text[: text.find(">")]
    used = dict.fromkeys(in_tag or in_attribute for in_tag, in_attribute in _PREFIX.findall(text))
    missing = [name for name in used if name not in ("xml", "xmlns") and f"xmlns:{name}" not in root]
    name_end = re.match(r"<[^\s/>]*", text)
    if not missing or name_end is None:
        return text
    declarations = "".join(
        f' xmlns:{name}="{_NAMESPACES.get(name, f"urn:undeclared:{name}")}"' for name in missing[:50]
    )
    return text[: name_end.end()] + declarations + text[name_end.end() :]

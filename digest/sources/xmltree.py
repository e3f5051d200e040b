"""XML as sources really send it: bytes come in, a tree goes out. Raises only ParseError, never fetches,
never expands an entity that a document declares; time and memory grow with the size of the body alone.

Wrong encodings, control characters, HTML's entities, bare ampersands and undeclared prefixes are mended. A
body that breaks off is read up to there: its complete items count.

Why not a feed library: the usual one (feedparser 6.0.14) takes time that grows with the square of an author's
name, of the attributes of a tag, of the tags of an entry: 20 kB of hostile feed hold it for seconds.
"""

import codecs
import html
import re
from dataclasses import dataclass
from io import BytesIO
from itertools import pairwise
from xml.etree.ElementTree import Element, iterparse
from xml.etree.ElementTree import ParseError as NotXml
from xml.sax.saxutils import escape

from digest.errors import ParseError

ATOM = "{http://www.w3.org/2005/Atom}"
ARXIV = "{http://arxiv.org/schemas/atom}"
DUBLIN_CORE = "{http://purl.org/dc/elements/1.1/}"
OPENSEARCH = "{http://a9.com/-/spec/opensearch/1.1/}"

MAX_ELEMENTS = 500_000  # 2,000 items of arXiv have about 40,000
MAX_DEPTH = 100

_DECLARED = re.compile(rb"""<\?xml[^>]{0,200}?encoding\s*=\s*["']([A-Za-z0-9._:-]{2,40})["']""")
# Python knows codecs that aren't character sets, or that take long on hostile input.
_CHARSETS = re.compile(
    r"utf|iso|latin|windows|cp|ibm|koi8|gb|big5|euc|shift|sjis|us-ascii|ascii|mac|tis|hz", re.IGNORECASE
)
_BOMS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
    (b"<\x00\x00\x00", "utf-32-le"),
    (b"\x00\x00\x00<", "utf-32-be"),
    (b"<\x00", "utf-16-le"),
    (b"\x00<", "utf-16-be"),
)
_FORBIDDEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")  # XML 1.0, section 2.2
_REFERENCE = re.compile(r"&(?:#[0-9]{1,8};|#[xX][0-9a-fA-F]{1,8};|[A-Za-z][A-Za-z0-9]{0,40};)?")
_LONE_ANGLE = re.compile(r"<(?![A-Za-z_/!?])")
_PREFIX = re.compile(r"[<\s]([A-Za-z_][\w.-]{0,40}):(?=[A-Za-z_])")


@dataclass(frozen=True, slots=True)
class Document:
    """The root, as far as it could be read, and in words why reading stopped early (empty: it didn't)."""

    root: Element
    broken: str = ""


def read(body: bytes) -> Document:
    """The document in these bytes; raises ParseError if not even its root can be read."""
    text = _FORBIDDEN.sub(" ", _without_prolog(decode(body)))
    if not text:
        raise ParseError("it holds no XML element")
    return _build(_mend(text))


def local(element: Element) -> str:
    """The name of an element without its namespace, in lower case."""
    return element.tag.rpartition("}")[2].lower()


def words(element: Element, tag: str) -> str:
    """The text of the first child with this tag, or nothing."""
    return (element.findtext(tag) or "").strip()


def decode(body: bytes) -> str:
    """Bytes → text: by byte order mark, then by the declaration, then UTF-8, then what Windows writes."""
    for mark, name in _BOMS:
        if body.startswith(mark):
            return body.decode(name, "replace").lstrip("\ufeff")
    declared = _DECLARED.search(body[:500])
    names = [declared[1].decode("ascii")] if declared else []
    for name in [*names, "utf-8"]:
        if not _CHARSETS.match(name):
            continue
        try:
            return body.decode(name)
        except (UnicodeError, LookupError):  # wrongly declared, or no such encoding
            continue
    return body.decode("cp1252", "replace")


def _without_prolog(text: str) -> str:
    """What begins at the root: no declaration, no comments, no DOCTYPE and none of its entities."""
    at = text.find("<")
    while at >= 0:
        if text.startswith("<!--", at):
            end = text.find("-->", at)
        elif text.startswith("<?", at):
            end = text.find("?>", at)
        elif text[at : at + 9].upper() == "<!DOCTYPE":
            end = _doctype_end(text, at)
        else:
            return text[at:]
        at = text.find("<", end) if end >= 0 else -1
    return ""


def _doctype_end(text: str, at: int) -> int:
    close, subset = text.find(">", at), text.find("[", at)
    return text.find("]>", subset) if 0 <= subset < close else close


def _mend(text: str) -> str:
    """References and brackets that XML does not know become text, CDATA stays; prefixes get declared."""
    first, *others = text.split("<![CDATA[")
    mended = [_mend_markup(first)]
    for part in others:
        data, closed, rest = part.partition("]]>")
        mended.append(f"<![CDATA[{data}{closed}{_mend_markup(rest)}")
    return _declare_prefixes("".join(mended))


def _mend_markup(text: str) -> str:
    quotes = {'"': "&quot;", "'": "&apos;"}
    known = _REFERENCE.sub(lambda found: escape(html.unescape(found[0]), quotes), text)
    return _FORBIDDEN.sub(" ", _LONE_ANGLE.sub("&lt;", known))


def _declare_prefixes(text: str) -> str:
    root_end = text.find(">")
    root = text[:root_end]
    used = dict.fromkeys(_PREFIX.findall(text))
    missing = [name for name in used if name not in ("xml", "xmlns") and f"xmlns:{name}" not in root]
    name_end = re.match(r"<[^\s/>]*", text)
    if not missing or name_end is None:
        return text
    declarations = "".join(f' xmlns:{name}="urn:undeclared:{name}"' for name in missing[:50])
    return text[: name_end.end()] + declarations + text[name_end.end() :]


def _build(text: str) -> Document:
    opened: list[Element] = []
    root: Element | None = None
    broken = ""
    # Piece by piece, so that the limits stop the work early.
    events = iterparse(BytesIO(text.encode()), ("start", "end"))  # noqa: S314 - no DOCTYPE is left, so no entity
    try:
        for count, (event, element) in enumerate(events):
            if count > 2 * MAX_ELEMENTS or len(opened) > MAX_DEPTH:
                raise ParseError(f"more than {MAX_ELEMENTS:,} elements, or {MAX_DEPTH} inside one another")
            root = element if root is None else root
            if event == "start":
                opened.append(element)
            else:
                opened.pop()
    except NotXml as error:
        broken = f"not well-formed XML: {error}"
    if root is None:
        raise ParseError(broken or "it holds no XML element")
    for parent, child in pairwise(opened):
        if local(child) in ("item", "entry"):  # it was cut off in the middle
            parent.remove(child)
            break
    return Document(root, broken)

"""Any feed: RSS 0.9x to 2.0, RDF, Atom, JSON Feed; bytes come in, `Parsed` goes out. Never fetches anything.

Elements are told apart by their names alone, because feeds in the wild have every namespace wrong.
"""

from collections.abc import Callable, Iterator
from urllib.parse import urljoin
from xml.etree.ElementTree import Element

from digest.domain import Parsed
from digest.errors import ParseError
from digest.sources import arxiv, fields, json_feed, xmltree
from digest.sources.feed_item import FeedItem, Text, entry_of
from digest.sources.items import read_items
from digest.sources.xmltree import ARXIV, local

_ROOTS = ("rss", "rdf", "feed")


def parse(body: bytes) -> Parsed:
    """Read a feed; raises ParseError if it is none."""
    if body.lstrip(b"\xef\xbb\xbf \t\r\n")[:1] in (b"{", b"["):
        return json_feed.parse(body)
    if ARXIV[1:-1].encode() in body[:1000]:
        return arxiv.parse(body)  # an arXiv feed under the wrong kind
    document = xmltree.read(body)
    root = document.root
    if local(root) == "html":
        raise ParseError("a web page, not a feed", fix="give the URL of the feed itself")
    if local(root) not in _ROOTS:
        raise ParseError(f"not a feed: its root is <{fields.line(root.tag, 80)}>")
    home = _home(root)
    items = (_read_item(element, home) for element in root.iter() if local(element) in ("item", "entry"))
    return read_items(
        items, entry_of, lambda item: fields.key(item.key) or fields.link(item.link), document.broken
    )


def _home(root: Element) -> str:
    """The site of the feed: relative links of its items hang there."""
    channel = next((child for child in root if local(child) == "channel"), root)
    links = [
        _address(child)
        for child in channel
        if local(child) == "link" and child.get("rel", "alternate") == "alternate"
    ]
    return next((link for link in links if fields.link(link)), "")


def _read_item(element: Element, home: str) -> FeedItem:
    item = FeedItem(key=_about(element))
    for child in element:
        if reader := _READERS.get(local(child)):
            reader(item, child)
    if item.link:
        item.link = _join(home, item.link)
    elif fields.link(item.key):
        item.link = item.key  # RSS: a guid is a permanent link unless it says otherwise
    return item


def _about(element: Element) -> str:
    """RDF names its items in an attribute."""
    return next((value for name, value in element.attrib.items() if name.rpartition("}")[2] == "about"), "")


def _join(home: str, link: str) -> str:
    try:
        return urljoin(home, link.strip())
    except ValueError:
        return ""


# ---------------------------------------------------------------- one reader for each element


def _text(element: Element) -> Text:
    """The text of an element, markup inside it left out; Atom says what it is, the others don't."""
    kind = element.get("type", "").lower()
    html = {"html": True, "text/html": True, "text": False, "text/plain": False, "xhtml": False}.get(kind)
    return Text("".join(_pieces(element)).strip(), html)


def _pieces(element: Element) -> Iterator[str]:
    """The text in document order, without that of scripts and styles, which some embed as elements."""
    if local(element) in ("script", "style"):
        return
    yield element.text or ""
    for child in element:
        yield " " if local(child) in ("br", "p", "div", "li") else ""
        yield from _pieces(child)
        yield child.tail or ""


def _plain(element: Element) -> str:
    return "".join(element.itertext()).strip()


def _address(element: Element) -> str:
    return element.get("href", "") or _plain(element)


def _title(item: FeedItem, element: Element) -> None:
    if not item.title.raw:
        item.title = _text(element)


def _link(item: FeedItem, element: Element) -> None:
    if element.get("type") == "application/pdf":
        item.pdf = item.pdf or _address(element)
    elif element.get("rel", "alternate") == "alternate":
        item.link = item.link or _address(element)


def _key(item: FeedItem, element: Element) -> None:
    item.key = _plain(element) or item.key


def _summary(item: FeedItem, element: Element) -> None:
    if not item.summary.raw:
        item.summary = _text(element)


def _content(item: FeedItem, element: Element) -> None:
    if not item.content.raw:
        item.content = _text(element)


def _author(item: FeedItem, element: Element) -> None:
    """Atom: `<author><name>`, the others: `<author>` or `<dc:creator>` with one name or all."""
    names = [_plain(child) for child in element if local(child) == "name"]
    item.authors.extend(names or [_plain(element)])


def _category(item: FeedItem, element: Element) -> None:
    item.categories.append(element.get("term", "") or _plain(element))


def _identifier(item: FeedItem, element: Element) -> None:
    item.identifiers.append(_plain(element))


def _published(item: FeedItem, element: Element) -> None:
    item.published = item.published or _plain(element)


def _updated(item: FeedItem, element: Element) -> None:
    item.updated = item.updated or _plain(element)


def _comments(item: FeedItem, element: Element) -> None:
    item.discussion = item.discussion or _plain(element)


_READERS: dict[str, Callable[[FeedItem, Element], None]] = {
    "title": _title,
    "link": _link,
    "guid": _key,
    "id": _key,
    "description": _summary,
    "summary": _summary,
    "encoded": _content,
    "content": _content,
    "author": _author,
    "creator": _author,
    "category": _category,
    "subject": _category,
    "identifier": _identifier,
    "doi": _identifier,
    "pubdate": _published,
    "published": _published,
    "issued": _published,
    "publicationdate": _updated,
    "date": _updated,
    "updated": _updated,
    "modified": _updated,
    "comments": _comments,
}

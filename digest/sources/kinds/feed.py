"""Any feed: RSS 0.9x to 2.0, RDF, Atom, CDF, JSON Feed; bytes come in, `Parsed` goes out. Never fetches."""

from digest.domain import Parsed, SourceKind
from digest.sources.formats import json_feed, syndication
from digest.sources.formats.feed_item import FeedItem, Text, entry_of, join
from digest.sources.formats.syndication import Item, authors, tags, words
from digest.sources.kinds import arxiv
from digest.sources.source_type import SourceType
from digest.sources.values import fields
from digest.sources.values.items import read_items, with_distinct_keys

_ARXIV = b"http://arxiv.org/schemas/atom"
_HTML_TYPES = ("text/html", "application/xhtml+xml")


def parse(body: bytes, address: str = "") -> Parsed:
    """Read a feed that came from an address; raises ParseError if it is none."""
    return with_distinct_keys(_parse(body, address))


def _parse(body: bytes, address: str) -> Parsed:
    if body.lstrip(b"\xef\xbb\xbf \t\r\n")[:1] in (b"{", b"["):
        return json_feed.parse(body, address)
    if _ARXIV in body[:1000]:
        return arxiv.parse(body)  # an arXiv feed under the wrong kind
    document = syndication.read(body)
    atom = document.version.startswith("atom")
    base = _base(words(document.feed, "link"), address, atom)
    items = (_feed_item(item, base, atom) for item in document.items)
    return read_items(
        items, entry_of, lambda item: fields.key(item.key) or fields.link(item.link), document.skipped
    )


def _base(home: str, address: str, atom: bool) -> str:
    """What links are relative to, beside `xml:base`, which feedparser knows: the feed's own address in Atom
    (RFC 4287, section 2); in RSS, which doesn't say, the page that it is of."""
    home = fields.link(join(address, home))
    return (address or home) if atom else (home or address)


def _feed_item(item: Item, base: str, atom: bool) -> FeedItem:
    content = dict.get(item, "content") or [{}]
    return FeedItem(
        key=words(item, "id"),
        title=_text(item, "title", atom),
        link=join(base, _link(item)),
        pdf=join(base, _pdf(item)),
        discussion=join(base, words(item, "comments")),
        summary=_text(item, "summary", atom),
        content=Text(words(content[0], "value"), _is_html(content[0], atom)),
        authors=authors(item),
        categories=tags(item),
        identifiers=_identifiers(item),
        published=words(item, "published"),
        updated=words(item, "updated") or words(item, "prism_publicationdate"),
    )


def _link(item: Item) -> str:
    """RDF names its items by their addresses; of other ids feedparser knows which are links."""
    return words(item, "link") or ("" if "guidislink" in item else words(item, "id"))


def _text(item: Item, name: str, atom: bool) -> Text:
    return Text(words(item, name), _is_html(dict.get(item, f"{name}_detail") or {}, atom))


def _is_html(detail: Item, atom: bool) -> bool | None:
    """True where Atom says so; None: elsewhere it is only guessed, and plain text is often escaped twice."""
    return True if atom and words(detail, "type") in _HTML_TYPES else None


def _pdf(item: Item) -> str:
    links = dict.get(item, "links", ())
    return next((words(link, "href") for link in links if words(link, "type") == "application/pdf"), "")


def _identifiers(item: Item) -> list[str]:
    """`dc:identifier`, `prism:doi` and the like, under whatever prefix."""
    return [words(item, name) for name in item if name.rpartition("_")[2] in ("identifier", "doi")]


FEED = SourceType(
    kind=SourceKind.FEED,
    label="Feed",
    parse=parse,
    looks_like=lambda _: True,  # whatever is none of the others
)

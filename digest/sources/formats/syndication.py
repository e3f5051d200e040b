"""RSS, RDF, Atom and CDF in every dialect: the bytes of a feed come in, what feedparser reads in it goes out.

The only door of feedparser, which reads in a process of its own (`feed_process.py`): whatever a feed does to
it costs that process alone. A feed that isn't well-formed, or takes too long as a whole, is read item by
item, so that a bad item stops only itself.
"""

import re
import time
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from digest.domain import Skipped
from digest.errors import ParseError
from digest.sources.formats import charset, feed_process, guard, markup
from digest.sources.values.items import MAX_ITEMS

MAX_ROOT_TAG = 5_000  # characters; it is read again with each item of a broken feed
MAX_ROOT_TAGS = 2_000_000  # characters of all those readings
ITEM_SECONDS = 1.0  # of processor time for one item of a broken feed
BROKEN_SECONDS = 15.0  # for all of its items; on the clock, so that killing the reader counts too

_ROOT = re.compile(r"<((?:[A-Za-z_][\w.-]{0,40}:)?([A-Za-z_][\w.-]{0,80}))(?=[\s/>])[^<>]*>")
_ITEM = re.compile(r"<(?=(?:[A-Za-z_][\w.-]{0,40}:)?(?:item|entry)[\s>])", re.IGNORECASE)
_ITEM_END = re.compile(r"</(?:[A-Za-z_][\w.-]{0,40}:)?(?:item|entry)\s*>", re.IGNORECASE)
_ROOTS = frozenset({"rss", "rdf", "feed", "channel"})

Item = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Document:
    """What feedparser read: the feed itself, its items, and those that could not be read, with the reason."""

    version: str  # feedparser's word for the format: rss20, atom10 …
    feed: Item
    items: list[Item]
    skipped: tuple[Skipped, ...] = ()


def read(body: bytes) -> Document:
    """Return the feed in these bytes; raises ParseError if it is none, or if none of its items can
    be read.
    """
    text = markup.repair(charset.decode(body))
    root = _ROOT.match(text)
    if root is None:
        raise ParseError(
            "not well-formed XML: its first tag isn't one" if text else "it holds no XML element"
        )
    name = root[2].lower()
    if name == "html":
        raise ParseError("a web page, not a feed", fix="give the URL of the feed itself")
    if name not in _ROOTS:
        raise ParseError(f"not a feed: its root is <{root[2]}>")
    try:
        reason = guard.check(text)
        if not reason:
            return _parse(text)
    except ParseError as error:
        reason = error.message
    return _item_by_item(text, root, reason)


def words(item: Item, name: str) -> str:
    """Return the text under this name of feedparser's, or nothing."""
    value = dict.get(item, name)  # its own `get` knows names that stand for others, and warns of them
    return value.strip() if isinstance(value, str) else ""


def authors(item: Item) -> list[str]:
    """Return the texts of its authors: one each, or one for all, as the feed has them."""
    named = [words(author, "name") for author in dict.get(item, "authors", ())]
    if len(named) == 1:  # then this is the text as it stands, before mail addresses were looked for in it
        return [words(item, "author")]
    return [name for name in named if name]


def tags(item: Item) -> list[str]:
    """Return its categories, subjects and keywords in their order."""
    return [term for tag in dict.get(item, "tags", ()) if (term := words(tag, "term"))]


def _parse(text: str, seconds: float | None = None) -> Document:
    found = feed_process.read(text, seconds)
    return Document(found.version, found.feed, found.items)


def _item_by_item(text: str, root: re.Match[str], reason: str) -> Document:
    """Each item as a feed of its own, under the same root tag; at least one is skipped, with the reason."""
    starts = [found.start() for found in _ITEM.finditer(text)]
    if not starts or len(root[0]) > MAX_ROOT_TAG:
        raise ParseError(reason)
    items: list[Item] = []
    skipped: list[Skipped] = []
    until = time.monotonic() + BROKEN_SECONDS
    room = min(MAX_ITEMS, MAX_ROOT_TAGS // len(root[0]))
    for place, (start, end) in enumerate(pairwise([*starts, len(text)][: room + 1]), start=1):
        try:
            if time.monotonic() > until:
                raise ParseError("the items before it took too long to repair")
            alone = f"{root[0]}{_complete(text[start:end], reason)}</{root[1]}>"
            guard.check(alone)
            items += _parse(alone, ITEM_SECONDS).items
        except ParseError as error:
            skipped.append(Skipped(f"item {place}", error.message))
    if not items:
        raise ParseError(reason)
    head = _head(text[: starts[0]])
    return Document(
        head.version, head.feed, items, tuple(skipped) or (Skipped(f"item {len(starts) + 1}", reason),)
    )


def _complete(piece: str, reason: str) -> str:
    """The item at the start of this piece of text; raises ParseError if it doesn't end in it."""
    end = _ITEM_END.search(piece)
    if end is None:
        raise ParseError(reason)
    return piece[: end.end()]


def _head(text: str) -> Document:
    """What stands before the first item, without its end tags; empty if it can't be read."""
    try:
        return _parse(text, ITEM_SECONDS)
    except ParseError:
        return Document("", {}, [])

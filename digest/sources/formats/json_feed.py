"""Reads JSON Feed 1.0 and 1.1 (https://www.jsonfeed.org): bytes come in, `Parsed` goes out."""

from typing import Any

from digest.domain import Parsed
from digest.errors import ParseError
from digest.sources.formats import jsontree
from digest.sources.formats.feed_item import FeedItem, Text, entry_of, join
from digest.sources.values import fields
from digest.sources.values.items import read_items


def parse(body: bytes, address: str = "") -> Parsed:
    """Read a JSON Feed that came from an address; raises ParseError if it is none."""
    answer = jsontree.read(body.removeprefix(b"\xef\xbb\xbf"))
    items = jsontree.get(answer, "items")
    if not isinstance(items, list):
        raise ParseError("JSON without a list `items`: not a JSON Feed")
    read = (_read_item(value, address) for value in items)
    return read_items(read, entry_of, lambda item: fields.key(item.key))


def _read_item(value: Any, address: str) -> FeedItem:
    html = _text(value, "content_html")
    return FeedItem(
        key=_text(value, "id"),
        title=Text(_text(value, "title")),
        link=join(address, _text(value, "url") or _text(value, "external_url")),
        summary=Text(_text(value, "summary")),
        content=Text(html, True) if html else Text(_text(value, "content_text"), False),
        authors=_authors(value),
        categories=[tag for tag in _list(value, "tags") if isinstance(tag, str)],
        published=_text(value, "date_published"),
        updated=_text(value, "date_modified"),
    )


def _authors(value: Any) -> list[str]:
    """Version 1.1 has `authors`, 1.0 had one `author`."""
    listed = _list(value, "authors") or [jsontree.get(value, "author")]
    return [name for author in listed if (name := _text(author, "name"))]


def _text(value: Any, name: str) -> str:
    """A string; ids are written as numbers too."""
    found = jsontree.get(value, name)
    if isinstance(found, int) and not isinstance(found, bool):
        return str(found)
    return found if isinstance(found, str) else ""


def _list(value: Any, name: str) -> list[Any]:
    found = jsontree.get(value, name)
    return found if isinstance(found, list) else []

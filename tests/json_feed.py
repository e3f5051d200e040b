"""The rules of JSON Feed 1.1 (https://www.jsonfeed.org/version/1.1/): a feed → what of them it breaks."""

import re
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

VERSION = "https://jsonfeed.org/version/1.1"
_DATE = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)")  # RFC 3339
_LANGUAGE = re.compile(r"[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*")  # RFC 5646
Check = Callable[[Any], bool]


def _text(value: Any) -> bool:
    return isinstance(value, str)


def _url(value: Any) -> bool:
    return _text(value) and urlsplit(value).scheme in {"http", "https"} and bool(urlsplit(value).netloc)


def _date(value: Any) -> bool:
    return _text(value) and bool(_DATE.fullmatch(value)) and datetime.fromisoformat(value) is not None


def _language(value: Any) -> bool:
    return _text(value) and bool(_LANGUAGE.fullmatch(value))


def _number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and value >= 0


def _list(of: Check) -> Check:
    return lambda value: isinstance(value, list) and all(of(each) for each in value)


def _object(
    fields: Mapping[str, Check], *, needed: tuple[str, ...] = (), any_of: tuple[str, ...] = ()
) -> Check:
    def check(value: Any) -> bool:
        if not isinstance(value, dict) or not set(needed) <= value.keys():
            return False
        if any_of and not set(any_of) & value.keys():
            return False
        own = {name: each for name, each in value.items() if not name.startswith("_")}
        return own.keys() <= fields.keys() and all(fields[name](each) for name, each in own.items())

    return check


_AUTHOR = _object({"name": _text, "url": _url, "avatar": _url}, any_of=("name", "url", "avatar"))
_HUB = _object({"type": _text, "url": _url}, needed=("type", "url"))
_ATTACHMENT = _object(
    {
        "url": _url,
        "mime_type": _text,
        "title": _text,
        "size_in_bytes": _number,
        "duration_in_seconds": _number,
    },
    needed=("url", "mime_type"),
)
_FEED: Mapping[str, Check] = {
    "version": lambda value: value == VERSION,
    "title": lambda value: _text(value) and bool(value),
    "home_page_url": _url, "feed_url": _url, "description": _text, "user_comment": _text, "next_url": _url,
    "icon": _url, "favicon": _url, "author": _AUTHOR, "authors": _list(_AUTHOR), "language": _language,
    "expired": lambda value: isinstance(value, bool), "hubs": _list(_HUB), "items": _list(lambda _: True),
}  # fmt: skip
_ITEM: Mapping[str, Check] = {
    "id": lambda value: _text(value) and bool(value),
    "url": _url, "external_url": _url, "title": _text, "content_html": _text, "content_text": _text,
    "summary": _text, "image": _url, "banner_image": _url, "date_published": _date, "date_modified": _date,
    "author": _AUTHOR, "authors": _list(_AUTHOR), "tags": _list(_text), "language": _language,
    "attachments": _list(_ATTACHMENT),
}  # fmt: skip


def flaws(feed: Any) -> list[str]:
    """What of the specification a feed breaks, a line each."""
    return list(_flaws(feed))


def _flaws(feed: Any) -> Iterator[str]:
    if not isinstance(feed, dict):
        yield "the feed is no object"
        return
    yield from _of(feed, "feed", _FEED, ("version", "title", "items"))
    if feed.get("next_url") == feed.get("feed_url") is not None:
        yield "feed: next_url is feed_url"
    items = feed.get("items")
    seen: set[str] = set()
    for number, item in enumerate(items if isinstance(items, list) else []):
        where = f"item {number}"
        if not isinstance(item, dict):
            yield f"{where} is no object"
            continue
        yield from _of(item, where, _ITEM, ("id",))
        if "content_html" not in item and "content_text" not in item:
            yield f"{where} has no content"
        if item.get("id") in seen:
            yield f"{where}: its id was there before"
        seen.add(str(item.get("id")))


def _of(
    found: Mapping[str, Any], where: str, rules: Mapping[str, Check], needed: tuple[str, ...]
) -> Iterator[str]:
    yield from (f"{where} has no {name}" for name in needed if name not in found)
    for name, value in found.items():
        if name.startswith("_"):  # an extension
            continue
        if name not in rules:
            yield f"{where}: nobody knows {name}"
        elif not rules[name](value):
            yield f"{where}: {name} can't be {value!r:.80}"

"""Writes RSS 2.0, Atom (RFC 4287) and JSON Feed 1.1 (https://www.jsonfeed.org/version/1.1/).

In: a title, addresses and papers, best first. Out: answers. An item is known by the address of the paper's
page, which stays; nothing in a feed is later than the papers in it, so that an unchanged list is an unchanged
feed.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from html import escape
from io import BytesIO
from typing import Any

from fastapi import Response
from feedgenerator import Atom1Feed, Rss201rev2Feed, SyndicationFeed
from starlette.convertors import Convertor, register_url_convertor

from digest.domain import Paper
from digest.render import cards, phrases
from digest.web.addresses import paper_path

FORMS: Mapping[str, str] = {
    "rss": "application/rss+xml; charset=utf-8",
    "atom": "application/atom+xml; charset=utf-8",
    "json": "application/feed+json; charset=utf-8",
}
MOST_TEXT = 5_000  # characters of an abstract
_NOTHING_YET = datetime(2000, 1, 1, tzinfo=UTC)  # what an empty feed is as new as


class _FeedFormat(Convertor[str]):
    """The end of a feed's address."""

    regex = "|".join(FORMS)

    def convert(self, value: str) -> str:
        return value

    def to_string(self, value: str) -> str:
        return value


register_url_convertor("feed", _FeedFormat())


@dataclass(frozen=True, slots=True)
class Feed:
    """What a feed is of: `path`, the page of the same papers; `feed_path`, its own address without ending."""

    title: str
    description: str
    path: str
    feed_path: str
    papers: Sequence[Paper]
    query: str = ""  # with its question mark


def write_feed(feed: Feed, form: str, base_url: str, language: str) -> Response:
    """Answer with a feed in one of the `FORMS`."""
    itself = f"{base_url}{feed.feed_path}.{form}{feed.query}"
    if form == "json":
        body = _json(feed, base_url, itself, language)
    else:
        body = _xml(Rss201rev2Feed if form == "rss" else Atom1Feed, feed, base_url, itself, language)
    return Response(body, media_type=FORMS[form])


def etag(body: bytes) -> str:
    """Return the tag by which an answer of this body is known again."""
    return f'"{hashlib.blake2b(body, digest_size=12).hexdigest()}"'


def _xml(kind: type[SyndicationFeed], feed: Feed, base_url: str, itself: str, language: str) -> bytes:
    written = _dated(kind, _updated(feed.papers))(
        title=_text(feed.title),
        link=base_url + feed.path + feed.query,
        description=_text(feed.description),
        language=language,
        feed_url=itself,
        feed_guid=itself,
    )
    for paper in feed.papers:
        address = base_url + paper_path(paper.id)
        written.add_item(
            title=_text(cards.title(paper)),
            link=address,
            description=_html(paper),
            author_name=", ".join(_text(name) for name in paper.authors) or None,
            pubdate=paper.first_seen_at,
            updateddate=paper.first_seen_at,
            unique_id=address,
            unique_id_is_permalink=True,
            categories=[_text(name) for name in (*paper.categories, *paper.keywords)],
        )
    out = BytesIO()
    written.write(out, "utf-8")
    return out.getvalue()


def _dated(kind: type[SyndicationFeed], updated: datetime) -> type[SyndicationFeed]:
    """The same kind of feed, as new as its newest paper: the library's own says now where there is none."""

    class Dated(kind):  # type: ignore[misc] # a class that is given
        def latest_post_date(self) -> datetime:
            return updated

    return Dated


def _json(feed: Feed, base_url: str, itself: str, language: str) -> bytes:
    items = [_item(paper, base_url + paper_path(paper.id)) for paper in feed.papers]
    body = {
        "version": "https://jsonfeed.org/version/1.1",
        "title": _text(feed.title),
        "home_page_url": base_url + feed.path + feed.query,
        "feed_url": itself,
        "description": _text(feed.description),
        "language": language,
        "items": items,
    }
    return json.dumps(body, ensure_ascii=False, indent=1).encode()


def _item(paper: Paper, address: str) -> dict[str, Any]:
    item: dict[str, Any] = {
        "id": address,
        "url": address,
        "external_url": phrases.web_url(paper.url),
        "title": _text(cards.title(paper)),
        "content_html": _html(paper),
        "summary": _text(paper.summary),
        "date_published": paper.first_seen_at.isoformat(),
        "authors": [{"name": _text(name)} for name in paper.authors if _text(name)],
        "tags": [_text(name) for name in (*paper.categories, *paper.keywords)],
    }
    return {name: value for name, value in item.items() if value}


def _html(paper: Paper) -> str:
    parts = [", ".join(paper.authors), paper.summary, paper.abstract[:MOST_TEXT]]
    text = "".join(f"<p>{escape(_text(part))}</p>" for part in parts if part.strip())
    named = (("Abstract", paper.url), ("PDF", paper.pdf_url), ("Code", paper.code_url))
    links = " · ".join(f'<a href="{escape(url)}">{name}</a>' for name, url in named if phrases.web_url(url))
    return text + (f"<p>{links}</p>" if links else "")


def _updated(papers: Sequence[Paper]) -> datetime:
    return max((paper.first_seen_at for paper in papers), default=_NOTHING_YET)


def _text(text: str) -> str:
    """Text as XML can hold it, on one line."""
    return " ".join(phrases.printable(text).replace("\ufffe", "").replace("\uffff", "").split())

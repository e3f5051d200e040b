"""Reads the announcement feeds of arXiv, RSS 2.0 and Atom: a document comes in, `Parsed` goes out.

https://info.arxiv.org/help/rss.html
Never decides whether a batch is fresh: a stale one can carry today's date.
"""

import re
from dataclasses import replace

from digest.domain import Entry, Parsed
from digest.errors import ParseError
from digest.ids import arxiv_id, first_doi, is_category
from digest.sources.formats.syndication import Document, Item, authors, tags, words
from digest.sources.values import fields
from digest.sources.values.items import read_items
from digest.sources.values.names import split_names
from digest.sources.values.withdrawals import notice

ANNOUNCE_TYPES = ("new", "cross", "replace", "replace-cross")

# "arXiv:2509.13332v1 Announce Type: new", a line break, "Abstract: " and the abstract
_HEAD = re.compile(r"\s*arXiv:(\S+)\s+Announce Type:\s*([a-z-]+)\s*(?:Abstract:\s*)?", re.IGNORECASE)


def parse_feed(document: Document) -> Parsed:
    """Read either layout; raises ParseError with arXiv's own words if it holds an error."""
    _refuse_errors(words(document.feed, "title"), words(document.feed, "subtitle"))
    parsed = read_items(document.items, _entry, lambda item: fields.key(words(item, "id")), document.skipped)
    day = words(document.feed, "published") or words(document.feed, "updated")
    return replace(parsed, announced_at=fields.moment(day))


def _refuse_errors(title: str, description: str) -> None:
    """An unknown category answers with a feed that is titled `Feed error for query: …` and says why."""
    if title.lower().startswith("feed error"):
        reason = fields.line(description, 500) or fields.line(title, 500)
        raise ParseError(
            f"arXiv refused the request: {reason}", fix="check the categories in the source's URL"
        )


def _entry(item: Item) -> Entry:
    """Raises ParseError for an item without an arXiv id or a title."""
    key, description = words(item, "id"), words(item, "summary")
    head = _HEAD.match(description)
    found = arxiv_id(key) or (arxiv_id(head[1]) if head else None) or arxiv_id(words(item, "link"))
    if found is None:
        raise ParseError("it has no arXiv id")
    identifier, version = found
    title = fields.line(words(item, "title"), fields.MAX_TITLE)
    if not title:
        raise ParseError("it has no title")
    abstract = fields.line(description[head.end() if head else 0 :], fields.MAX_ABSTRACT)
    kind = (words(item, "arxiv_announce_type") or (head[2] if head else "")).lower()
    return Entry(
        key=fields.key(key) or f"oai:arXiv.org:{identifier}",
        title=title,
        abstract=abstract,
        withdrawn=notice(title, abstract),
        authors=fields.authors(name for names in authors(item) for name in split_names(names)),
        categories=fields.categories(term for term in tags(item) if is_category(term)),
        arxiv_id=identifier,
        doi=first_doi(words(item, "arxiv_doi")),
        version=version,
        announce_type=kind if kind in ANNOUNCE_TYPES else None,
        announced_at=fields.moment(words(item, "published")),  # Atom's `updated` is the time of the feed
        url=f"https://arxiv.org/abs/{identifier}",
        pdf_url=f"https://arxiv.org/pdf/{identifier}",
    )

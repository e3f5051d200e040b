"""The announcement feeds of arXiv, RSS 2.0 and Atom: a tree comes in, `Parsed` goes out.

https://info.arxiv.org/help/rss.html
Never decides whether a batch is fresh: a stale one can carry today's date.
"""

import re
from xml.etree.ElementTree import Element

from digest.domain import Entry, Parsed
from digest.errors import ParseError
from digest.sources import fields
from digest.sources.ids import arxiv_id, first_doi, is_category
from digest.sources.items import read_items
from digest.sources.names import split_names
from digest.sources.xmltree import ARXIV, ATOM, DUBLIN_CORE, words

ANNOUNCE_TYPES = ("new", "cross", "replace", "replace-cross")

# "arXiv:2509.13332v1 Announce Type: new", a line break, "Abstract: " and the abstract
_HEAD = re.compile(r"\s*arXiv:(\S+)\s+Announce Type:\s*([a-z-]+)\s*(?:Abstract:\s*)?", re.IGNORECASE)


def parse_rss(channel: Element, broken: str = "") -> Parsed:
    """Read `<channel>`; raises ParseError with arXiv's own words if it holds an error."""
    _refuse_errors(words(channel, "title"), words(channel, "description"))
    return read_items(
        channel.findall("item"), _rss_entry, lambda item: fields.key(words(item, "guid")), broken
    )


def parse_atom(feed: Element, broken: str = "") -> Parsed:
    """Read `<feed>`; raises ParseError with arXiv's own words if it holds an error."""
    _refuse_errors(words(feed, f"{ATOM}title"), words(feed, f"{ATOM}subtitle"))
    return read_items(
        feed.findall(f"{ATOM}entry"), _atom_entry, lambda item: fields.key(words(item, f"{ATOM}id")), broken
    )


def _refuse_errors(title: str, description: str) -> None:
    """An unknown category answers with a feed that is titled `Feed error for query: …` and says why."""
    if title.lower().startswith("feed error"):
        reason = fields.line(description, 500) or fields.line(title, 500)
        raise ParseError(
            f"arXiv refused the request: {reason}", fix="check the categories in the source's URL"
        )


def _rss_entry(item: Element) -> Entry:
    return _entry(
        item,
        key=words(item, "guid"),
        title=words(item, "title"),
        link=words(item, "link"),
        description=words(item, "description"),
        categories=[category.text or "" for category in item.findall("category")],
        announced=words(item, "pubDate"),
    )


def _atom_entry(item: Element) -> Entry:
    link = item.find(f"{ATOM}link")
    return _entry(
        item,
        key=words(item, f"{ATOM}id"),
        title=words(item, f"{ATOM}title"),
        link="" if link is None else link.get("href", ""),
        description=words(item, f"{ATOM}summary"),
        categories=[category.get("term", "") for category in item.findall(f"{ATOM}category")],
        announced=words(item, f"{ATOM}published"),  # `updated` is the time of the feed
    )


def _entry(
    item: Element, *, key: str, title: str, link: str, description: str, categories: list[str], announced: str
) -> Entry:
    """What both layouts have in common; raises ParseError for an item without an arXiv id or a title."""
    head = _HEAD.match(description)
    found = arxiv_id(key) or (arxiv_id(head[1]) if head else None) or arxiv_id(link)
    if found is None:
        raise ParseError("it has no arXiv id")
    identifier, version = found
    if not (clean_title := fields.line(title, fields.MAX_TITLE)):
        raise ParseError("it has no title")
    kind = (words(item, f"{ARXIV}announce_type") or (head[2] if head else "")).lower()
    return Entry(
        key=fields.key(key) or f"oai:arXiv.org:{identifier}",
        title=clean_title,
        abstract=fields.line(description[head.end() if head else 0 :], fields.MAX_ABSTRACT),
        authors=fields.authors(split_names(words(item, f"{DUBLIN_CORE}creator"))),
        categories=fields.categories(term for term in categories if is_category(term)),
        arxiv_id=identifier,
        doi=first_doi(words(item, f"{ARXIV}DOI")),
        version=version,
        announce_type=kind if kind in ANNOUNCE_TYPES else None,
        announced_at=fields.moment(announced),
        url=f"https://arxiv.org/abs/{identifier}",
        pdf_url=f"https://arxiv.org/pdf/{identifier}",
    )

"""Reads what the citation tags of a paper's own page say of it.

Publishers write `<meta name="citation_title" content="…">` for Google Scholar
(https://scholar.google.com/intl/en/scholar/inclusion.html#indexing). Only these tags are read, in the first
megabyte of the page, by an expression that looks at each character a bounded number of times.
"""

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from html import unescape

from digest.domain import Entry
from digest.errors import ParseError
from digest.ids import MAX_ID, arxiv_id, doi
from digest.languages import deferred
from digest.sources.formats.charset import decode
from digest.sources.values import fields
from digest.sources.values.names import people

_READ = 2**20  # bytes
_MOST_TAGS = 6_000
_META = re.compile(r"<meta\b([^<>]{1,20000})>", re.IGNORECASE)
_ATTRIBUTE = re.compile(r"""\b(name|property|content)\s*=\s*(?:"([^"]*)"|'([^']*)')""", re.IGNORECASE)
_TITLES = ("citation_title", "dc.title", "dcterms.title")
_ABSTRACTS = ("citation_abstract", "dcterms.abstract", "dc.description", "og:description", "description")
_AUTHORS = ("citation_author", "citation_authors", "dc.creator")
_DATES = ("citation_publication_date", "citation_online_date", "citation_date", "dc.date", "dc.issued")
_DOIS = ("citation_doi", "dc.identifier", "prism.doi")

Tags = Mapping[str, Sequence[str]]


def parse_page(body: bytes, address: str) -> Entry:
    """Read a page that came from an address; raises ParseError where it has no citation tags."""
    tags = _tags(decode(body[:_READ]))
    title = fields.line(_first(tags, _TITLES), fields.MAX_TITLE, html=True)
    url = fields.link(address)
    if not title or not url:
        raise ParseError(deferred("the page doesn't say of which paper it is: it has no citation tags"))
    named = arxiv_id(_first(tags, ("citation_arxiv_id",))[:MAX_ID])
    return Entry(
        key=fields.key(url),
        title=title,
        abstract=fields.abstract(_first(tags, _ABSTRACTS), html=True),
        authors=fields.authors(_people(tags), html=True),
        arxiv_id=named[0] if named else None,
        doi=next(filter(None, (doi(each[:MAX_ID]) for name in _DOIS for each in tags.get(name, ()))), None),
        published_at=fields.moment(_first(tags, _DATES).replace("/", "-")),
        url=url,
        pdf_url=fields.link(_first(tags, ("citation_pdf_url",))),
        comment=fields.line(
            _first(tags, ("citation_journal_title", "citation_conference_title")), fields.MAX_SUMMARY
        ),
        keywords=fields.keywords(_words(tags)),
    )


def _tags(text: str) -> Tags:
    found: dict[str, list[str]] = defaultdict(list)
    for number, tag in enumerate(_META.finditer(text)):
        if number >= _MOST_TAGS:
            break
        pairs = {name.lower(): double or single for name, double, single in _ATTRIBUTE.findall(tag[1])}
        name = (pairs.get("name") or pairs.get("property") or "").strip().lower()
        if name and pairs.get("content"):
            found[name].append(unescape(pairs["content"]).strip())
    return found


def _first(tags: Tags, names: Sequence[str]) -> str:
    return next((value for name in names for value in tags.get(name, ()) if value), "")


def _people(tags: Tags) -> list[str]:
    """`Li, Ada` is Ada Li; one tag may hold several names."""
    for name in _AUTHORS:
        if listed := tags.get(name):
            return list(people(list(listed)))
    return []


def _words(tags: Tags) -> list[str]:
    listed = tags.get("citation_keywords", ())
    return [word.strip() for each in listed for word in re.split(r"[;,]", each) if word.strip()]

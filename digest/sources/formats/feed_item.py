"""An item of any feed as its format gives it, and the entry that it becomes.

The formats (RSS, RDF, Atom, JSON Feed) are read elsewhere; what publishers put into them is known here: where
PubMed, Nature and other journals keep the DOI, the whole abstract and the names.
"""

import re
from dataclasses import dataclass, field
from urllib.parse import urljoin

from digest.domain import Entry
from digest.errors import ParseError
from digest.ids import doi, doi_in_address, named_arxiv_id
from digest.sources.values import fields
from digest.sources.values.names import MAX_LIST, people
from digest.sources.values.withdrawals import notice


@dataclass(frozen=True, slots=True)
class Text:
    """Raw text, and whether its format says that it is HTML; None: the format doesn't say."""

    raw: str = ""
    html: bool | None = None


@dataclass(slots=True)
class FeedItem:
    """What the formats have in common, raw and untrusted."""

    key: str = ""
    title: Text = Text()
    link: str = ""
    pdf: str = ""
    discussion: str = ""
    summary: Text = Text()
    content: Text = Text()
    authors: list[str] = field(default_factory=list)
    categories: list[str] = field(default_factory=list)
    identifiers: list[str] = field(default_factory=list)  # dc:identifier, prism:doi and the like
    published: str = ""
    updated: str = ""


_CUT = re.compile(r"(?:…|\.\.\.|\[…\]|\[\.\.\.\])\s*(?:</p>\s*)?$")
_PUBMED = re.compile(r"ABSTRACT\s+(.*?)\s*(?:PMID:\s?\d|$)")
_NATURE = re.compile(r"[A-Z][\w &:,-]{2,80}, Published online: \d{1,2} \w{3,9} \d{4};\s*(?:doi:\s?\S+\s*)?")


def join(base: str, link: str) -> str:
    """Return a link as it is meant where it stands; nothing for one that can't be read."""
    try:
        return urljoin(base, link) if link else ""
    except ValueError:
        return ""


def entry_of(item: FeedItem) -> Entry:
    """Return the entry of a feed's item; raises ParseError if it has no title or nothing to tell it by."""
    title = _line(item.title, fields.MAX_TITLE)
    if not title:
        raise ParseError("it has no title")
    link = fields.link(item.link)
    key = fields.key(item.key) or link
    arxiv = _arxiv(item)
    published = fields.moment(item.published)
    abstract = _abstract(item)
    return Entry(
        key=key or fields.digest(title),
        title=title,
        abstract=abstract,
        withdrawn=notice(title, abstract),
        authors=_authors(item.authors),
        categories=fields.categories(item.categories, html=True),
        arxiv_id=arxiv[0] if arxiv else None,
        doi=_doi(item),
        version=arxiv[1] if arxiv else None,
        announced_at=published or fields.moment(item.updated),
        published_at=published,
        url=link,
        pdf_url=fields.link(item.pdf),
        discussion_url=fields.link(item.discussion),
    )


def _line(text: Text, limit: int) -> str:
    return fields.line(text.raw, limit, html=_is_html(text))


def _is_html(text: Text) -> bool:
    return fields.is_html(text.raw) if text.html is None else text.html


def _abstract(item: FeedItem) -> str:
    """The content where the summary is missing or cut off, else the summary, without the journal's frame."""
    pubmed = "pubmed" in item.key.lower()[:20] or "pubmed.ncbi.nlm.nih.gov/" in item.link
    summary = item.summary
    if item.content.raw and (pubmed or not summary.raw or _CUT.search(summary.raw[-40:])):
        summary = item.content
    text = fields.abstract(summary.raw, html=_is_html(summary))
    if pubmed and (inner := _PUBMED.search(text)):
        return inner[1]
    prefix = _NATURE.match(text)
    return text[prefix.end() :] if prefix else text


def _authors(authors: list[str]) -> tuple[str, ...]:
    """An author to an element, or all of them in one; cleaned first, because references hold semicolons."""
    return fields.authors(people(fields.line(text, MAX_LIST, html=True) for text in authors))


def _arxiv(item: FeedItem) -> tuple[str, int | None] | None:
    spellings = [*item.identifiers, item.key, item.link]
    return next((found for text in spellings if (found := named_arxiv_id(text))), None)


def _doi(item: FeedItem) -> str | None:
    spellings = (*item.identifiers, item.key, item.link)
    found = next((name for text in spellings if (name := doi(text))), None) or doi_in_address(item.link)
    return None if found and "/arxiv." in found else found

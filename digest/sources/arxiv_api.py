"""Answers of the arXiv API (Atom with OpenSearch counts): a tree comes in, `Parsed` goes out.

https://info.arxiv.org/help/api/user-manual.html. Never asks for the next page.
"""

from xml.etree.ElementTree import Element

from digest.domain import Entry, Parsed
from digest.errors import ParseError
from digest.sources import fields
from digest.sources.ids import arxiv_id, first_doi, is_category
from digest.sources.items import read_items
from digest.sources.xmltree import ARXIV, ATOM, OPENSEARCH, words


def parse_answer(feed: Element, broken: str = "") -> Parsed:
    """Read an answer; raises ParseError for an error (in arXiv's own words) and for a missing page."""
    entries = feed.findall(f"{ATOM}entry")
    if (
        entries
        and words(entries[0], f"{ATOM}title") == "Error"
        and "/api/errors" in words(entries[0], f"{ATOM}id")
    ):
        raise ParseError(f"arXiv refused the query: {fields.line(words(entries[0], f'{ATOM}summary'), 500)}")
    if not entries and _number(feed, "totalResults") > _number(feed, "startIndex"):
        raise ParseError(
            f"arXiv counts {_number(feed, 'totalResults')} results but sent none of them",
            fix="ask again later",
        )
    return read_items(entries, _entry, lambda entry: fields.key(words(entry, f"{ATOM}id")), broken)


def _number(feed: Element, name: str) -> int:
    text = words(feed, f"{OPENSEARCH}{name}")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 12 else 0


def _entry(item: Element) -> Entry:
    key = words(item, f"{ATOM}id")
    found = arxiv_id(key)
    if found is None:
        raise ParseError("its id is no arXiv id")
    identifier, version = found
    title = fields.line(words(item, f"{ATOM}title"), fields.MAX_TITLE)
    if not title:
        raise ParseError("it has no title")
    names = [words(author, f"{ATOM}name") for author in item.findall(f"{ATOM}author")]
    return Entry(
        key=fields.key(key),
        title=title,
        abstract=fields.line(words(item, f"{ATOM}summary"), fields.MAX_ABSTRACT),
        authors=fields.authors(names),
        categories=fields.categories(_categories(item)),
        arxiv_id=identifier,
        doi=first_doi(words(item, f"{ARXIV}doi")),
        version=version,
        published_at=fields.moment(words(item, f"{ATOM}published")),
        url=f"https://arxiv.org/abs/{identifier}",
        pdf_url=f"https://arxiv.org/pdf/{identifier}",
        comment=fields.line(words(item, f"{ARXIV}comment"), fields.MAX_SUMMARY),
    )


def _categories(item: Element) -> list[str]:
    """The primary category first, then all of them."""
    elements = [*item.findall(f"{ARXIV}primary_category"), *item.findall(f"{ATOM}category")]
    return [term for element in elements if is_category(term := element.get("term", ""))]

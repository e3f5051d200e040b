"""Answers of the arXiv API (Atom with OpenSearch counts): a document comes in, `Parsed` goes out.

https://info.arxiv.org/help/api/user-manual.html. Never asks for the next page.
"""

from digest.domain import Entry, Parsed
from digest.errors import ParseError
from digest.ids import arxiv_id, first_doi, is_category
from digest.sources.formats.syndication import Document, Item, authors, tags, words
from digest.sources.values import fields
from digest.sources.values.items import read_items
from digest.sources.values.withdrawals import notice


def parse_answer(document: Document) -> Parsed:
    """Read an answer; raises ParseError for an error (in arXiv's own words) and for a missing page."""
    feed, items = document.feed, document.items
    if items and words(items[0], "title") == "Error" and "/api/errors" in words(items[0], "id"):
        raise ParseError(f"arXiv refused the query: {fields.line(words(items[0], 'summary'), 500)}")
    total = _number(words(feed, "opensearch_totalresults"))
    if not items and total > _number(words(feed, "opensearch_startindex")):
        raise ParseError(f"arXiv counts {total} results but sent none of them", fix="ask again later")
    return read_items(items, _entry, lambda item: fields.key(words(item, "id")), document.skipped)


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 12 else 0


def _entry(item: Item) -> Entry:
    key = words(item, "id")
    found = arxiv_id(key)
    if found is None:
        raise ParseError("its id is no arXiv id")
    identifier, version = found
    title = fields.line(words(item, "title"), fields.MAX_TITLE)
    if not title:
        raise ParseError("it has no title")
    abstract = fields.line(words(item, "summary"), fields.MAX_ABSTRACT)
    comment = fields.line(words(item, "arxiv_comment"), fields.MAX_SUMMARY)
    return Entry(
        key=fields.key(key),
        title=title,
        abstract=abstract,
        authors=fields.authors(authors(item)),
        categories=fields.categories(_categories(item)),
        arxiv_id=identifier,
        doi=first_doi(words(item, "arxiv_doi")),
        version=version,
        published_at=fields.moment(words(item, "published")),
        url=f"https://arxiv.org/abs/{identifier}",
        pdf_url=f"https://arxiv.org/pdf/{identifier}",
        comment=comment,
        withdrawn=notice(title, abstract, comment),
    )


def _categories(item: Item) -> list[str]:
    """The primary category first, then all of them."""
    primary = item.get("arxiv_primary_category")
    first = words(primary, "term") if isinstance(primary, dict) else ""
    return [term for term in (first, *tags(item)) if is_category(term)]

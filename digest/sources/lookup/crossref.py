"""Asks Crossref what it knows of a DOI. `GET /works/{doi}` of https://api.crossref.org/swagger-ui.

Titles and abstracts are JATS, often with MathML; dates are lists of one to three numbers.
"""

from datetime import UTC, datetime
from typing import Any

from digest.domain import Entry
from digest.errors import ParseError
from digest.ids import doi, named_arxiv_id
from digest.sources.formats import jsontree
from digest.sources.values import fields

_DATES = ("posted", "published-online", "published", "published-print", "issued", "created")


def parse_work(body: bytes) -> Entry:
    """Read an answer; raises ParseError where it isn't a work with a title."""
    work = jsontree.get(jsontree.read(body), "message")
    name = jsontree.get(work, "DOI")
    identifier = doi(name) if isinstance(name, str) else None
    title = fields.line(_first(work, "title"), fields.MAX_TITLE, html=True)
    if identifier is None or not title:
        raise ParseError("Crossref's answer has no " + ("title" if identifier else "DOI"))
    return Entry(
        key=identifier,
        title=title,
        abstract=fields.abstract(jsontree.get(work, "abstract"), html=True),
        authors=fields.authors(_names(jsontree.get(work, "author"))),
        categories=fields.categories(_list(work, "subject")),
        arxiv_id=_arxiv(work),
        doi=identifier,
        published_at=next(filter(None, (_date(jsontree.get(work, each)) for each in _DATES)), None),
        url=f"https://doi.org/{identifier}",
        comment=fields.line(_first(work, "container-title"), fields.MAX_SUMMARY, html=True),
    )


def _list(work: Any, name: str) -> list[Any]:
    found = jsontree.get(work, name)
    return found if isinstance(found, list) else []


def _first(work: Any, name: str) -> Any:
    return next(iter(_list(work, name)), None)


def _names(authors: Any) -> list[str]:
    """`Ada Li`; an organization has but a name."""
    listed = authors if isinstance(authors, list) else []
    parts = [[jsontree.get(each, name) for name in ("given", "family")] for each in listed]
    names = [" ".join(part for part in pair if isinstance(part, str)) for pair in parts]
    organizations = [jsontree.get(each, "name") for each in listed]
    return [
        name or (other if isinstance(other, str) else "")
        for name, other in zip(names, organizations, strict=True)
    ]


def _arxiv(work: Any) -> str | None:
    """The arXiv id of the preprint that it says it has."""
    relation = jsontree.get(work, "relation")
    for each in _list(relation, "has-preprint"):
        name = jsontree.get(each, "id")
        found = named_arxiv_id(name) if isinstance(name, str) else None
        if found:
            return found[0]
    return None


def _date(value: Any) -> datetime | None:
    parts = jsontree.get(value, "date-parts")
    first = parts[0] if isinstance(parts, list) and parts else None
    numbers = first if isinstance(first, list) else []
    if not numbers or not all(isinstance(part, int) and not isinstance(part, bool) for part in numbers):
        return None
    year, month, day = (*numbers[:3], 1, 1)[:3]
    try:
        return fields.in_range(datetime(year, month, day, tzinfo=UTC))
    except (ValueError, OverflowError):
        return None

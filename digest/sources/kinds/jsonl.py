"""JSON lines, one paper a line: numbered lines come in, `Parsed` goes out. Never the whole of a file at once.

A line is an object with `id` (an arXiv id, a DOI, or an id of the file's own) and `title`; it may have
`abstract` (or `summary`), `authors`, `categories`, `keywords`, `organization`, `comment`, `first_day` (the
date of its announcement), `published`, `doi` and `url`.
"""

from collections.abc import Iterable
from typing import Any

from digest.domain import Entry, Parsed, SourceKind
from digest.errors import ParseError
from digest.ids import arxiv_id, doi
from digest.sources.formats import jsontree
from digest.sources.source_type import SourceType
from digest.sources.values import fields
from digest.sources.values.items import read_items
from digest.sources.values.names import people
from digest.sources.values.withdrawals import notice

MAX_LINE = 1024 * 1024  # bytes; the longest of real papers has about 60,000, nearly all of it authors

Line = tuple[int, bytes]


def parse(body: bytes, _address: str = "") -> Parsed:
    """Read a whole answer; raises ParseError where not one of its lines is a paper."""
    parsed = parse_lines(enumerate(body.split(b"\n"), start=1))
    if parsed.skipped and not parsed.entries:
        first = parsed.skipped[0]
        raise ParseError(f"no line of it is a paper: {first.entry}: {first.error}")
    return parsed


def parse_lines(lines: Iterable[Line]) -> Parsed:
    """Read some lines with their numbers in the file; empty ones are none, broken ones are set aside."""
    return read_items((line for line in lines if line[1].strip()), _entry, lambda line: f"line {line[0]}")


def _entry(line: Line) -> Entry:
    if len(line[1]) > MAX_LINE:
        raise ParseError(f"longer than {MAX_LINE // 1024} KiB")
    row = jsontree.read(line[1])
    if not isinstance(row, dict):
        raise ParseError(f"not an object but {jsontree.kind(row)}")
    key = fields.key(row.get("id"))
    identifier, version = arxiv_id(key) or (None, None)
    html = identifier is None  # publishers' texts hold HTML and JATS; arXiv's are plain
    title = _text(row.get("title"), fields.MAX_TITLE, html)
    if not key or not title:
        raise ParseError("it has no id" if not key else "it has no title")
    texts = (row.get("abstract"), row.get("summary"))
    abstracts = (fields.abstract(text, html=html and fields.is_html(text)) for text in texts)
    abstract = next(filter(None, abstracts), "")
    comment = fields.line(row.get("comment"), fields.MAX_SUMMARY)
    return Entry(
        key=key,
        title=title,
        abstract=abstract,
        withdrawn=notice(title, abstract, comment),
        authors=fields.authors(people(_list(row, "authors"))),
        categories=fields.categories(_list(row, "categories")),
        arxiv_id=identifier,
        doi=_doi(row, key),
        version=version,
        announced_at=fields.moment(row.get("first_day")),
        published_at=fields.moment(row.get("published")),
        url=f"https://arxiv.org/abs/{identifier}" if identifier else fields.link(row.get("url")),
        pdf_url=f"https://arxiv.org/pdf/{identifier}" if identifier else "",
        organization=fields.line(row.get("organization"), fields.MAX_NAME),
        keywords=fields.keywords(row.get("keywords")),
        comment=comment,
    )


def _text(value: Any, limit: int, html: bool) -> str:
    return fields.line(value, limit, html=html and fields.is_html(value))


def _doi(row: dict[str, Any], key: str) -> str | None:
    named = row.get("doi")
    return (doi(named) if isinstance(named, str) else None) or doi(key)


def _list(row: dict[str, Any], name: str) -> list[Any]:
    value = row.get(name)
    return value if isinstance(value, list) else []


def _looks_like(head: bytes) -> bool:
    return head.startswith(b"{") and b'"id"' in head and b'"title"' in head and b"\n{" in head


JSONL = SourceType(
    kind=SourceKind.JSONL, label="JSON lines", parse=parse, read_lines=parse_lines, looks_like=_looks_like
)

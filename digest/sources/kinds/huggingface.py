"""Reads the daily papers of Hugging Face: the JSON list of one day comes in, `Parsed` goes out.

https://huggingface.co/api/daily_papers. A day's list fills up gradually, so a later answer is merged with
what is there, never put in its place. Only id, title, summary, authors, upvotes and times can be counted on.
"""

from datetime import date, datetime
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from digest.domain import Entry, Parsed, SignalKind, Source, SourceKind
from digest.errors import InputError, ParseError
from digest.ids import arxiv_id
from digest.sources.days import Calendar
from digest.sources.formats import jsontree
from digest.sources.source_type import Past, SourceType, Way
from digest.sources.values import fields
from digest.sources.values.items import read_items


def parse(body: bytes, _address: str = "") -> Parsed:
    """Read a day's list; raises ParseError, with Hugging Face's own words where it sent an error."""
    answer = jsontree.read(body)
    if isinstance(answer, dict):
        raise ParseError(_wrapped(answer))
    if not isinstance(answer, list):
        raise ParseError(f"not a list of papers but {jsontree.kind(answer)}")
    if answer and all(isinstance(item, str) for item in answer):
        raise ParseError(
            "a list of strings instead of papers: somebody stored them with Python's repr(), not as JSON",
            fix="fetch the day again and keep the answer as served",
        )
    return read_items(answer, _entry, _name)


def _wrapped(answer: dict[str, Any]) -> str:
    if error := fields.line(answer.get("error"), 500):
        return f"Hugging Face refused the request: {error}"
    keys = ", ".join(fields.line(key, 40) for key in list(answer)[:6])
    return f"one object ({keys}) instead of the list of papers: not an answer as Hugging Face serves it"


def _name(item: Any) -> str:
    return fields.key(jsontree.get(item, "paper", "id"))


def _entry(item: Any) -> Entry:
    paper = jsontree.get(item, "paper")
    if not isinstance(paper, dict):
        raise ParseError("it has no object `paper`")
    found = arxiv_id(paper["id"]) if isinstance(paper.get("id"), str) else None
    if found is None:
        raise ParseError("its id is no arXiv id")
    identifier, version = found
    title = fields.line(paper.get("title"), fields.MAX_TITLE) or fields.line(
        item.get("title"), fields.MAX_TITLE
    )
    if not title:
        raise ParseError("it has no title")
    return Entry(
        key=identifier,
        title=title,
        abstract=fields.line(paper.get("summary"), fields.MAX_ABSTRACT)
        or fields.line(item.get("summary"), fields.MAX_ABSTRACT),
        authors=_authors(paper.get("authors")),
        arxiv_id=identifier,
        version=version,
        announced_at=fields.moment(paper.get("submittedOnDailyAt")),
        published_at=fields.moment(paper.get("publishedAt")),  # the outer one is an Eastern clock labelled Z
        url=f"https://arxiv.org/abs/{identifier}",
        pdf_url=f"https://arxiv.org/pdf/{identifier}",
        code_url=fields.link(paper.get("githubRepo")),
        project_url=fields.link(paper.get("projectPage")),
        discussion_url=f"https://huggingface.co/papers/{identifier}",
        thumbnail=fields.link(item.get("thumbnail")),
        summary=fields.line(paper.get("ai_summary"), fields.MAX_SUMMARY),
        organization=_organization(paper.get("organization")) or _organization(item.get("organization")),
        keywords=fields.keywords(paper.get("ai_keywords")),
        signals=_signals(paper, item),
    )


def _authors(authors: Any) -> tuple[str, ...]:
    """The names that are shown: the site lets people hide an author whom it got wrong."""
    listed = authors if isinstance(authors, list) else []
    names = (jsontree.get(author, "name") for author in listed if jsontree.get(author, "hidden") is not True)
    return fields.authors(names)


def _organization(value: Any) -> str:
    """The name for people; the account's own where it has none."""
    names = (jsontree.get(value, "fullname"), jsontree.get(value, "name"))
    return next((name for given in names if (name := fields.line(given, fields.MAX_NAME))), "")


def _signals(paper: dict[str, Any], item: dict[str, Any]) -> dict[SignalKind, int]:
    counted = {
        SignalKind.UPVOTES: paper.get("upvotes"),
        SignalKind.COMMENTS: item.get("numComments"),
        SignalKind.STARS: paper.get("githubStars"),
    }
    return {kind: count for kind, value in counted.items() if (count := fields.count(value)) is not None}


def first_page(url: str, _now: datetime, _since: datetime) -> str:
    """Return the address of today's list, with the most papers that it allows unless the URL names
    a limit.
    """
    return _with(url, {} if "limit" in _named(url) else {"limit": "100"})


def day_url(source: Source, day: date) -> str | None:
    """Return the URL of a day's list; None where the source's URL names its days itself."""
    named = _named(source.url)
    if named & {"date", "week", "month"}:
        return None
    return _with(source.url, {"date": day.isoformat()} | ({} if "limit" in named else {"limit": "100"}))


def _past_page(source: Source, day: date, _: Way) -> str:
    url = day_url(source, day)
    if url is None:
        raise InputError(f"{source.name}: its URL names its days itself", fix="give it its bare URL")
    return url


def _named(url: str) -> set[str]:
    return {name for name, _ in parse_qsl(urlsplit(url).query, keep_blank_values=True)}


def _with(url: str, added: dict[str, str]) -> str:
    parts = urlsplit(url)
    query = "&".join(part for part in (parts.query, urlencode(added)) if part)
    return urlunsplit(parts._replace(query=query))


HUGGINGFACE = SourceType(
    kind=SourceKind.HUGGINGFACE,
    label="Hugging Face",
    parse=parse,
    first_page=first_page,
    default_url="https://huggingface.co/api/daily_papers",
    hosts=("huggingface.co",),
    looks_like=lambda head: head.startswith(b"[") and (b'"paper"' in head or head.startswith(b"[]")),
    rank=0,
    may_link=True,
    calendar=Calendar(),  # its day begins at midnight UTC and fills from then on; weekends are empty
    past=Past(_past_page),
    refetch=day_url,
)

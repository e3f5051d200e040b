"""Reads OAI-PMH 2.0: an answer to ListRecords comes in, `Parsed` goes out; and the URLs that ask for records.

https://www.openarchives.org/OAI/openarchivesprotocol.html; formats `arXiv`
(https://info.arxiv.org/help/oa) and `oai_dc`. A datestamp is the last change of a record, not its submission:
a record that was made long before it is a replacement.
"""

import re
from datetime import UTC, date, datetime, timedelta
from urllib.parse import parse_qs, urlencode, urlsplit, urlunsplit

from digest.domain import Entry, Parsed, Source, SourceKind
from digest.errors import ParseError
from digest.ids import arxiv_id, doi, first_doi, named_arxiv_id
from digest.sources.formats.records import Record, read_records
from digest.sources.source_type import Past, SourceType, Way
from digest.sources.values import fields
from digest.sources.values.items import read_items
from digest.sources.values.names import people
from digest.sources.values.withdrawals import notice

OVERLAP = timedelta(days=2)  # asked for again each time: records show up late, and zones differ
REPLACED_AFTER = timedelta(
    days=7
)  # a paper that waited for a moderator was made a few days before it appears

DELETED = "The repository has deleted its record."
_ARXIV_HOST = re.compile(r"(?:^|\.)arxiv\.org$")


def first_page(url: str, _now: datetime, since: datetime) -> str:
    """Return the URL of all records that changed since a time; what the URL says of format, set or days
    stays.
    """
    parts = urlsplit(url)
    query = {name: values[-1] for name, values in parse_qs(parts.query).items()}
    arxiv = _ARXIV_HOST.search(parts.hostname or "")
    defaults = {"verb": "ListRecords", "metadataPrefix": "arXiv" if arxiv else "oai_dc"}
    if "from" not in query:
        defaults["from"] = f"{(since - OVERLAP).date()}"
    return urlunsplit(parts._replace(query=urlencode(defaults | query)))


def day_page(url: str, first: date, last: date) -> str:
    """Return the URL of the records that changed last on these days."""
    midnight = datetime(first.year, first.month, first.day, tzinfo=UTC)  # only its date counts
    parts = urlsplit(first_page(url, midnight, midnight))
    query = {name: values[-1] for name, values in parse_qs(parts.query).items()}
    days = {"from": f"{first}", "until": f"{last}"}
    return urlunsplit(parts._replace(query=urlencode(query | days)))


def next_page(url: str, body: bytes) -> str | None:
    """Return the URL of the page after this one, None after the last; raises ParseError."""
    token = read_records(body).token
    if not token:
        return None
    query = urlencode({"verb": "ListRecords", "resumptionToken": token})
    return urlunsplit(urlsplit(url)._replace(query=query))


def instead(_: str, error: ParseError) -> str | None:
    """Ask for the day from its start ("") where a token has expired."""
    return "" if "badResumptionToken" in error.message else None


def parse(body: bytes, _address: str = "") -> Parsed:
    """Read a page; raises ParseError, with the repository's own words where it sent an error."""
    answer = read_records(body)
    if answer.error_code == "noRecordsMatch":
        return Parsed((), quiet=True)
    if answer.error_code:
        problem = fields.line(answer.error, 300)
        raise ParseError(f"the repository refused the request: {answer.error_code}: {problem}")
    return read_items(answer.records, _entry, lambda record: fields.key(record.first("identifier")))


def _deleted(record: Record) -> Entry:
    """A record that the repository took back tells only its identifier."""
    key = fields.key(record.first("identifier"))
    if not key:
        raise ParseError("it has no identifier")
    arxiv = named_arxiv_id(key)
    return Entry(key, title=key, arxiv_id=arxiv[0] if arxiv else None, withdrawn=DELETED)


def _entry(record: Record) -> Entry:
    if record.deleted:
        return _deleted(record)
    key = fields.key(record.first("identifier"))
    title = fields.line(record.first("title"), fields.MAX_TITLE)
    if not key or not title:
        raise ParseError("it has no identifier" if not key else "it has no title")
    names = record.all("identifier")
    arxiv = arxiv_id(record.first("id")) or next(
        (each for name in names if (each := named_arxiv_id(name))), None
    )
    identifier = arxiv[0] if arxiv else None
    created = fields.moment(record.first("created")) or _earliest(record.all("date"))
    changed = fields.moment(record.first("datestamp"))
    abstract = fields.line(record.first("abstract") or record.first("description"), fields.MAX_ABSTRACT)
    comment = fields.line(record.first("comments"), fields.MAX_SUMMARY)
    return Entry(
        key=key,
        title=title,
        abstract=abstract,
        withdrawn=notice(title, abstract, comment),
        authors=fields.authors(_authors(record)),
        categories=fields.categories(record.first("categories").split() or record.all("subject")),
        arxiv_id=identifier,
        doi=first_doi(record.first("doi")) or next((found for name in names if (found := doi(name))), None),
        version=_version(record),
        announce_type="replace" if created and changed and changed - created > REPLACED_AFTER else None,
        published_at=created,
        url=f"https://arxiv.org/abs/{identifier}" if identifier else _link(names),
        pdf_url=f"https://arxiv.org/pdf/{identifier}" if identifier else "",
        comment=comment,
    )


def _version(record: Record) -> int | None:
    """arXiv's own format says only whether there was a change after the first version."""
    return 1 if record.first("created") and not record.first("updated") else None


def _authors(record: Record) -> list[str]:
    return record.all("author") or people(record.all("creator"))


def _earliest(dates: list[str]) -> datetime | None:
    return min((moment for text in dates if (moment := fields.moment(text))), default=None)


def _link(names: list[str]) -> str:
    return next((link for name in names if (link := fields.link(name))), "")


def _past_page(source: Source, day: date, _: Way) -> str:
    return day_page(source.url, day, day)


OAIPMH = SourceType(
    kind=SourceKind.OAIPMH,
    label="OAI-PMH",
    parse=parse,
    first_page=first_page,
    next_page=next_page,
    hosts=("oaipmh.arxiv.org",),
    looks_like=lambda head: b"<OAI-PMH" in head,
    may_withdraw=True,
    poll_every=timedelta(hours=6),
    past=Past(_past_page, lambda url, body, _: next_page(url, body), instead=instead),
)

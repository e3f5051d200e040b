"""A second list of what arXiv announced: the identifiers of its OAI-PMH repository. Pure.

ListIdentifiers names each paper with its categories as sets (`cs:cs:CL`), so a day costs little. Its dates
are those of the last change: what changed since the announcement before a day's is asked for (a feed can
serve that batch under today's date), and whoever holds it against the feed picks the papers of the day.
https://info.arxiv.org/help/oa
"""

from collections.abc import Sequence
from datetime import date, timedelta
from urllib.parse import parse_qs, urlencode, urlsplit

from digest.errors import ParseError
from digest.ids import named_arxiv_id
from digest.sources.announcements import joined_categories
from digest.sources.formats.records import read_records
from digest.sources.kinds.arxiv_past import API, CALENDAR, oai_page
from digest.sources.source_type import Witness
from digest.sources.values import fields


def first_page(feed_url: str, day: date) -> str | None:
    """Return the URL of what changed since the announcement before a day's; None for a URL of no feed."""
    if not urlsplit(feed_url).path.startswith(("/rss/", "/atom/")) or not joined_categories(feed_url):
        return None
    before = day - timedelta(days=1)
    while not CALENDAR.is_open(before):
        before -= timedelta(days=1)
    parts = urlsplit(oai_page(feed_url, before))
    query = {name: values[-1] for name, values in parse_qs(parts.query).items()}
    del query["until"]  # papers that changed again since then have moved to a later date
    return parts._replace(query=urlencode(query | {"verb": "ListIdentifiers"})).geturl()


def next_page(url: str, body: bytes) -> str | None:
    """Return the URL of the page after this one, None after the last; raises ParseError."""
    token = read_records(body).token
    query = urlencode({"verb": "ListIdentifiers", "resumptionToken": token})
    return urlsplit(url)._replace(query=query).geturl() if token else None


def read(body: bytes) -> dict[str, tuple[str, ...]]:
    """Read a page into categories by canonical id, none where a record was deleted. Raises ParseError."""
    answer = read_records(body)
    if answer.error_code == "noRecordsMatch":
        return {}
    if answer.error_code:
        words = fields.line(answer.error, 300)
        raise ParseError(f"the repository refused the request: {answer.error_code}: {words}")
    return {
        f"arxiv:{found[0]}": () if record.deleted else tuple(map(_category, record.all("setSpec")))
        for record in answer.records
        if (found := named_arxiv_id(record.first("identifier")))
    }


def _category(set_spec: str) -> str:
    """Return the category that a set stands for: `cs:cs:CL` is cs.CL, `physics:hep-th` is hep-th."""
    return ".".join(set_spec.split(":")[1:]) or set_spec


def papers(ids: Sequence[str]) -> str:
    """Return the URL of arXiv's API for these papers (canonical ids)."""
    bare = ",".join(each.removeprefix("arxiv:") for each in ids)
    return f"{API}?{urlencode({'id_list': bare, 'max_results': len(ids)}, safe=',')}"


WITNESS = Witness("OAI-PMH", first_page, next_page, read, papers)

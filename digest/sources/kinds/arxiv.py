"""Reads arXiv's announcement feeds and the answers of its API; bytes come in, `Parsed` goes out.

The two are told apart by what they hold: only the API says how many results there are (OpenSearch).
"""

from digest.domain import Parsed, SourceKind
from digest.errors import ParseError
from digest.sources.announcements import joined_categories
from digest.sources.formats import syndication
from digest.sources.kinds import arxiv_api, arxiv_feed, arxiv_past, arxiv_witness
from digest.sources.source_type import SourceType


def parse(body: bytes, _address: str = "") -> Parsed:
    """Read an arXiv feed or API answer; raises ParseError, with arXiv's own words where it sent an error."""
    document = syndication.read(body)
    if not document.feed and not document.items:
        raise ParseError("neither a feed nor an API answer of arXiv: there is nothing in it")
    if "opensearch_totalresults" in document.feed:
        return arxiv_api.parse_answer(document)
    return arxiv_feed.parse_feed(document)


ARXIV = SourceType(
    kind=SourceKind.ARXIV,
    label="arXiv",
    parse=parse,
    default_url="https://rss.arxiv.org/rss/cs.AI+cs.CL+cs.CV+cs.LG+stat.ML",
    hosts=("arxiv.org",),
    looks_like=lambda head: b"http://arxiv.org/schemas/atom" in head,
    rank=2,
    may_link=True,
    may_withdraw=True,
    owns_name="arxiv",
    calendar=arxiv_past.CALENDAR,
    past=arxiv_past.PAST,
    witness=arxiv_witness.WITNESS,
    categories=joined_categories,
)

"""arXiv: its announcement feeds and the answers of its API; bytes come in, `Parsed` goes out.

The two are told apart by what they hold: only the API says how many results there are (OpenSearch).
"""

from digest.domain import Parsed
from digest.errors import ParseError
from digest.sources import arxiv_api, arxiv_feed, syndication


def parse(body: bytes, _address: str = "") -> Parsed:
    """Read an arXiv feed or API answer; raises ParseError, with arXiv's own words where it sent an error."""
    document = syndication.read(body)
    if not document.feed and not document.items:
        raise ParseError("neither a feed nor an API answer of arXiv: there is nothing in it")
    if "opensearch_totalresults" in document.feed:
        return arxiv_api.parse_answer(document)
    return arxiv_feed.parse_feed(document)

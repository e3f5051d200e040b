"""arXiv: its announcement feeds and the answers of its API; bytes come in, `Parsed` goes out.

The two are told apart by what they hold: only the API says how many results there are (OpenSearch).
"""

from digest.domain import Parsed
from digest.errors import ParseError
from digest.sources import arxiv_api, arxiv_feed, xmltree
from digest.sources.xmltree import ATOM, OPENSEARCH


def parse(body: bytes) -> Parsed:
    """Read an arXiv feed or API answer; raises ParseError, with arXiv's own words where it sent an error."""
    document = xmltree.read(body)
    root = document.root
    channel = root.find("channel") if root.tag == "rss" else None
    if channel is not None:
        return arxiv_feed.parse_rss(channel, document.broken)
    if root.tag != f"{ATOM}feed":
        raise ParseError(f"neither a feed nor an API answer of arXiv: its root is <{root.tag[:80]}>")
    if root.find(f"{OPENSEARCH}totalResults") is not None:
        return arxiv_api.parse_answer(root, document.broken)
    return arxiv_feed.parse_atom(root, document.broken)

"""Makes the paths of the pages of papers, authors and topics. Values only."""

import re
from urllib.parse import quote

_ARXIV = "arxiv:"
_PLAIN = ":/@,;()!*'+~"  # may stand in a path as they are (RFC 3986, 3.3)


def paper_path(paper_id: str) -> str:
    """Return the path of a paper's page: `/p/2511.05491` for arXiv, else `/p/doi:10.1101/…`."""
    name = paper_id.removeprefix(_ARXIV)
    # An id that would read as an arXiv id without its prefix, or as another path, keeps it.
    if name != paper_id and not re.fullmatch(r"[\w.-]+(/\d+)?", name):
        name = paper_id
    # Browsers resolve `/../` in a path themselves; of such a name no part is a step of the path.
    return "/p/" + quote(name, safe=_PLAIN.replace("/", "") if "/." in name else _PLAIN)


def author_path(name: str) -> str:
    """Return the path of the list of an author's papers."""
    return "/authors/" + quote(name, safe=_PLAIN.replace("/", ""))

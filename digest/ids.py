"""Ids of papers: in comes any spelling of an arXiv id or a DOI, out goes the one spelling that we keep.

An arXiv id is `YYMM.NNNN[N]` (since April 2007) or `archive/YYMMNNN` (before), see
https://info.arxiv.org/help/arxiv_identifier.html; a DOI is `10.registrant/suffix` in any case (ISO 26324). A
paper's id is `arxiv:…`, `doi:…` or `source:key`. Never looks an id up: well-formed isn't known.
"""

import re
from urllib.parse import unquote

from digest.domain import Entry

MAX_ID = 300  # longer ones are an attack, not an id

_ARXIV_PREFIX = re.compile(
    r"(?:https?://)?(?:[a-z]{1,20}\.)?arxiv\.org/(?:abs|pdf|html|format|e-print)/"
    r"|(?:https?://)?(?:www\.)?(?:huggingface\.co/papers|alphaxiv\.org/abs)/"
    r"|oai:arxiv\.org:"
    r"|(?:(?:https?://)?(?:dx\.)?doi\.org/|doi:\s*)?10\.48550/arxiv\."
    r"|arxiv:\s*",
    re.IGNORECASE,
)
_NEW = r"\d{2}(?:0[1-9]|1[0-2])\.\d{4,5}"
_OLD = (
    r"(?P<archive>[a-z]+(?:-[a-z]+)?)(?:\.[a-z]{2}|\.[a-z]+-[a-z]+)?/(?P<number>\d{2}(?:0[1-9]|1[0-2])\d{3})"
)
_ARXIV_ID = re.compile(
    rf"(?:(?P<new>{_NEW})|{_OLD})(?:v(?P<version>[1-9]\d{{0,3}}))?(?:\.pdf)?/?(?:[?#]\S*)?",
    re.IGNORECASE | re.ASCII,
)
_CATEGORY = re.compile(r"[a-z]+(?:-[a-z]+)*(?:\.[A-Za-z]+(?:-[a-z]+)*)?")
_DOI_PREFIX = re.compile(r"(?:https?://)?(?:dx\.)?doi\.org/|doi:\s*", re.IGNORECASE)
_DOI = re.compile(r"10\.\d{4,9}/[^\s<>\"\\^`{|}\x00-\x1f\x7f]+", re.ASCII)


def arxiv_id(text: str) -> tuple[str, int | None] | None:
    """The arXiv id in any usual spelling, and the version if it names one; None if it is something else.

    Bare, `arXiv:…`, links to abs, pdf or html, `oai:arXiv.org:…`, arXiv's own DOIs. The subject class of an
    old id is dropped, as arXiv does: `math.GT/0309136` → `math/0309136`.
    """
    if len(text) > MAX_ID:
        return None
    text = text.strip()
    prefix = _ARXIV_PREFIX.match(text)
    found = _ARXIV_ID.fullmatch(text, prefix.end() if prefix else 0)
    if found is None:
        return None
    version = int(found["version"]) if found["version"] else None
    return found["new"] or f"{found['archive'].lower()}/{found['number']}", version


def doi(text: str) -> str | None:
    """The DOI in lower case, without `doi:` and without its resolver; None if the text isn't one."""
    text = text.strip()
    prefix = _DOI_PREFIX.match(text)
    bare = text[prefix.end() :] if prefix else text
    if prefix and "://" in prefix[0]:
        bare = unquote(re.split(r"[?#]", bare, maxsplit=1)[0])
    bare = bare.rstrip(".,;")
    return bare.lower() if len(bare) <= MAX_ID and _DOI.fullmatch(bare) else None


def first_doi(text: str) -> str | None:
    """The first DOI among several that are written with spaces between them."""
    return next((name for word in text[:MAX_ID].split() if (name := doi(word))), None)


def paper_id(text: str) -> str | None:
    """A paper's id from any spelling of an arXiv id or a DOI; None if the text is neither."""
    if arxiv := arxiv_id(text):
        return f"arxiv:{arxiv[0]}"
    name = doi(text)
    return f"doi:{name}" if name else None


def aliases(entry: Entry, source: str) -> tuple[str, ...]:
    """The ids that a source's entry gives its paper, the strongest first; the first is its canonical id."""
    ids = [
        paper_id(entry.arxiv_id or ""),
        paper_id(entry.doi or ""),  # arXiv's own DOI is an arXiv id,
        f"doi:{entry.doi.lower()}" if entry.doi else None,  # and stays a DOI too
        f"{source}:{entry.key}",
    ]
    return tuple(dict.fromkeys(name for name in ids if name))


def is_category(term: str) -> bool:
    """Is it a category of arXiv (`cs.CL`, `hep-th`), and not an ACM or MSC class (`I.2.6`, `68T05`)?"""
    return len(term) <= 40 and _CATEGORY.fullmatch(term) is not None

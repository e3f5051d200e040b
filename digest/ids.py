"""Ids of papers: in comes any spelling of an arXiv id or a DOI, out goes the one spelling that we keep.

An arXiv id is `YYMM.NNNN[N]` (since April 2007) or `archive/YYMMNNN` (before), see
https://info.arxiv.org/help/arxiv_identifier.html; a DOI is `10.registrant/suffix` in any case (ISO 26324). A
paper's id is `arxiv:…`, `doi:…` or `source:key`. Never looks an id up: well-formed isn't known.
"""

import re
from urllib.parse import parse_qsl, unquote, urlsplit

from digest.domain import Entry

MAX_ID = 300  # longer ones are an attack, not an id
_MAX_ADDRESS = 2_000

_ARXIV_PREFIX = re.compile(
    r"(?:https?://)?(?:"
    r"(?:[a-z0-9-]{1,20}\.){0,2}arxiv\.org/(?:abs|pdf|html|format|e-print|ps|src)/"
    r"|(?:www\.)?(?:"
    r"(?:huggingface\.co|hf\.co|arxiv-vanity\.com|emergentmind\.com)/papers"
    r"|alphaxiv\.org/(?:abs|pdf|overview|html)"
    r"|(?:scirate\.com|papers\.cool)/arxiv"
    r"|ar5iv\.org/(?:abs|html)"
    r"|(?:xxx\.lanl\.gov|arxiv\.gg)/(?:abs|pdf)"
    r"|ui\.adsabs\.harvard\.edu/abs/arxiv:"
    r"|semanticscholar\.org/arxiv"
    r")/?"
    r"|(?:(?:www|dx)\.)?doi\.org/10\.48550/arxiv\.)"
    r"|(?:doi:\s*)?10\.48550/arxiv\."
    r"|(?:info|oai):arxiv(?:\.org:|/)"
    r"|arxiv:\s*",
    re.IGNORECASE,
)
_NEW = r"\d{2}(?:0[1-9]|1[0-2])\.\d{4,5}"
_OLD = (
    r"(?P<archive>[a-z]+(?:-[a-z]+)?)(?:\.[a-z]{2}|\.[a-z]+-[a-z]+)?/(?P<number>\d{2}(?:0[1-9]|1[0-2])\d{3})"
)
_ARXIV_ID = re.compile(
    rf"(?:(?P<new>{_NEW})|{_OLD})(?:v(?P<version>[1-9]\d{{0,3}}))?(?:\.pdf)?/?(?:[?#]\S*|\s*\[[a-z.-]{{2,20}}\])?",
    re.IGNORECASE | re.ASCII,
)
_CATEGORY = re.compile(r"[a-z]+(?:-[a-z]+)*(?:\.[A-Za-z]+(?:-[a-z]+)*)?")
_DOI_PREFIX = re.compile(
    r"(?:(?:info:|urn:)?doi(?:\s*[:=]\s*|/|\s+(?=10\.|http))"
    r"|(?:https?://)?(?:(?:(?:www|dx)\.)?doi\.org|hdl\.handle\.net)/){1,2}",
    re.IGNORECASE,
)
_SUFFIX = r"[^\s<>\"\\^`{|}\x00-\x1f\x7f]+"
# SICI (ANSI/NISO Z39.56), which journals made DOIs of until about 2002, is the one form with angle brackets.
_SICI = rf"\(sici\){_SUFFIX}<{_SUFFIX}>{_SUFFIX}"
_DOI = re.compile(rf"10\.\d{{4,9}}/(?:{_SICI}|{_SUFFIX})", re.ASCII | re.IGNORECASE)
# bioRxiv and medRxiv write the version, and what of it they show, behind the DOI.
_PREPRINT = re.compile(
    r"(10\.(?:1101|64898)/(?:\d{4}\.\d{2}\.\d{2}\.\d{1,8}|\d{6,8}))(?:v\d{1,3})?(?:\.[a-z][a-z.+-]{0,40})?",
    re.ASCII | re.IGNORECASE,
)
_EARLY = re.compile(r"/content/(?:biorxiv|medrxiv)/early/\d{4}/\d{2}/\d{2}/([\d.]{6,25}\d)")
_DOI_IN_PATH = re.compile(r"(?:^|/)(10\.\d{4,9}/.+)")
# What publishers write behind a DOI to say which view of it an address opens.
_VIEW = re.compile(
    r"(?:abstract|abs|full|full-?text|e?pdf|pdfdirect|epub|html|xml|meta|summary|references|figures|tables|suppl_file"
    r"|supplementary-material|citation|metrics)?(?:\.\w{1,5})?",
    re.IGNORECASE,
)
_ENDING = re.compile(r"\.(?:pdf(?:\+html)?|html?|xml|epub|full(?:-text)?|abstract|long|short)", re.IGNORECASE)
# Addresses that end with a number and a title of their publisher's own: the DOI has so many parts.
_PARTS_OF_DOI = {"academic.oup.com": 3, "pubs.aip.org": 2}
_OF_HOSTS = (  # journals whose addresses hold the end of their DOIs
    (re.compile(r"(?:.+\.)?nature\.com"), re.compile(r"/articles/([a-z]\d{5}-[\w-]+)"), "10.1038/"),
    (re.compile(r"elifesciences\.org"), re.compile(r"/articles/(\d{5,6})"), "10.7554/elife."),
    (re.compile(r"peerj\.com"), re.compile(r"/articles/(\d{1,6})"), "10.7717/peerj."),
    (re.compile(r"zenodo\.org"), re.compile(r"/records?/(\d{3,12})"), "10.5281/zenodo."),
)


def arxiv_id(text: str) -> tuple[str, int | None] | None:
    """Return the arXiv id in any usual spelling, and the version if it names one; None if it is something
    else.

    Bare, `arXiv:…`, links to arXiv and its mirrors, `oai:arXiv.org:…`, arXiv's own DOIs. The subject class of
    an old id is dropped, as arXiv does: `math.GT/0309136` → `math/0309136`.
    """
    return _arxiv_id(text, bare=True)


def named_arxiv_id(text: str) -> tuple[str, int | None] | None:
    """Return the same, but None for a bare number: 2401.0001 may be anybody's; a spelling that says arXiv
    isn't.
    """
    return _arxiv_id(text, bare=False)


def _arxiv_id(text: str, *, bare: bool) -> tuple[str, int | None] | None:
    if len(text) > MAX_ID:
        return None
    text = text.strip()
    prefix = _ARXIV_PREFIX.match(text)
    if prefix is None and not bare:
        return None
    found = _ARXIV_ID.fullmatch(text, prefix.end() if prefix else 0)
    if found is None:
        return None
    version = int(found["version"]) if found["version"] else None
    return found["new"] or f"{found['archive'].lower()}/{found['number']}", version


def doi(text: str) -> str | None:
    """Return the DOI in lower case, without `doi:`, its resolver and a preprint's version; None if it isn't
    one.
    """
    text = text.strip()
    prefix = _DOI_PREFIX.match(text)
    bare = text[prefix.end() :] if prefix else text
    if prefix and ".org/" in prefix[0].lower():
        bare = unquote(re.split(r"[?#]", bare, maxsplit=1)[0])
    bare = bare.rstrip(".,;")
    if len(bare) > MAX_ID or not _DOI.fullmatch(bare):
        return None
    preprint = _PREPRINT.fullmatch(bare)
    return (preprint[1] if preprint else bare).lower()


def doi_in_address(url: str) -> str | None:
    """Return the DOI that an address of a publisher names, in its path, as a parameter or by its
    last part.
    """
    try:
        parts = urlsplit(url.strip()[:_MAX_ADDRESS])
        host, path = (parts.hostname or "").lower(), unquote(parts.path)
    except ValueError:
        return None
    if parts.scheme not in ("http", "https") or not host:
        return None
    return doi(_doi_in_path(host, path)) or _doi_in_query(parts.query)


def _doi_in_path(host: str, path: str) -> str:
    if early := _EARLY.search(path):
        return f"10.1101/{early[1]}"
    if named := _DOI_IN_PATH.search(path):
        return _of_publisher(host, named[1])
    for hosts, paths, registrant in _OF_HOSTS:
        if hosts.fullmatch(host) and (article := paths.match(path)):
            return registrant + article[1]
    return ""


def _doi_in_query(query: str) -> str | None:
    named = [value for name, value in parse_qsl(query) if name.lower() in ("id", "doi")]
    return next((found for value in named if (found := doi(value))), None)


def _of_publisher(host: str, text: str) -> str:
    """A DOI in a path without what its publisher writes behind it."""
    parts = text.split("/")[: _PARTS_OF_DOI.get(host)]
    while len(parts) > 2 and _VIEW.fullmatch(parts[-1]):
        parts.pop()
    name = "/".join(parts)
    for _ in range(2):  # .full.pdf
        stem, dot, ending = name.rpartition(".")
        name = stem if _ENDING.fullmatch(dot + ending) else name
    return name


def first_doi(text: str) -> str | None:
    """Return the first DOI among several that are written with spaces between them."""
    return next((name for word in text[:MAX_ID].split() if (name := doi(word))), None)


def paper_id(text: str) -> str | None:
    """Return a paper's id from any spelling or address of an arXiv id or a DOI; None if the text is
    neither.
    """
    if arxiv := arxiv_id(text):
        return f"arxiv:{arxiv[0]}"
    name = doi(text) or doi_in_address(text)
    return f"doi:{name}" if name else None


def aliases(entry: Entry, source: str) -> tuple[str, ...]:
    """Return the ids that a source's entry gives its paper, the strongest first; the first is its canonical
    id.
    """
    ids = [
        paper_id(entry.arxiv_id or ""),
        paper_id(entry.doi or ""),  # arXiv's own DOI is an arXiv id,
        f"doi:{entry.doi.lower()}" if entry.doi else None,  # and stays a DOI too
        f"{source}:{entry.key}",
    ]
    return tuple(dict.fromkeys(name for name in ids if name))


def is_category(term: str) -> bool:
    """Tell whether this is a category of arXiv (`cs.CL`), and not an ACM or MSC class (`I.2.6`, `68T05`)."""
    return len(term) <= 40 and _CATEGORY.fullmatch(term) is not None

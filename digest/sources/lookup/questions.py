"""Chooses which sites to ask about a paper, in turn, and reads what they answer.

The sites are arXiv's API, Crossref, OpenReview, bioRxiv and medRxiv, else the paper's own page.
"""

from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import quote, urlencode

from digest.domain import Entry, SourceKind
from digest.errors import ParseError
from digest.languages import deferred
from digest.sources import parse
from digest.sources.kinds.arxiv import ARXIV
from digest.sources.kinds.biorxiv import BIORXIV
from digest.sources.kinds.openreview import OPENREVIEW
from digest.sources.lookup.crossref import parse_work
from digest.sources.lookup.page import parse_page
from digest.sources.lookup.sites import Sites
from digest.sources.lookup.subject import Subject, SubjectKind
from digest.words import written

MOST_CHOICES = 5  # papers that a title may mean
_PREPRINTS = ("10.1101/", "10.64898/")  # bioRxiv and medRxiv


@dataclass(frozen=True, slots=True)
class Question:
    """One request: where, of whom, and how its answer (body, address) is read: entries, or ParseError."""

    url: str
    site: str
    read: Callable[[bytes, str], tuple[Entry, ...]]


def questions(subject: Subject, sites: Sites) -> tuple[Question, ...]:
    """Return the requests to make, the next one where one finds nothing."""
    value = subject.value
    match subject.kind:
        case SubjectKind.ARXIV:
            return (_arxiv(sites, {"id_list": value}),)
        case SubjectKind.TITLE:
            words = " ".join(written(value))[:200]
            return (_arxiv(sites, {"search_query": f'ti:"{words}"', "max_results": str(MOST_CHOICES)}),)
        case SubjectKind.OPENREVIEW:
            url = f"{sites.openreview}/notes?{urlencode({'id': value})}"
            return (Question(url, "OpenReview", _of_kind(OPENREVIEW.kind)),)
        case SubjectKind.DOI:
            return _of_doi(sites, value)
        case SubjectKind.PAGE:
            return (Question(value, "its page", _of_page),)


def _arxiv(sites: Sites, query: dict[str, str]) -> Question:
    return Question(f"{sites.arxiv}/api/query?{urlencode(query)}", "arXiv", _of_kind(ARXIV.kind))


def _of_doi(sites: Sites, name: str) -> tuple[Question, ...]:
    path = quote(name, safe="/:;()")
    servers = ("biorxiv", "medrxiv") if name.startswith(_PREPRINTS) else ()
    return (
        *(
            Question(f"{sites.biorxiv}/details/{server}/{path}", label, _of_kind(BIORXIV.kind))
            for server, label in zip(servers, ("bioRxiv", "medRxiv"), strict=False)
        ),
        Question(
            f"{sites.crossref}/works/{quote(name, safe='')}", "Crossref", lambda body, _: (parse_work(body),)
        ),
        Question(f"{sites.doi}/{path}", "its page", _of_page),
    )


def _of_kind(kind: SourceKind) -> Callable[[bytes, str], tuple[Entry, ...]]:
    def read(body: bytes, address: str) -> tuple[Entry, ...]:
        entries = parse(kind, body, address=address).entries
        if not entries:
            raise ParseError(deferred("it knows no such paper"))
        return entries[:MOST_CHOICES]

    return read


def _of_page(body: bytes, address: str) -> tuple[Entry, ...]:
    return (parse_page(body, address),)

"""Asks sites what they know of a proposed paper, within bounds of time and size.

Sites that answer for papers are asked in their turns, as sources are. A page that a reader named is fetched
without the operator's allowed hosts: nobody reaches the operator's own network by proposing an address of it.
"""

from dataclasses import replace
from urllib.parse import urlsplit

from digest.domain import Entry
from digest.errors import FetchError, InputError, NotAskedError, ParseError
from digest.fetch import Limits
from digest.ids import aliases
from digest.languages import deferred
from digest.pipeline.community.proposals import SOURCE
from digest.pipeline.ingest.http import fetching
from digest.pipeline.ingest.probe import read_source
from digest.pipeline.installation import Installation
from digest.sources.lookup.questions import Question, questions
from digest.sources.lookup.subject import Subject, SubjectKind
from digest.store.community.proposals import Found

SECONDS = 25.0  # of all requests about one proposal, with waiting for their turns
LIMITS = Limits(max_bytes=4 * 2**20, redirects=4, connect=5.0, read=8.0, total=15.0)
_PORTS = {None, 80, 443}
_ABSENT = {404, 410}


def check_address(installation: Installation, subject: Subject) -> None:
    """Raise InputError for a page that is never fetched: a private address, a password, an unusual port."""
    if subject.kind is SubjectKind.PAGE:
        hosts = installation.proposal_hosts
        read_source(subject.value, hosts)
        parts = urlsplit(subject.value)
        if parts.port not in _PORTS and parts.hostname not in hosts:
            message = deferred(
                "pages are fetched from the usual ports only, not from {port}", port=parts.port
            )
            raise InputError(message)


def look_up(installation: Installation, subject: Subject) -> Found:
    """Ask the sites that may know a paper. A page that names an arXiv id or a DOI leads to those.

    Raises FetchError (NotAskedError where it isn't their turn), ParseError where no site knows the paper.
    """
    found, site = _ask(installation, subject)
    if subject.kind is SubjectKind.TITLE:
        return Found(None, site, found)
    entry = found[0]
    if site == PAGE and (named := _named(entry)):
        try:
            better, site = _ask(installation, named)
        except (FetchError, ParseError) as error:
            if isinstance(error, NotAskedError):
                raise
        else:
            entry = better[0]
    return of_entry(entry, site)


def of_entry(entry: Entry, site: str) -> Found:
    """Return what is kept of the paper that a site describes."""
    kept = replace(entry, announced_at=None, announce_type=None, signals={})
    return Found(kept, site, identity=aliases(kept, SOURCE)[0])


PAGE = "its page"


def _named(entry: Entry) -> Subject | None:
    if entry.arxiv_id:
        return Subject(SubjectKind.ARXIV, entry.arxiv_id)
    return Subject(SubjectKind.DOI, entry.doi) if entry.doi else None


def _ask(installation: Installation, subject: Subject) -> tuple[tuple[Entry, ...], str]:
    """What the first site says that knows the paper, and which it is."""
    unknown: FetchError | ParseError | None = None
    for question in questions(subject, installation.lookup_sites):
        try:
            return _answer(installation, question), question.site
        except FetchError as error:
            if error.status not in _ABSENT:
                raise
            unknown = error
        except ParseError as error:
            unknown = error
    raise unknown or ParseError(deferred("no site knows this paper"))


def _answer(installation: Installation, question: Question) -> tuple[Entry, ...]:
    is_page = question.site == PAGE
    asker = replace(installation, allow_hosts=installation.proposal_hosts) if is_page else installation
    with fetching(asker, seconds=SECONDS, limits=LIMITS) as fetcher:
        answer = fetcher.get(question.url)
    if answer.status >= 400:
        raise ParseError(deferred("{site} can’t read the request", site=question.site))
    return question.read(answer.body, answer.url or question.url)

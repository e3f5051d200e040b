"""Reads what somebody typed to name a paper: an arXiv id, a DOI, an address, or a title."""

import re
from dataclasses import dataclass
from enum import StrEnum
from urllib.parse import parse_qs, urldefrag, urlsplit

from digest.errors import InputError
from digest.ids import paper_id
from digest.languages import Deferred, deferred
from digest.languages.dates import deferred_number
from digest.sources.values import fields

MOST_TYPED = 2_000  # characters
LONGEST_TITLE = 300
_LEAST_LETTERS = 8  # of a title
_HOST = re.compile(r"(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,24}(?::\d{1,5})?/\S+", re.IGNORECASE)
_SCHEME = re.compile(r"[a-z][a-z0-9+.-]{1,20}:(?://|\S*@)|(?:javascript|data|file|mailto):", re.IGNORECASE)
_FORUM = re.compile(r"[\w-]{6,40}", re.ASCII)
_HELP = deferred("give an arXiv id, a DOI, the address of the paper's page, or its title")
_TOO_LONG = deferred(
    "no paper is named: more than {most} printable characters", most=deferred_number(MOST_TYPED)
)


class SubjectKind(StrEnum):
    """What names a paper."""

    ARXIV = "arxiv"
    DOI = "doi"
    OPENREVIEW = "openreview"
    PAGE = "page"
    TITLE = "title"


@dataclass(frozen=True, slots=True)
class Subject:
    """What names a paper, in its one spelling: an arXiv id or DOI, OpenReview's id, an address, a title."""

    kind: SubjectKind
    value: str

    @property
    def key(self) -> str:
        """The same for everybody who names the paper in this way."""
        value = self.value.casefold() if self.kind is SubjectKind.TITLE else self.value
        return f"{self.kind}:{value}"


def read_subject(text: str) -> Subject:
    """Read what somebody typed. Raises InputError where it names no paper."""
    typed = " ".join(text.split())
    if not typed or len(typed) > MOST_TYPED or not typed.isprintable():
        message = _TOO_LONG if typed else deferred("no paper is named: nothing was typed")
        raise InputError(message, fix=_HELP)
    if named := paper_id(typed):
        kind, _, value = named.partition(":")
        return Subject(SubjectKind(kind), value)
    if _HOST.fullmatch(typed) and not typed.lower().startswith("http"):
        typed = f"https://{typed}"
    if typed.lower().startswith(("http://", "https://")):
        return _of_address(typed)
    if _SCHEME.match(typed):
        raise InputError(_no_page(typed), fix=_HELP)
    letters = sum(character.isalpha() for character in typed)
    if letters < _LEAST_LETTERS or len(typed) > LONGEST_TITLE:
        raise InputError(deferred("{text} names no paper", text=repr(typed[:100])), fix=_HELP)
    return Subject(SubjectKind.TITLE, typed)


def _no_page(typed: str) -> Deferred:
    return deferred("{text} is no address of a page", text=repr(typed[:100]))


def _of_address(typed: str) -> Subject:
    url = fields.link(urldefrag(typed).url)
    if not url:
        raise InputError(_no_page(typed), fix=deferred("https://host/path, no password"))
    if named := paper_id(url):
        kind, _, value = named.partition(":")
        return Subject(SubjectKind(kind), value)
    parts = urlsplit(url)
    if (parts.hostname or "").removeprefix("www.") == "openreview.net":
        for forum in parse_qs(parts.query).get("id", []):
            if _FORUM.fullmatch(forum):
                return Subject(SubjectKind.OPENREVIEW, forum)
    return Subject(SubjectKind.PAGE, url)

"""What every mail needs to know of who sends it, and where its links go. Values only."""

from dataclasses import dataclass, replace
from email.utils import parseaddr
from functools import lru_cache
from urllib.parse import urlsplit

FRONT = 5
MOST_FRONT = 50  # that anybody may want


@dataclass(frozen=True, slots=True)
class Site:
    """Who sends: the name of the list, its web address, its sender (`Name <address>`) and postal address."""

    name: str
    base_url: str
    mail_from: str
    postal_address: str
    language: str = "en"
    logo_text: str = ""  # above the head of every mail; empty: no such line
    front: int = FRONT  # how many papers of a digest are shown in full; the others in brief

    def __hash__(self) -> int:
        return hash(self.base_url)  # it is a part of many keys; one process has one site

    @property
    def host(self) -> str:
        """The host of `base_url`, without port."""
        return urlsplit(self.base_url).hostname or "localhost"

    @property
    def address(self) -> str:
        """The bare address of `mail_from`."""
        return parseaddr(self.mail_from)[1]


def in_language(site: Site, language: str) -> Site:
    """Return the same site as it speaks to somebody of another language."""
    return site if site.language == language else _in_language(site, language)


@lru_cache(64)
def _in_language(site: Site, language: str) -> Site:
    return replace(site, language=language)


@dataclass(frozen=True, slots=True)
class Links:
    """One subscriber's links, absolute. An empty one isn't shown; `preferences` and `unsubscribe` always are.

    `vote`, `less` and `save` take a query, `?paper=ID`. `feed`: what the subscriber asked for, as a feed.
    `unsubscribe_mail` is what follows `mailto:`: a mail there unsubscribes as well (RFC 2369, 6068).
    """

    preferences: str
    unsubscribe: str
    web: str = ""
    pause: str = ""
    feed: str = ""
    vote: str = ""
    less: str = ""
    save: str = ""
    unsubscribe_mail: str = ""

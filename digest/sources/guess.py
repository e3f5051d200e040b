"""Guesses the kind of a source from its address and the bytes of its answer. Pure, and never raises.

Whether the answer can be read as that kind is for `parse` to say.
"""

from urllib.parse import urlsplit

from digest.domain import SourceKind
from digest.sources.registry import TYPES

ANY_FEED = list(TYPES)[-1]  # what a source is taken for until its answer says otherwise
_HEAD = 64 * 1024  # bytes in which a format shows


def kind_of_host(url: str) -> SourceKind | None:
    """Return the kind that a host name gives away, by the longest name that fits; None for all others."""
    try:
        host = (urlsplit(url).hostname or "").lower()
    except ValueError:
        return None
    named = ((site, each.kind) for each in TYPES.values() for site in each.hosts)
    fitting = [(len(site), kind) for site, kind in named if host == site or host.endswith(f".{site}")]
    return max(fitting)[1] if fitting else None


def kind_of(url: str, body: bytes) -> SourceKind:
    """Return the kind of a source, by its host, else by what its answer begins with; any other feed is a
    `feed`.
    """
    head = body[:_HEAD].lstrip(b"\xef\xbb\xbf \t\r\n")
    looks = (each.kind for each in TYPES.values() if each.looks_like(head))
    return kind_of_host(url) or next(looks, ANY_FEED)

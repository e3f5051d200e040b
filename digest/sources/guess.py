"""An address and the bytes of its answer → which kind of source that is. Pure, and never raises.

Whether the answer can be read as that kind is for `parse` to say.
"""

from urllib.parse import urlsplit

from digest.domain import SourceKind

_HOSTS = {
    "arxiv.org": SourceKind.ARXIV,
    "huggingface.co": SourceKind.HUGGINGFACE,
    "api.biorxiv.org": SourceKind.BIORXIV,
    "api.medrxiv.org": SourceKind.BIORXIV,
}
_HEAD = 4096  # bytes in which a format shows


def kind_of_host(url: str) -> SourceKind | None:
    """The kind that a host name gives away; None for all others."""
    host = (urlsplit(url).hostname or "").lower()
    return next((kind for site, kind in _HOSTS.items() if host == site or host.endswith(f".{site}")), None)


def kind_of(url: str, body: bytes) -> SourceKind:
    """The kind of a source, by its host, else by what its answer begins with; any other feed is a `feed`."""
    known = kind_of_host(url)
    if known:
        return known
    head = body[:_HEAD].lstrip(b"\xef\xbb\xbf \t\r\n")
    if b"http://arxiv.org/schemas/atom" in head:
        return SourceKind.ARXIV
    if head.startswith(b"[") and (b'"paper"' in head or head.startswith(b"[]")):
        return SourceKind.HUGGINGFACE
    if head.startswith(b"{") and b'"messages"' in head and b'"collection"' in body:
        return SourceKind.BIORXIV
    return SourceKind.FEED

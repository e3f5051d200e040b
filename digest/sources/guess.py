"""An address and the bytes of its answer → which kind of source that is. Pure, and never raises.

Whether the answer can be read as that kind is for `parse` to say.
"""

from urllib.parse import urlsplit

from digest.domain import SourceKind

_HOSTS = {
    "oaipmh.arxiv.org": SourceKind.OAIPMH,
    "arxiv.org": SourceKind.ARXIV,
    "huggingface.co": SourceKind.HUGGINGFACE,
    "api.biorxiv.org": SourceKind.BIORXIV,
    "api.medrxiv.org": SourceKind.BIORXIV,
    "api2.openreview.net": SourceKind.OPENREVIEW,
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
    is_object = head.startswith(b"{")
    fits = {
        SourceKind.ARXIV: b"http://arxiv.org/schemas/atom" in head,
        SourceKind.HUGGINGFACE: head.startswith(b"[") and (b'"paper"' in head or head.startswith(b"[]")),
        SourceKind.BIORXIV: is_object and b'"messages"' in head and b'"collection"' in body,
        SourceKind.OAIPMH: b"<OAI-PMH" in head,
        SourceKind.OPENREVIEW: is_object and b'"notes"' in head,
        SourceKind.JSONL: is_object and b'"id"' in head and b'"title"' in head and b"\n{" in body,
    }
    return next((kind for kind, does in fits.items() if does), SourceKind.FEED)

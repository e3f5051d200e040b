"""The kinds of sources that there are. A new kind: its member of `SourceKind`, its file, a line here."""

from collections.abc import Mapping
from types import MappingProxyType

from digest.domain import SourceKind
from digest.sources.kinds.arxiv import ARXIV
from digest.sources.kinds.biorxiv import BIORXIV
from digest.sources.kinds.feed import FEED
from digest.sources.kinds.huggingface import HUGGINGFACE
from digest.sources.kinds.jsonl import JSONL
from digest.sources.kinds.oaipmh import OAIPMH
from digest.sources.kinds.openreview import OPENREVIEW
from digest.sources.source_type import SourceType

# In the order in which their looks are compared: any feed is a feed.
TYPES: Mapping[SourceKind, SourceType] = MappingProxyType(
    {each.kind: each for each in (HUGGINGFACE, ARXIV, BIORXIV, OAIPMH, OPENREVIEW, JSONL, FEED)}
)


_KNOWN = {str(each.kind): each.label for each in TYPES.values()} | {
    name.lower(): name for each in TYPES.values() for name in each.names
}


def type_of(kind: SourceKind) -> SourceType:
    """Return the record of a kind."""
    return TYPES[kind]


def display_name(name: str) -> str:
    """Return a source's name for readers: as they know it where it is named after its kind (arXiv), else its
    own.
    """
    return _KNOWN.get(name.lower(), name)

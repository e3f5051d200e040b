"""An entry, or what somebody typed → the ids of a paper. Pure; looks nothing up."""

import re

from digest.domain import Entry

_ARXIV_ID = r"(\d{4}\.\d{4,5}|[a-z-]+(?:\.[a-z-]+)?/\d{7})"
_ARXIV = re.compile(
    rf"(?:arxiv:|(?:https?://)?(?:www\.|export\.)?arxiv\.org/(?:abs|pdf|html)/)?{_ARXIV_ID}(?:v\d+)?(?:\.pdf)?/?",
    re.IGNORECASE,
)
_DOI = re.compile(r"(?:doi:|(?:https?://)?(?:dx\.)?doi\.org/)?\s*(10\.\d{4,9}/\S+)", re.IGNORECASE)
_ARXIV_DOI = "10.48550/arxiv."  # the DOI that arXiv itself gives to each of its papers


def aliases(entry: Entry, source: str) -> tuple[str, ...]:
    """The ids that an entry gives its paper, the strongest first; the first is the paper's canonical id."""
    arxiv, doi = _arxiv(entry), entry.doi
    return tuple(
        dict.fromkeys(
            [
                *([f"arxiv:{arxiv}"] if arxiv else []),
                *([f"doi:{doi.lower()}"] if doi else []),
                f"{source}:{entry.key}",
            ]
        )
    )


def typed(text: str) -> str:
    """What somebody typed (an arXiv id with or without version, its address, a DOI, an id) → an alias."""
    text = text.strip()
    if match := _ARXIV.fullmatch(text):
        return f"arxiv:{_plain(match[1])}"
    if match := _DOI.fullmatch(text):
        doi = match[1].lower()
        return f"arxiv:{_plain(doi.removeprefix(_ARXIV_DOI))}" if doi.startswith(_ARXIV_DOI) else f"doi:{doi}"
    return text


def _arxiv(entry: Entry) -> str | None:
    if entry.arxiv_id:
        return _plain(entry.arxiv_id)
    doi = (entry.doi or "").lower()
    return _plain(doi.removeprefix(_ARXIV_DOI)) if doi.startswith(_ARXIV_DOI) else None


def _plain(arxiv_id: str) -> str:
    """Old ids are one with and without the class of their archive: `math.GT/0309136` is `math/0309136`."""
    archive, slash, number = arxiv_id.lower().rpartition("/")
    return f"{archive.partition('.')[0]}{slash}{number}"

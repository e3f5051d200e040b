"""Where the sites are asked that know proposed papers."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Sites:
    """The addresses of sites; those of tests are others."""

    arxiv: str = "https://export.arxiv.org"
    crossref: str = "https://api.crossref.org"
    biorxiv: str = "https://api.biorxiv.org"
    openreview: str = "https://api2.openreview.net"
    doi: str = "https://doi.org"


SITES = Sites()

"""A server that answers as arXiv, Crossref, OpenReview and the pages of papers do, for tests of proposals."""

import json
from dataclasses import replace

from digest.pipeline.installation import Installation
from digest.sources.lookup.sites import Sites
from tests.source_server import SourceServer

_ATOM = """<?xml version="1.0" encoding="UTF-8"?>
<feed xmlns="http://www.w3.org/2005/Atom" xmlns:opensearch="http://a9.com/-/spec/opensearch/1.1/"
 xmlns:arxiv="http://arxiv.org/schemas/atom"><title>arXiv Query</title><id>http://arxiv.org/api/x</id>
<opensearch:totalResults>{count}</opensearch:totalResults><opensearch:startIndex>0</opensearch:startIndex>
{entries}</feed>"""
_ENTRY = """<entry><id>http://arxiv.org/abs/{number}v1</id><title>{title}</title>
<summary>We propose a thing and show that it works.</summary><published>2026-03-15T10:00:00Z</published>
<updated>2026-03-15T10:00:00Z</updated><author><name>Ada Lovelace</name></author>
<arxiv:primary_category term="cs.CL"/><category term="cs.CL"/></entry>"""


def arxiv(*papers: tuple[str, str]) -> bytes:
    """An answer of arXiv's API that holds these papers (id, title)."""
    entries = "\n".join(_ENTRY.format(number=number, title=title) for number, title in papers)
    return _ATOM.format(count=len(papers), entries=entries).encode()


def crossref(doi: str, title: str) -> bytes:
    """An answer of Crossref about one work."""
    return json.dumps({"message": {"DOI": doi, "title": [title], "author": [{"family": "Li"}]}}).encode()


def page(**tags: str) -> bytes:
    """A paper's page with these citation tags."""
    metas = "".join(f'<meta name="citation_{name}" content="{value}">' for name, value in tags.items())
    return f"<!doctype html><html><head>{metas}</head></html>".encode()


def asking(installation: Installation, server: SourceServer) -> Installation:
    """The installation, with this server in the place of all sites."""
    base = server.url("").rstrip("/")
    sites = Sites(arxiv=base, crossref=base, biorxiv=base, openreview=base, doi=base)
    return replace(installation, lookup_sites=sites, proposal_hosts=frozenset({"127.0.0.1"}))

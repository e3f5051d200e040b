"""Serves the page of one paper, its citations as files, and the list of an author's papers."""

import json
import re
from collections.abc import Callable, Sequence
from datetime import datetime
from functools import partial
from typing import Any
from urllib.parse import unquote

from fastapi import APIRouter, HTTPException, Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse

from digest.domain import Paper
from digest.errors import UnknownError
from digest.ids import MAX_ID
from digest.pipeline.catalog.paper import PaperPage
from digest.pipeline.catalog.thumbnails import thumbnail_jpeg
from digest.pipeline.mail.links import Purpose, link
from digest.render import cards, phrases
from digest.serializers import cite
from digest.text import clean, typeset
from digest.web.addresses import author_path, paper_path
from digest.web.pages.catalog import read_view
from digest.web.pages.community.sessions import viewer
from digest.web.pages.plot import plots
from digest.web.site import Site, Web

router = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)
get = partial(router.api_route, methods=["GET", "HEAD"])
_DESCRIPTION_WORDS = 40
_THUMBNAIL = re.compile(r"([0-9]{1,10})-([0-9a-f]{16})\.jpg", re.ASCII)
_KEPT_FOR_A_WEEK = "public, max-age=604800, immutable"


def _csl(papers: Sequence[Paper]) -> str:
    return json.dumps(cite.csl(papers), ensure_ascii=False, indent=2) + "\n"


# Name of a file → its type and what writes it
CITATIONS: dict[str, tuple[str, Callable[[Sequence[Paper]], str]]] = {
    "bib": ("application/x-bibtex; charset=utf-8", cite.bibtex),
    "ris": ("application/x-research-info-systems; charset=utf-8", cite.ris),
    "json": ("application/vnd.citationstyles.csl+json; charset=utf-8", _csl),
}


@get("/p/{ref:path}/cite.{form}")
def citation(web: Site, ref: str, form: str) -> Response:
    """Give a paper's citation as a file: `bib`, `ris`, or `json` (CSL)."""
    if form not in CITATIONS:
        raise HTTPException(404)
    paper = read_paper(web, ref).paper
    return citations([paper], form, cite.citation_key(paper))


def citations(papers: Sequence[Paper], form: str, name: str) -> Response:
    """Answer with a file of citations; `name` without its ending, in ASCII."""
    kind, write = CITATIONS[form]
    headers = {"Content-Disposition": f'attachment; filename="{name}.{form}"'}
    return Response(write(papers), media_type=kind, headers=headers)


@get("/p/{ref:path}")
def paper_page(web: Site, ref: str) -> Response:
    """Show a paper; another spelling of its id, and one that was merged into it, lead to its own address."""
    found = read_paper(web, ref)
    paper, now, member = found.paper, web.clock(), viewer()
    if unquote(paper_path(paper.id)) != f"/p/{ref}":
        return RedirectResponse(paper_path(paper.id), status_code=302)
    return web.shared_page(
        "paper.html",
        found=found,
        paper=web.cards([paper], now)[0],
        names=[(phrases.one_line(name, 100), author_path(name)) for name in paper.authors if name.strip()],
        abstract=[_typeset(part) for part in phrases.printable(paper.abstract).split("\n\n") if part.strip()],
        description=phrases.first_sentences(paper.summary or paper.abstract, _DESCRIPTION_WORDS),
        sources={name: cards.source_name(name) for name in paper.sources},
        plots=plots(found.history),
        days=sorted({day for days in found.history.values() for day in days}),
        reference=cite.plain(paper),
        linked_data=_linked_data(paper, web.installation.site.base_url),
        similar=web.search.similar(paper, now),
        less=link(web.installation, Purpose.LESS, member.subscriber.id, paper=paper.id) if member else "",
        now=now,
    )


@get("/thumbnails/{name}")
def thumbnail(web: Site, name: str) -> Response:
    """Give the copy of a paper's picture; its address changes with its bytes, so browsers may keep it."""
    named = _THUMBNAIL.fullmatch(name)
    data = thumbnail_jpeg(web.installation, int(named[1]), named[2]) if named else None
    if data is None:
        raise HTTPException(404)
    return Response(data, media_type="image/jpeg", headers={"Cache-Control": _KEPT_FOR_A_WEEK})


@get("/authors/{name}")
def author(request: Request, web: Site, name: str) -> Response:
    """List the papers of everybody who has this name."""
    order, number = read_view(request)
    found = web.lists.author(name, order, number, web.clock()) if len(name) <= MAX_ID else None
    if found is None:
        raise HTTPException(404)
    return web.shared_page(
        "author.html",
        listed=found,
        cards=web.cards(found.page.papers, web.clock()),
        year=web.clock().year,
        path=author_path(found.name),
    )


def _typeset(text: str) -> list[typeset.Piece]:
    """A paragraph in pieces: formulas as MathML, all else as lists show it, without TeX."""
    return [piece if piece.mathml else typeset.Piece(_plain(piece.text)) for piece in typeset.pieces(text)]


def _plain(text: str) -> str:
    before, after = (" " if text[place].isspace() else "" for place in (0, -1))
    return before + clean(text) + after


def read_paper(web: Web, ref: str) -> PaperPage:
    """Return the paper with this id; 404 where there is none, 410 where it is hidden."""
    if len(ref) > MAX_ID:
        raise HTTPException(404)
    try:
        found = web.papers.read(ref, web.clock())
    except UnknownError as error:
        raise HTTPException(404) from error
    if found.hiding:
        raise HTTPException(410, phrases.hidden(found.hiding))
    return found


def _linked_data(paper: Paper, base_url: str) -> str:
    """What the page is about as JSON-LD (schema.org, ScholarlyArticle), safe within a script element."""
    facts: dict[str, Any] = {
        "@context": "https://schema.org",
        "@type": "ScholarlyArticle",
        "headline": cards.title(paper),
        "abstract": paper.abstract,
        "author": [{"@type": "Person", "name": name} for name in paper.authors],
        "datePublished": _iso(paper.published_at or paper.first_seen_at),
        "url": base_url + paper_path(paper.id),
        "sameAs": [url for url in (paper.url, f"https://doi.org/{paper.doi}" if paper.doi else "") if url],
        "keywords": list(paper.keywords),
    }
    text = json.dumps({name: value for name, value in facts.items() if value}, ensure_ascii=False)
    return text.replace("&", "\\u0026").replace("<", "\\u003c").replace(">", "\\u003e")


def _iso(moment: datetime) -> str:
    return moment.date().isoformat()

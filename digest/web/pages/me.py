"""Serves a subscriber's own page by its signed link: saved papers, digests, votes, their feed, "why not?".

GET changes nothing. The token in the path is what a visitor has to know.
"""

from datetime import date
from functools import partial
from typing import Annotated

from fastapi import APIRouter, Depends, HTTPException, Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse

from digest.domain import Subscriber
from digest.errors import UnknownError
from digest.languages import deferred, gettext
from digest.pipeline.community import my_digests, own_feed, saved, votes
from digest.pipeline.issues import explain
from digest.pipeline.issues.explain import WhyNot
from digest.pipeline.mail.links import Purpose, link, mail_links
from digest.render.phrases import masked
from digest.web.cards import paper_card
from digest.web.feeds import FORMS
from digest.web.pages.community import my_digest as sent_views
from digest.web.pages.paper import CITATIONS, citations
from digest.web.pages.tokens import subscriber_from_token
from digest.web.site import OurForm, Site, Web, one

router = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)
get = partial(router.api_route, methods=["GET", "HEAD"])
Owner = Annotated[Subscriber, Depends(subscriber_from_token(Purpose.ME))]
Saver = Annotated[Subscriber, Depends(subscriber_from_token(Purpose.SAVE))]
DONE = {
    "removed": deferred("Removed from your saved papers."),
    "feed": deferred("Your feed has a new link."),
    "ended": deferred("Your feed has ended."),
}
LONGEST_REF = 300


@get("/me/{token}")
def me(request: Request, web: Site, token: str, owner: Owner) -> Response:
    """Show all that is a subscriber's own; `?paper=` asks why it wasn't in their digest."""
    wanted = request.query_params.get("paper", "").strip()[:LONGEST_REF]
    answer, problem = _explained(web, owner, wanted) if wanted else (None, "")
    done = DONE.get(request.query_params.get("done", ""), "")
    now = web.clock()
    return web.page(
        "me.html",
        token=token,
        address=masked(owner.email),
        links=mail_links(web.installation, owner.id),
        saved=web.cards(saved.saved_papers(web.installation, owner.id, now), now),
        voted=web.cards(votes.voted_papers(web.installation, owner.id, now), now),
        digests=my_digests.my_digests(web.installation, owner.id),
        feed=own_feed.feed_path(web.installation, owner.id),
        forms=list(FORMS),
        wanted=wanted,
        why_not=answer,
        problem=problem,
        paper=paper_card(answer.paper, now) if answer else None,
        done=done,
        year=now.year,
    )


@get("/me/{token}/saved.{form}")
def export_saved(web: Site, owner: Owner, form: str) -> Response:
    """Give the saved papers as a file of citations: `bib`, `ris`, or `json` (CSL)."""
    if form not in CITATIONS:
        raise HTTPException(404)
    return citations(saved.saved_papers(web.installation, owner.id, web.clock()), form, "saved-papers")


@get("/me/{token}/digests/{day}")
def my_digest(web: Site, token: str, owner: Owner, day: str) -> Response:
    """Show one digest as its email did: the same papers, headings and reasons, in its order."""
    try:
        wanted = date.fromisoformat(day)
    except ValueError as error:
        raise HTTPException(404) from error
    found = my_digests.sent_digest(web.installation, owner.id, wanted)
    if found is None or wanted.isoformat() != day:
        raise HTTPException(404)
    return web.page("my-digest.html", token=token, day=wanted, **sent_views.values(found, wanted))


@router.post("/me/{token}/unsave")
def unsave(request: Request, web: Site, token: str, owner: Owner, fields: OurForm) -> Response:
    """Let go of a saved paper."""
    paper = votes.paper(web.installation, one(fields, "paper"))
    saved.unsave(web.acting(request, owner.id), owner.id, paper, web.clock())
    return RedirectResponse(f"/me/{token}?done=removed#saved", status_code=303)


@router.post("/me/{token}/feed")
def renew_feed(request: Request, web: Site, token: str, owner: Owner, fields: OurForm) -> Response:
    """Make the feed's link, make it anew, or end it."""
    hands = web.acting(request, owner.id)
    if one(fields, "choice") == "end":
        own_feed.end_feed(hands, owner.id, web.clock())
        return RedirectResponse(f"/me/{token}?done=ended#feed", status_code=303)
    own_feed.renew_feed(hands, owner.id, web.clock())
    return RedirectResponse(f"/me/{token}?done=feed#feed", status_code=303)


@get("/save/{token}")
def save_page(request: Request, web: Site, token: str, owner: Saver) -> Response:
    """Ask whether to save a paper."""
    return _save_page(web, token, owner, request.query_params.get("paper", ""))


@router.post("/save/{token}")
def save(request: Request, web: Site, token: str, owner: Saver, fields: OurForm) -> Response:
    """Save a paper, or let go of it."""
    paper = votes.paper(web.installation, one(fields, "paper"))
    if one(fields, "choice") == "back":
        saved.unsave(web.acting(request, owner.id), owner.id, paper, web.clock())
    else:
        saved.save(web.acting(request, owner.id), owner.id, paper, web.clock())
    return _save_page(web, token, owner, paper.id)


def _save_page(web: Web, token: str, owner: Subscriber, ref: str) -> HTMLResponse:
    paper = votes.paper(web.installation, ref)
    return web.page(
        "save.html",
        token=token,
        paper=paper,
        is_saved=saved.has_saved(web.installation, owner.id, paper),
        me=link(web.installation, Purpose.ME, owner.id),
    )


def _explained(web: Web, owner: Subscriber, ref: str) -> tuple[WhyNot | None, str]:
    try:
        return explain.of_digest(web.installation, owner, ref, web.clock()), ""
    except UnknownError:
        return None, gettext(
            "No source has carried this paper here. Paste its arXiv id, its DOI or its address."
        )

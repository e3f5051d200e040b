"""Takes in votes and saved papers of who is signed in: a POST with and without a script; shows the rule.

A script gets the part of the page that changed; without one a form leads to the paper's page.
"""

from functools import partial

from fastapi import APIRouter, HTTPException, Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse

from digest.domain import Paper
from digest.errors import DigestError, RefusedError
from digest.ids import MAX_ID
from digest.pipeline.community import saved, votes
from digest.web import forms
from digest.web.addresses import paper_path
from digest.web.cards import paper_card
from digest.web.pages.community.sessions import Member, SignedForm
from digest.web.pages.paper import read_paper
from digest.web.site import Site, Web, one

router = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)
get = partial(router.api_route, methods=["GET", "HEAD"])


@get("/about/votes")
def rule(web: Site) -> Response:
    """Show by which rule votes count."""
    return web.shared_page(
        "votes-rule.html",
        new_days=votes.NEW_FOR.days,
        new_together=votes.NEW_TOGETHER,
        per_day=votes.PER_DAY,
        per_network=votes.PER_NETWORK,
    )


@get("/votes/{ref:path}")
def ask(web: Site, ref: str, member: Member) -> Response:  # noqa: ARG001 - who isn't signed in is led there
    """Show a paper with the buttons that vote for it and save it."""
    return _page(web, _paper(web, ref))


@router.post("/votes/{ref:path}")
def vote(request: Request, web: Site, ref: str, member: Member, fields: SignedForm) -> Response:
    """Vote for a paper (`choice` vote), or take the vote back (`back`)."""
    paper = _paper(web, ref)
    hands, number = web.acting(request, member.subscriber.id, "web"), member.subscriber.id
    problem = ""
    try:
        back = one(fields, "choice") == "back"
        counted = votes.vote(hands, number, paper, web.clock(), back=back)
        web.show_votes(paper.id, counted.people)
    except RefusedError as error:
        problem = forms.sentence(error)
    if _is_script(request):
        return web.page("_vote.html", paper=paper_card(paper, web.clock()), vote_problem=problem)
    if problem:
        return _page(web, paper, problem=problem, status=429)
    return RedirectResponse(paper_path(paper.id), status_code=303)


@router.post("/saves/{ref:path}")
def save(request: Request, web: Site, ref: str, member: Member, fields: SignedForm) -> Response:
    """Save a paper (`choice` save), or let go of it (`back`)."""
    paper = _paper(web, ref)
    hands, number = web.acting(request, member.subscriber.id, "web"), member.subscriber.id
    try:
        if one(fields, "choice") == "back":
            saved.unsave(hands, number, paper, web.clock())
        else:
            saved.save(hands, number, paper, web.clock())
    except DigestError as error:
        return _page(web, paper, problem=forms.sentence(error), status=422)
    if _is_script(request):
        return web.page("_save.html", paper=paper_card(paper, web.clock()))
    return RedirectResponse(paper_path(paper.id), status_code=303)


def _paper(web: Web, ref: str) -> Paper:
    if len(ref) > MAX_ID:
        raise HTTPException(404)
    return read_paper(web, ref).paper


def _page(web: Web, paper: Paper, *, problem: str = "", status: int = 200) -> HTMLResponse:
    card = paper_card(paper, web.clock())
    return web.page("votes.html", status=status, paper=card, vote_problem=problem)


def _is_script(request: Request) -> bool:
    return request.headers.get("hx-request") == "true"

"""Shows what is one's own, when signed in: name, sessions, votes, saved papers, and the way to the rest."""

from functools import partial

from fastapi import APIRouter, Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse

from digest.errors import InputError
from digest.languages import deferred
from digest.pipeline.community import saved, sessions, votes
from digest.pipeline.community.sessions import SignedIn
from digest.pipeline.mail.links import Purpose, link
from digest.pipeline.subscriptions import preferences
from digest.render.phrases import masked
from digest.web import forms
from digest.web.cards import paper_cards
from digest.web.forms import Problems
from digest.web.pages.community.sessions import Member, SignedForm, keep
from digest.web.site import Site, Web, one

router = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)
get = partial(router.api_route, methods=["GET", "HEAD"])
DONE = {"name": deferred("Your name is saved."), "ended": deferred("That session has ended.")}


@get("/me")
def mine(request: Request, web: Site, member: Member) -> Response:
    """Show all that is a member's own."""
    return _page(web, member, done=DONE.get(request.query_params.get("done", ""), ""))


@router.post("/me")
def choose_name(request: Request, web: Site, member: Member, fields: SignedForm) -> Response:
    """Choose the name that others see."""
    name = one(fields, "display_name")
    try:
        hands = web.acting(request, member.subscriber.id, "web")
        preferences.choose_name(hands, member.subscriber.id, name, web.clock())
    except InputError as error:
        return _page(web, member, name=name, problems={"display_name": [forms.problem(error)]})
    web.forget()
    return RedirectResponse("/me?done=name", status_code=303)


@router.post("/me/sessions")
def end_sessions(request: Request, web: Site, member: Member, fields: SignedForm) -> Response:
    """End one session (`session`: its number), or all of them, this one too."""
    hands, given = web.acting(request, member.subscriber.id, "web"), one(fields, "session")
    number = int(given) if given.isascii() and given.isdecimal() and len(given) < 16 else None
    if number is None and given != "all":
        return RedirectResponse("/me", status_code=303)
    sessions.end(hands, member.subscriber.id, web.clock(), session_id=number)
    if number is None or number == member.session_id:
        answer = RedirectResponse("/", status_code=303)
        keep(request, answer, "")
        return answer
    return RedirectResponse("/me?done=ended#sessions", status_code=303)


def _page(
    web: Web, member: SignedIn, *, done: str = "", name: str | None = None, problems: Problems | None = None
) -> HTMLResponse:
    now, number = web.clock(), member.subscriber.id
    return web.page(
        "mine.html",
        status=422 if problems else 200,
        owner=member.subscriber,
        address=masked(member.subscriber.email),
        name=member.subscriber.display_name if name is None else name,
        problems=problems or {},
        preferences=link(web.installation, Purpose.PREFERENCES, number),
        own=link(web.installation, Purpose.ME, number),
        saved=paper_cards(saved.saved_papers(web.installation, number, now), now, {}),
        voted=paper_cards(votes.voted_papers(web.installation, number, now), now, {}),
        sessions=sessions.listing(web.installation, number, now),
        this_session=member.session_id,
        done=done,
        year=now.year,
    )

"""Pages for one thing each, by a link of a mail: confirming, a pause, a mute, less of something, a vote.

GET changes nothing, but for `confirm` in the browser that asked: scanners of mail open every link.
"""

from datetime import date, datetime, time, timedelta
from functools import partial
from typing import Annotated
from zoneinfo import ZoneInfo

from fastapi import APIRouter, BackgroundTasks, Depends, Request, Response
from fastapi.responses import HTMLResponse

from digest.domain import Subscriber
from digest.errors import DigestError, InputError
from digest.languages import deferred, gettext
from digest.languages.dates import long_day
from digest.pipeline.community import votes
from digest.pipeline.mail.links import Purpose, mail_links
from digest.pipeline.subscriptions import less, preferences, signup
from digest.pipeline.subscriptions.signup import Confirmation
from digest.render.phrases import masked
from digest.web import forms
from digest.web.forms import Problems
from digest.web.pages.tokens import subscriber_from_token
from digest.web.site import OurForm, Site, Web, one

router = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)
get = partial(router.api_route, methods=["GET", "HEAD"])

Pauser = Annotated[Subscriber, Depends(subscriber_from_token(Purpose.PAUSE))]
Unwilling = Annotated[Subscriber, Depends(subscriber_from_token(Purpose.LESS))]
Muter = Annotated[Subscriber, Depends(subscriber_from_token(Purpose.MUTE))]
Voter = Annotated[Subscriber, Depends(subscriber_from_token(Purpose.VOTE))]


@get("/confirm/{token}")
def confirm_page(request: Request, web: Site, token: str, after: BackgroundTasks) -> Response:
    """Confirm at once in the browser that asked; elsewhere show one button."""
    return _confirm(request, web, token, after, pressed=False)


@router.post("/confirm/{token}")
def confirm(request: Request, web: Site, token: str, _form: OurForm, after: BackgroundTasks) -> Response:
    """Confirm after a press of the button (POST)."""
    return _confirm(request, web, token, after, pressed=True)


def _confirm(request: Request, web: Web, token: str, after: BackgroundTasks, *, pressed: bool) -> Response:
    # A look without opening (HEAD) isn't the visit of a person.
    visitor = web.visitor(request) if request.method != "HEAD" else signup.Visitor("web")
    outcome = signup.confirm(web.installation, token, visitor, web.clock(), pressed=pressed)
    if outcome is Confirmation.DONE:
        after.add_task(web.notify)
    first = signup.first_digest(web.installation, token) if outcome is Confirmation.DONE else None
    status = 404 if outcome is Confirmation.OVER else 200
    return web.page("confirm.html", status=status, outcome=outcome, first=first)


@get("/pause/{token}")
def pause_page(web: Site, token: str, owner: Pauser) -> Response:
    """Show the pause form."""
    return _pause_page(web, token, owner, {})


@router.post("/pause/{token}")
def pause(request: Request, web: Site, token: str, owner: Pauser, fields: OurForm) -> Response:
    """Pause the digest until a day."""
    problems = pause_until(request, web, owner, one(fields, "until"))
    if problems:
        return _pause_page(web, token, owner, problems)
    return web.message_page(
        deferred("Your digest is paused"),
        gettext("It resumes on {day}.", day=long_day(date.fromisoformat(one(fields, "until")))),
    )


@get("/mute/{token}")
def mute_page(request: Request, web: Site, token: str, owner: Muter) -> Response:
    """Ask whether to mute this term."""
    return _mute_page(web, token, owner, request.query_params.get("term", ""), {})


@router.post("/mute/{token}")
def mute(request: Request, web: Site, token: str, owner: Muter, fields: OurForm) -> Response:
    """Leave a term out for seven days."""
    problems = mute_term(request, web, owner, one(fields, "term"))
    if problems:
        return _mute_page(web, token, owner, one(fields, "term"), problems)
    return web.message_page(
        gettext("“{term}” is muted for seven days", term=one(fields, "term")),
        deferred("Then its papers are included again."),
    )


@get("/less/{token}")
def less_page(request: Request, web: Site, token: str, owner: Unwilling) -> Response:
    """Ask what to leave out after this paper."""
    return _less_page(web, token, owner, request.query_params.get("paper", ""))


@router.post("/less/{token}")
def less_like_this(request: Request, web: Site, token: str, owner: Unwilling, fields: OurForm) -> Response:
    """Leave out what was chosen, or take one of it back."""
    hands, now, ref = web.acting(request, owner.id), web.clock(), one(fields, "paper")
    offered = {
        each.filter for each in less.choices(web.installation, owner, votes.paper(web.installation, ref))
    }
    if undone := one(fields, "undo"):
        if undone in offered:
            preferences.include(hands, owner.id, undone, now)
        return _less_page(web, token, owner, ref, done=gettext("No longer left out."))
    chosen = [value for name, value in fields if name == "filter" and value in offered]
    if not chosen:
        problems = {
            "filter": [forms.Problem(gettext("Nothing is chosen."), gettext("tick what should be left out"))]
        }
        return _less_page(web, token, owner, ref, problems=problems)
    for_good = one(fields, "time") == "good"
    for text in dict.fromkeys(chosen):
        less.leave_out(hands, owner, text, now, for_good=for_good)
    done = gettext("Left out for good.") if for_good else gettext("Left out for seven days.")
    return _less_page(web, token, owner, ref, done=done)


@get("/vote/{token}")
def vote_page(request: Request, web: Site, token: str, owner: Voter) -> Response:
    """Ask whether to vote for this paper."""
    return _vote_page(web, token, owner, request.query_params.get("paper", ""))


@router.post("/vote/{token}")
def vote(request: Request, web: Site, token: str, owner: Voter, fields: OurForm) -> Response:
    """Vote, or take a vote back."""
    paper = votes.paper(web.installation, one(fields, "paper"))
    hands = web.acting(request, owner.id)
    counted = votes.vote(hands, owner.id, paper, web.clock(), back=one(fields, "choice") == "back")
    web.show_votes(paper.id, counted.people)
    return _vote_page(web, token, owner, paper.id)


def tomorrow(web: Web, owner: Subscriber) -> str:
    local = web.clock().astimezone(ZoneInfo(owner.schedule.timezone))
    return (local.date() + timedelta(days=1)).isoformat()


def pause_until(request: Request, web: Web, owner: Subscriber, until: str) -> Problems:
    """Pause until a day begins on the subscriber's clock; what is wrong with that day, if anything."""
    try:
        day = datetime.strptime(until, "%Y-%m-%d")  # noqa: DTZ007 - a local date, given its zone below
        start = datetime.combine(day.date(), time(), tzinfo=ZoneInfo(owner.schedule.timezone))
        preferences.pause(web.acting(request, owner.id), owner.id, start, web.clock())
    except ValueError:
        return {
            "until": [
                forms.Problem(
                    gettext("“{text}” is not a day", text=until[:30]), gettext("such as 2026-12-24")
                )
            ]
        }
    except InputError as error:
        return {"until": [forms.problem(error)]}
    return {}


def _pause_page(web: Web, token: str, owner: Subscriber, problems: Problems) -> HTMLResponse:
    values = {"token": token, "address": masked(owner.email), "tomorrow": tomorrow(web, owner)}
    return web.page("pause.html", status=422 if problems else 200, problems=problems, **values)


def mute_term(request: Request, web: Web, owner: Subscriber, term: str) -> Problems:
    try:
        preferences.mute(web.acting(request, owner.id), owner.id, term, web.clock())
    except DigestError as error:
        return {"term": [forms.problem(error)]}
    return {}


def _mute_page(web: Web, token: str, owner: Subscriber, term: str, problems: Problems) -> HTMLResponse:
    values = {"token": token, "address": masked(owner.email), "term": term}
    return web.page("mute.html", status=422 if problems else 200, problems=problems, **values)


def _less_page(
    web: Web, token: str, owner: Subscriber, ref: str, *, done: str = "", problems: Problems | None = None
) -> HTMLResponse:
    paper = votes.paper(web.installation, ref)
    now = preferences.person(web.installation, owner.id) or owner
    values = {
        "token": token,
        "paper": paper,
        "choices": less.choices(web.installation, now, paper),
        "address": masked(owner.email),
        "zone": ZoneInfo(owner.schedule.timezone),
        "links": mail_links(web.installation, owner.id),
        "done": done,
        "problems": problems or {},
    }
    return web.page("less.html", status=422 if problems else 200, **values)


def _vote_page(web: Web, token: str, owner: Subscriber, ref: str) -> HTMLResponse:
    paper = votes.paper(web.installation, ref)
    voted = votes.has_voted(web.installation, owner.id, paper)
    return web.page("vote.html", token=token, paper=paper, voted=voted)

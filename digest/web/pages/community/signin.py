"""Signs people in by a mailed link, and out; the answer is the same for everybody.

GET changes nothing: scanners of mail open every link.
"""

import re
import secrets
from functools import partial

from fastapi import APIRouter, BackgroundTasks, Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse

from digest.errors import InputError
from digest.languages import deferred
from digest.pipeline.community import sessions
from digest.pipeline.subscriptions import signin
from digest.pipeline.subscriptions.signin import LINK_LASTS
from digest.pipeline.subscriptions.signup import Visitor
from digest.pipeline.subscriptions.validate import read_address
from digest.render.phrases import masked
from digest.web import forms
from digest.web.forms import Problem, Problems
from digest.web.limits import retry_after
from digest.web.pages.community.sessions import Member, SignedForm, cookie_of, keep, safe_path, viewer
from digest.web.pages.landing import keep_browser
from digest.web.site import BROWSER, OurForm, Site, Web, one

router = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)
_TOO_MANY = deferred("too many requests came from your network")
get = partial(router.api_route, methods=["GET", "HEAD"])
_MINUTES = int(LINK_LASTS.total_seconds() // 60)
_BROWSERS = (("Edg/", "Edge"), ("Firefox/", "Firefox"), ("Chrome/", "Chrome"), ("Safari/", "Safari"))
_SYSTEMS = (
    ("Android", "Android"),
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Windows", "Windows"),
    ("Mac OS X", "Mac"),
    ("Linux", "Linux"),
)


@get("/signin")
def signin_page(request: Request, web: Site) -> Response:
    """Ask for an address. Somebody who is signed in may do so again, for what only an admin can do."""
    return _page(web, next_path=safe_path(request.query_params.get("next", "")), problems={})


@router.post("/signin")
def ask(request: Request, web: Site, fields: OurForm, after: BackgroundTasks) -> Response:
    """Write the request down; the answer is the same whoever's address it is."""
    typed, next_path = one(fields, "email"), safe_path(one(fields, "next"))
    try:
        email = read_address(typed)
    except InputError as error:
        return _page(web, next_path=next_path, email=typed, problems={"email": [forms.problem(error)]})
    nonce = request.cookies.get(BROWSER, "")
    nonce = nonce if len(nonce) == 43 else secrets.token_urlsafe(32)
    if not one(fields, "website"):  # people don't see this field
        asked = web.visitor(request)
        visitor = Visitor(asked.how, asked.ip, asked.user_agent, nonce)
        wait = signin.ask(
            web.installation, email=email, next_path=next_path, visitor=visitor, now=web.clock()
        )
        if wait is not None:
            problem = Problem(_TOO_MANY, deferred("try again later"))
            answer = _page(web, next_path=next_path, email=typed, problems={"email": [problem]}, status=429)
            answer.headers.update(retry_after(wait.total_seconds()))
            return answer
        after.add_task(web.notify)
    answer = web.page("signin-sent.html", minutes=_MINUTES)
    keep_browser(web, answer, nonce)
    return answer


@router.post("/signin/out")
def sign_out(request: Request, web: Site, member: Member, _form: SignedForm) -> Response:
    """End this session."""
    hands = web.acting(request, member.subscriber.id, "web")
    sessions.end(hands, member.subscriber.id, web.clock(), session_id=member.session_id)
    answer = RedirectResponse("/", status_code=303)
    keep(request, answer, "")
    return answer


@get("/signin/{token}")
def link_page(request: Request, web: Site, token: str) -> Response:
    """Show a button that signs in; nothing is done yet."""
    found = sessions.request_of(web.installation, token, web.visitor(request).browser, web.clock())
    status = 200 if found else 404
    address = masked(found.subscriber.email) if found else ""
    return web.page("signin-link.html", status=status, request=found, address=address, token=token)


@router.post("/signin/{token}")
def sign_in(request: Request, web: Site, token: str, _form: OurForm) -> Response:
    """Sign in: the link is used up, the browser gets a new session, and a former one of it ends."""
    opened = sessions.begin(
        web.installation,
        token,
        web.clock(),
        browser_name=browser_name(request.headers.get("user-agent", "")),
        ip=web.ip(request),
        former=cookie_of(request) if viewer() else "",
    )
    if opened is None:
        return web.page("signin-link.html", status=404, request=None, address="", token=token)
    answer = RedirectResponse(safe_path(opened.next_path), status_code=303)
    keep(request, answer, opened.token)
    return answer


def browser_name(user_agent: str) -> str:
    """Name a browser as its owner knows it again, such as `Firefox on Linux`."""
    words = re.sub(r"[^ -~]", "", user_agent[:300])
    browser = next((name for mark, name in _BROWSERS if mark in words), "A browser")
    system = next((name for mark, name in _SYSTEMS if mark in words), "")
    return f"{browser} on {system}" if system else browser


def _page(web: Web, *, next_path: str, problems: Problems, email: str = "", status: int = 0) -> HTMLResponse:
    return web.page(
        "signin.html",
        status=status or (422 if problems else 200),
        next=next_path,
        email=email,
        problems=problems,
        summary=forms.first_problems(problems),
    )

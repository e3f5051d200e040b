"""Unsubscribing: one click from a mail program (RFC 8058), or a page that offers less often, a pause, undo.

The POST of a mail program needs no cookie, is never redirected or refused, and gets one answer for everybody,
known or not. GET and HEAD change nothing, whoever follows the link.
"""

from datetime import timedelta
from functools import partial

from fastapi import APIRouter, BackgroundTasks, Request, Response
from fastapi.responses import HTMLResponse, PlainTextResponse
from starlette.exceptions import HTTPException

from digest.domain import Subscriber, SubscriberStatus
from digest.errors import TokenError
from digest.languages import deferred, gettext
from digest.pipeline.mail.links import Purpose, opened
from digest.pipeline.subscriptions import preferences
from digest.render.phrases import masked
from digest.web import guards
from digest.web.pages.language import speak_to
from digest.web.site import ANOTHER_SITE, AnyForm, Site, Web, one

router = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)
get = partial(router.api_route, methods=["GET", "HEAD"])

PAUSE = timedelta(days=14)
_DONE = {
    "leave": deferred("You are unsubscribed."),
    "less": deferred("Your digest comes once a week from now on."),
    "pause": deferred("Your digest is paused for two weeks."),
    "back": deferred("Welcome back: your digest resumes."),
    "link": deferred("The link is on its way to your address."),
}


@get("/u/{token}")
def page(web: Site, token: str) -> Response:
    """Show what can be done; nothing is done yet."""
    return _page(web, token, _owner(web, token))


@router.post("/u/{token}")
def unsubscribe(request: Request, web: Site, token: str, fields: AnyForm, after: BackgroundTasks) -> Response:
    """Unsubscribe by a mail program's click, or do what a button of our page says."""
    owner = _owner(web, token)
    choice = one(fields, "choice")
    if choice not in _DONE:
        if owner:
            preferences.leave(web.acting(request, owner.id), owner.id, web.clock(), goodbye=False)
        return PlainTextResponse(f"{gettext(_DONE['leave'])}\n")
    if not guards.is_ours(request, web.installation.site.base_url):
        raise HTTPException(403, ANOTHER_SITE)
    if owner:
        _do(request, web, owner, choice)
        after.add_task(web.notify)
    return _page(web, token, _owner(web, token), done=_DONE[choice] if owner or choice == "leave" else "")


def _do(request: Request, web: Web, owner: Subscriber, choice: str) -> None:
    now, installation = web.clock(), web.acting(request, owner.id)
    if choice == "leave":
        preferences.leave(installation, owner.id, now, goodbye=True)
    elif choice == "link":
        preferences.email_preferences_link(installation, owner.id, now)
    elif choice == "less":
        preferences.less_often(installation, owner.id, now)
    elif choice == "pause":
        preferences.pause(installation, owner.id, now + PAUSE, now)
    elif owner.status is SubscriberStatus.PAUSED:
        preferences.resume(installation, owner.id, now)
    else:
        preferences.resubscribe(installation, owner.id, now)


def _owner(web: Web, token: str) -> Subscriber | None:
    try:
        number = opened(web.installation, Purpose.UNSUBSCRIBE, token)
    except TokenError:
        return None
    found = preferences.addressee(web.installation, number)
    if found:
        speak_to(found)
    return found


def _page(web: Web, token: str, owner: Subscriber | None, *, done: str = "") -> HTMLResponse:
    return web.page(
        "unsubscribe.html",
        token=token,
        owner=owner,
        address=masked(owner.email) if owner else "",
        done=done,
    )

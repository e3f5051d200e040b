"""Serves the preferences by their signed link: choices, schedule, pause, mutes, export, erasure.

GET changes nothing. The token in the path is what a visitor has to know.
"""

from functools import partial
from typing import Annotated, Any
from zoneinfo import ZoneInfo

from fastapi import APIRouter, BackgroundTasks, Depends, Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse

from digest import serializers
from digest.domain import Subscriber
from digest.errors import TokenError
from digest.languages import deferred, ngettext
from digest.pipeline.mail.links import Purpose, mail_links, opened_erase
from digest.pipeline.subscriptions import personal_data, preferences
from digest.pipeline.subscriptions.validate import known_topics
from digest.render.phrases import masked
from digest.web import forms
from digest.web.forms import Problems, Typed
from digest.web.limits import costly
from digest.web.pages.landing import choices_of_forms
from digest.web.pages.link_pages import mute_term, pause_until, tomorrow
from digest.web.pages.tokens import GoneError, subscriber_from_token
from digest.web.site import OurForm, Site, Web, one, web_of

router = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)
get = partial(router.api_route, methods=["GET", "HEAD"])

# What a page says after something was done; the address names the key, never the words.
DONE = {
    "saved": deferred("Your choices are saved."),
    "paused": deferred("Your digest is paused."),
    "resumed": deferred("Your digest resumes."),
    "muted": deferred("Muted for seven days."),
    "unmuted": deferred("No longer muted."),
    "back": deferred("Welcome back: your digest resumes."),
}


_ERASE_HOURS = int(personal_data.ERASE_WITHIN.total_seconds() // 3600)
Owner = Annotated[Subscriber, Depends(subscriber_from_token(Purpose.PREFERENCES))]
Leaver = Annotated[Subscriber, Depends(subscriber_from_token(Purpose.PREFERENCES, leaving=True))]


@get("/prefs/{token}")
def show(request: Request, web: Site, token: str, owner: Owner) -> Response:
    """Show all that can be chosen."""
    return _preferences(web, token, owner, done=DONE.get(request.query_params.get("done", ""), ""))


@router.post("/prefs/{token}")
@costly
def save(request: Request, web: Site, token: str, owner: Owner, fields: OurForm) -> Response:
    """Keep what was chosen, or show what is wrong with it."""
    given = forms.typed(fields)
    found = forms.read(known_topics(web.installation), given, base=owner.interests)
    if found.problems:
        return _preferences(web, token, owner, given=given, problems=found.problems)
    hands = web.acting(request, owner.id)
    preferences.save(hands, owner.id, found.interests, found.schedule, web.clock())
    return _done(token, "saved")


@router.post("/prefs/{token}/pause")
def pause_from_preferences(
    request: Request, web: Site, token: str, owner: Owner, fields: OurForm
) -> Response:
    """Pause the digest until a day."""
    problems = pause_until(request, web, owner, one(fields, "until"))
    return _preferences(web, token, owner, problems=problems) if problems else _done(token, "paused")


@router.post("/prefs/{token}/resume")
def resume(request: Request, web: Site, token: str, owner: Owner, _form: OurForm) -> Response:
    """End a pause."""
    preferences.resume(web.acting(request, owner.id), owner.id, web.clock())
    return _done(token, "resumed")


@router.post("/prefs/{token}/mute")
def mute_from_preferences(request: Request, web: Site, token: str, owner: Owner, fields: OurForm) -> Response:
    """Leave a term out for seven days."""
    problems = mute_term(request, web, owner, one(fields, "term"))
    return _preferences(web, token, owner, problems=problems) if problems else _done(token, "muted")


@router.post("/prefs/{token}/unmute")
def unmute(request: Request, web: Site, token: str, owner: Owner, fields: OurForm) -> Response:
    """Let a term in again."""
    preferences.unmute(web.acting(request, owner.id), owner.id, one(fields, "term"), web.clock())
    return _done(token, "unmuted")


@router.post("/prefs/{token}/back")
def resubscribe(request: Request, web: Site, token: str, owner: Owner, _form: OurForm) -> Response:
    """Subscribe again."""
    preferences.resubscribe(web.acting(request, owner.id), owner.id, web.clock())
    return _done(token, "back")


@get("/prefs/{token}/export")
def export(web: Site, owner: Owner) -> Response:
    """Serve everything that is kept about somebody, as a JSON file."""
    text = serializers.as_json(personal_data.export(web.installation, owner.id))
    name = {"Content-Disposition": 'attachment; filename="my-data.json"'}
    return Response(text, media_type="application/json", headers=name)


@get("/prefs/{token}/erase")
def erase_page(web: Site, token: str, owner: Leaver) -> Response:
    """Show what erasing means, and a button that asks for the link to it."""
    address = masked(owner.email)
    return web.page("erase.html", token=token, address=address, confirmed=False, hours=_ERASE_HOURS)


@router.post("/prefs/{token}/erase")
def ask_to_erase(web: Site, owner: Leaver, _form: OurForm, after: BackgroundTasks) -> Response:
    """Email the link; whoever was forwarded a mail holds this page's token, but not that link."""
    preferences.email_erase_link(web.installation, owner.id, web.clock())
    after.add_task(web.notify)
    return web.message_page(
        deferred("Check your inbox"),
        ngettext(
            "If email reaches your address, a link is on its way to it. Open it within {number} hour.",
            "If email reaches your address, a link is on its way to it. Open it within {number} hours.",
            _ERASE_HOURS,
        ),
        deferred("Nothing is erased yet."),
    )


@get("/erase/{token}")
def confirm_erase_page(request: Request, web: Site, token: str) -> Response:
    """Show a button; nothing is erased yet."""
    owner = _eraser(request, token)
    return web.page("erase.html", token=token, address=masked(owner.email), confirmed=True)


@router.post("/erase/{token}")
def erase(request: Request, web: Site, token: str, _form: OurForm) -> Response:
    """Erase somebody."""
    number = _eraser(request, token).id
    personal_data.erase(web.acting(request, number), number, web.clock())
    return web.message_page(
        deferred("Everything about you is erased"),
        deferred(
            "What stays is a code made from your address, from which nobody can tell the address."
            " It keeps this site from ever writing to you again."
        ),
    )


def _eraser(request: Request, token: str) -> Subscriber:
    """The subscriber whose link to erasing was followed. Raises GoneError."""
    web = web_of(request)
    try:
        number = opened_erase(web.installation, token, web.clock())
    except TokenError as error:
        raise GoneError from error
    if found := preferences.addressee(web.installation, number):
        return found
    raise GoneError


def _done(token: str, what: str) -> Response:
    return RedirectResponse(f"/prefs/{token}?done={what}", status_code=303)


def _preferences(
    web: Web,
    token: str,
    owner: Subscriber,
    *,
    given: Typed | None = None,
    problems: Problems | None = None,
    done: str = "",
) -> HTMLResponse:
    muted = preferences.muted(web.installation, owner.id)
    values: dict[str, Any] = {
        "token": token,
        "owner": owner,
        "address": masked(owner.email),
        "given": given or forms.typed_of(owner, without=list(muted)),
        "problems": problems or {},
        "summary": forms.first_problems(problems or {}),
        "muted": muted,
        "links": mail_links(web.installation, owner.id),
        "zone": ZoneInfo(owner.schedule.timezone),
        "tomorrow": tomorrow(web, owner),
        "done": done,
    }
    status = 422 if problems else 200
    return web.page("preferences.html", status=status, **values, **choices_of_forms(web))

"""Finds who is signed in by the cookie of a session, for handlers and for the frame of every page.

A page for people who are signed in asks for them in its arguments:

    Curator = Annotated[SignedIn, Depends(signed_in(Role.CURATOR))]

    @router.post("/curate/pick")
    def pick(request: Request, web: Site, curator: Curator, fields: SignedForm) -> Response:
        picks.pick(web.acting(request, curator.subscriber.id, "web"), …)

`signed_in(role)` gives a `SignedIn` (`subscriber`, `csrf`, `may(role)`). Nobody signed in: they are led to
/signin and back. Signed in without the role: 403. For an admin also: signed in within 12 hours, else they
sign in again. `SignedForm` gives the fields of a form of ours that holds
`<input type="hidden" name="csrf" value="{{ viewer.csrf }}">`; any other is refused (403). In templates
`viewer` is who is signed in, or None. Such pages answer by `web.page`, never `web.shared_page`.
"""

from collections.abc import Callable
from typing import Annotated
from urllib.parse import quote

from fastapi import Depends, Request, Response
from fastapi.responses import RedirectResponse
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Receive, Scope, Send

from digest.domain import Role
from digest.errors import UnreadableError
from digest.languages import deferred
from digest.pipeline.community import sessions
from digest.pipeline.community.sessions import SignedIn
from digest.pipeline.installation import UNAVAILABLE
from digest.web import guards
from digest.web.errors import unavailable
from digest.web.pages.language import speak_to
from digest.web.site import ANOTHER_SESSION, Fields, one, our_fields, web_of

HOST_COOKIE, PLAIN_COOKIE = "__Host-session", "session"  # the first where the site is reached by https
_ONLY = {
    Role.CURATOR: deferred("only a curator can do this"),
    Role.ADMIN: deferred("only an admin can do this"),
}


class NotSignedInError(Exception):
    """Somebody has to sign in, or to do so again, before they can do this."""


def cookie_of(request: Request) -> str:
    """Return the cookie of a session as it was sent, '' without one."""
    name = HOST_COOKIE if web_of(request).secure else PLAIN_COOKIE
    return request.cookies.get(name, "")[:100]


class Sessions:
    """ASGI middleware: finds who is signed in, and keeps it while a request is answered.

    A cookie that isn't ours is nobody's, like no cookie: its answer is the one that everybody gets.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"].startswith(guards.STATIC):
            await self._app(scope, receive, send)
            return
        request = Request(scope)
        before = guards.VIEWER.set(guards.NOBODY)
        try:
            await self._find(request, cookie_of(request))
        except UNAVAILABLE as error:
            await unavailable(request, error)(scope, receive, send)
        else:
            await self._app(scope, receive, send)
        finally:
            guards.VIEWER.reset(before)

    async def _find(self, request: Request, cookie: str) -> None:
        web = web_of(request)
        if not cookie or not sessions.may_be_ours(cookie, web.installation.keys):
            return
        try:
            found = await run_in_threadpool(sessions.find, web.installation, cookie, web.clock())
        except UnreadableError as error:
            guards.VIEWER.set(guards.Viewer(unreadable=error))
            return
        if found:
            guards.VIEWER.set(guards.Viewer(found))
            speak_to(found.subscriber)


def viewer() -> SignedIn | None:
    """Return who is signed in in this request, or None."""
    return guards.VIEWER.get().signed_in


def _nobody() -> Exception:
    return guards.VIEWER.get().unreadable or NotSignedInError()


def signed_in(role: Role = Role.READER) -> Callable[[Request], SignedIn]:
    """Make a dependency that gives who is signed in, with at least this role.

    It raises NotSignedInError, and HTTPException 403 for somebody without the role.
    """

    def known(request: Request) -> SignedIn:
        found = viewer()
        if found is None:
            raise _nobody()
        if not found.may(role):
            raise HTTPException(403, _ONLY[role])
        if role is Role.ADMIN and not found.is_fresh(web_of(request).clock()):
            raise NotSignedInError
        return found

    return known


Member = Annotated[SignedIn, Depends(signed_in())]
Curator = Annotated[SignedIn, Depends(signed_in(Role.CURATOR))]
Admin = Annotated[SignedIn, Depends(signed_in(Role.ADMIN))]


async def signed_fields(request: Request) -> Fields:
    """Return the fields of a form of this session, sent from a page of ours; any other is refused."""
    fields = await our_fields(request)
    found = viewer()
    if found is None:
        raise _nobody()
    if not guards.is_same(one(fields, "csrf"), found.csrf):
        raise HTTPException(403, ANOTHER_SESSION)
    return fields


SignedForm = Annotated[Fields, Depends(signed_fields)]


async def anybodys_fields(request: Request) -> Fields:
    """Return the fields of a form sent from a page of ours: of this session, where somebody is signed in."""
    return await (signed_fields if viewer() else our_fields)(request)


AnybodysForm = Annotated[Fields, Depends(anybodys_fields)]


def ask_to_sign_in(request: Request, _error: Exception) -> Response:
    """Send somebody to /signin, and back to the page that they wanted; after a form, to `?from=`."""
    path = (
        request.scope["path"] if request.method in {"GET", "HEAD"} else request.query_params.get("from", "")
    )
    return RedirectResponse(f"/signin?next={quote(safe_path(path))}", status_code=303)


def safe_path(path: str) -> str:
    """Return a path of this site to go to, `/me` for anything else (such as another site's)."""
    is_ours = path.startswith("/") and not path.startswith(("//", "/\\")) and path.isprintable()
    return path if is_ours and len(path) <= 300 and "\\" not in path else "/me"


def keep(request: Request, answer: Response, token: str) -> None:
    """Give a browser the cookie of its session; '' takes it away."""
    secure = web_of(request).secure
    answer.set_cookie(
        HOST_COOKIE if secure else PLAIN_COOKIE,
        token,
        max_age=int(sessions.LASTS.total_seconds()) if token else 0,
        path="/",
        secure=secure,
        httponly=True,
        samesite="lax",
    )

"""Answers errors in words: a page for people, a problem (RFC 9457) for scripts.

Nothing that a request does stops anything but itself. What nobody foresaw is answered with a number by which
its traceback is found in the log; the answer repeats nothing of the request.
"""

import contextlib
import logging
import secrets
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from digest.errors import DigestError, FilterError, RebuildingError, UnknownError, UnreadableError
from digest.languages import deferred, gettext
from digest.pipeline import failures
from digest.pipeline.installation import UNAVAILABLE
from digest.web.forms import fix_of
from digest.web.guards import LONGEST_QUERY
from digest.web.limits import retry_after
from digest.web.site import ANOTHER_SESSION, ANOTHER_SITE, web_of

API = "/api/"
MOST_SHOWN = 20  # mistakes in one body that are told
LONGEST_NAME = 100  # characters of a name in a body that are repeated
BACK_SOON = 5.0  # seconds after which somebody may try again when the database can't be used
TITLES = {
    403: deferred("You can’t do this"),
    404: deferred("There is no such page"),
    405: deferred("That can’t be done here"),
    410: deferred("This paper is no longer shown here"),
    414: deferred("This address is too long"),
    429: deferred("A moment, please"),
    503: deferred("A moment, please"),
}
NOT_OURS = deferred("That form isn’t ours")
# What to do, where nothing more is known than the title says
HINTS = {
    404: deferred("Check the address, or search for a paper above."),
    405: deferred("This address takes only a form. Open the page with the form, and send it from there."),
    414: deferred("Shorten what you search for, or what you filled into the form."),
}
DAMAGED = deferred("Your subscription can’t be read")
NOT_POSSIBLE = deferred("That doesn’t work")
_log = logging.getLogger(__name__)


def handle(app: FastAPI) -> None:
    """Let an application answer all errors in words."""
    app.add_exception_handler(DigestError, _digest_error)
    app.add_exception_handler(HTTPException, _http_error)
    app.add_exception_handler(RequestValidationError, _invalid)
    for kind in UNAVAILABLE:
        app.add_exception_handler(kind, unavailable)
    app.add_middleware(Unforeseen)


class Unforeseen:
    """ASGI middleware: an exception that nobody foresaw ends its request and nothing else; an address that is
    too long is looked at by nobody.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        if len(scope["query_string"]) > LONGEST_QUERY:
            await _http_error(Request(scope), HTTPException(414))(scope, receive, send)
            return
        begun = ended = False

        async def watched(message: Message) -> None:
            nonlocal begun, ended
            begun = True
            ended = message["type"] == "http.response.body" and not message.get("more_body", False)
            await send(message)

        try:
            await self._app(scope, receive, watched)
        except ClientDisconnect:
            return  # nobody is there to be told
        except Exception:
            number = secrets.token_hex(4)
            part = scope["path"].strip("/").partition("/")[0][:40]  # what follows may be a token
            _log.exception("request %s failed: %s /%s", number, scope["method"], part)
            if not begun:
                await _broken(scope, number)(scope, receive, send)
            elif not ended:
                raise  # the server cuts the connection, so that half a page isn't taken for a whole one


def _broken(scope: Scope, number: str) -> Response:
    """The plainest answer there is: it needs no database and no template."""
    if scope["path"].startswith(API):
        return problem(500, "something broke here", detail=f"It is in our log as {number}.")
    page = (
        '<!DOCTYPE html><html lang="en"><meta charset="utf-8"><title>Something broke</title>'
        "<h1>Something broke on our side</h1><p>It wasn’t you, and nothing else is affected. "
        f"If it happens again, tell the people who run this site the number <b>{number}</b>.</p></html>\n"
    )
    return Response(page, status_code=500, media_type="text/html")


def problem(status: int, title: str, headers: Mapping[str, str] | None = None, **more: Any) -> JSONResponse:
    """Return a problem (RFC 9457)."""
    body = {"type": "about:blank", "title": title, "status": status} | more
    return JSONResponse(body, status_code=status, headers=headers, media_type="application/problem+json")


def problem_of(error: DigestError) -> JSONResponse:
    """Return an error of what was asked for, with the place in a filter where it has one."""
    place: dict[str, Any] = (
        {"filter": error.text, "position": error.position} if isinstance(error, FilterError) else {}
    )
    return problem(422, "what was asked for can't be read", detail=error.message, fix=error.fix, **place)


def _is_api(request: Request) -> bool:
    return str(request.scope["path"]).startswith(API)  # request.url can't be made of every Host header


def _digest_error(request: Request, error: Exception) -> Response:
    if not isinstance(error, DigestError):
        raise error
    if isinstance(error, UnreadableError):
        return _unreadable(request)
    if isinstance(error, RebuildingError):
        return _rebuilding(request)
    if _is_api(request):
        return problem_of(error)
    status = 404 if isinstance(error, UnknownError) else 422
    return web_of(request).message_page(NOT_POSSIBLE, error.message, fix_of(error), status=status)


def _unreadable(request: Request) -> Response:
    """Whoever asks has a row that can't be read: they are told whom to write to, and doctor names it."""
    web = web_of(request)
    with contextlib.suppress(*UNAVAILABLE):
        failures.note_left_out(web.installation, web.clock())
    if _is_api(request):
        return problem(409, "what is kept here about the owner of this token can't be read")
    return web.message_page(
        DAMAGED,
        deferred("What is kept about you here is damaged, so this page can’t be shown."),
        gettext("Write to {address} to have it mended or erased.", address=web.installation.site.address),
        deferred("You can still unsubscribe by the link in each email."),
        status=409,
    )


def _rebuilding(request: Request) -> Response:
    """A part of the search index is set aside: those who ask again get what the other parts have."""
    return _back_soon(
        request, "search is being rebuilt", deferred("Search is being rebuilt. Try again soon.")
    )


def _http_error(request: Request, error: Exception) -> Response:
    if not isinstance(error, HTTPException):
        raise error
    if _is_api(request):
        return problem(error.status_code, str(error.detail), error.headers)
    is_of_form = error.detail in {ANOTHER_SITE, ANOTHER_SESSION}
    title = NOT_OURS if is_of_form else TITLES.get(error.status_code, NOT_POSSIBLE)
    detail = gettext(error.detail)
    is_own = detail != HTTPStatus(error.status_code).phrase  # else it says no more than the title
    line = f"{detail[0].upper()}{detail[1:]}." if is_own and detail else HINTS.get(error.status_code, "")
    answer = web_of(request).message_page(title, line, status=error.status_code)
    answer.headers.update(error.headers or {})
    return answer


def _invalid(_request: Request, error: Exception) -> Response:
    """What is wrong with a body, without repeating its values."""
    if not isinstance(error, RequestValidationError):
        raise error
    wrong = [
        {"at": "/".join(_storable(part) for part in each["loc"]), "detail": each["msg"]}
        for each in error.errors()[:MOST_SHOWN]
    ]
    return problem(422, "what was asked for can't be read", errors=wrong)


def _storable(part: object) -> str:
    """A name out of a body as it can be written: JSON may hold halves of characters (RFC 8259, 8.2)."""
    return str(part)[:LONGEST_NAME].encode("utf-8", "replace").decode()


def unavailable(request: Request, error: Exception) -> Response:
    """Answer while the database is locked, lost or overrun; what it said may name hosts and users, so only
    the log has it."""
    _log.warning("the database can't be used: %s", type(error).__name__, exc_info=error)
    return _back_soon(
        request,
        "the database can't be used at the moment",
        deferred("The database can’t be used. Try again soon."),
    )


def _back_soon(request: Request, detail: str, line: str) -> Response:
    """Answer 503 with when to ask again: in `detail` to programs, in `line` to people."""
    headers = retry_after(BACK_SOON)
    if _is_api(request):
        return problem(503, detail, headers)
    answer = web_of(request).message_page(TITLES[503], line, status=503)
    answer.headers.update(headers)
    return answer

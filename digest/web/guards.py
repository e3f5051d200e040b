"""Guards every page: headers, sizes, who is asking, and whether a form is ours.

In: requests. Out: the same requests, or a refusal. Never: a database, or how often somebody asked (`limits`).
"""

import hmac
import ipaddress
from collections.abc import Sequence
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from digest.errors import TokenError, UnreadableError
from digest.pipeline.community.sessions import SignedIn
from digest.tokens import Keys, sign, verify

LARGEST_BODY = 64 * 1024  # bytes; the largest form that makes sense has 100 filters
LONGEST_QUERY = 8 * 1024  # bytes; longer forms are sent as a form
NUL = b"%00"
FILLED_IN = timedelta(seconds=2)  # the least time that a person takes to fill in a form
STAMP_LASTS = timedelta(hours=24)
TOO_LARGE = (413, "This is more than the form can hold.")
STATIC = "/static/"
PRIVATE = frozenset(
    {"confirm", "prefs", "u", "pause", "mute", "vote", "me", "feed", "save", "erase", "signin", "less"}
)  # first part of paths with a token


@dataclass(frozen=True, slots=True)
class Viewer:
    """Who looks at a page: who is signed in, None for everybody else.

    `unreadable`: somebody is signed in whose row can't be read, so only pages for everybody are shown.
    """

    signed_in: SignedIn | None = None
    unreadable: UnreadableError | None = None


NOBODY = Viewer()
# Set for each request by `Sessions` of `web.pages.community.sessions`.
VIEWER: ContextVar[Viewer] = ContextVar("viewer", default=NOBODY)

_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; object-src 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), browsing-topics=()",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}
_PRIVATE_HEADERS = {"Cache-Control": "no-store", "X-Robots-Tag": "noindex, nofollow"}


class Guards:
    """ASGI middleware: refuses what no page can be asked, and puts headers on every answer."""

    def __init__(self, app: ASGIApp, *, secure: bool) -> None:
        """`secure`: the site is reached by https only, and browsers may remember so."""
        self._app = app
        self._headers = _HEADERS | ({"Strict-Transport-Security": "max-age=31536000"} if secure else {})

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        answer = self._with_headers(scope["path"], send)
        if refusal := _refusal(scope):
            await _refuse(answer, *refusal)
            return
        received, refused = 0, False

        async def measured() -> Message:
            nonlocal received, refused
            message = await receive()
            received += len(message.get("body", b""))
            if received > LARGEST_BODY:
                refused = True
                return {"type": "http.disconnect"}
            return message

        async def unless_refused(message: Message) -> None:
            if not refused:
                await answer(message)

        try:
            await self._app(scope, measured, unless_refused)
        except Exception:
            if not refused:
                raise
        if refused:
            await _refuse(answer, *TOO_LARGE)

    def _with_headers(self, path: str, send: Send) -> Send:
        private = is_private(path)

        async def answer(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers.update(self._headers)
                if private:
                    headers.update(_PRIVATE_HEADERS)
                elif path.startswith(STATIC):
                    headers["Cache-Control"] = "public, max-age=86400"
                else:
                    headers.setdefault("Cache-Control", "no-store")
            await send(message)

        return answer


def is_private(path: str) -> bool:
    """Return whether a path holds a token: its page is nobody else's business."""
    return path.removeprefix("/").partition("/")[0] in PRIVATE


def _length(scope: Scope) -> int:
    given = Headers(scope=scope).get("content-length", "0")
    return int(given) if given.isdecimal() else LARGEST_BODY + 1


def _refusal(scope: Scope) -> tuple[int, str] | None:
    """What is wrong with a request before anybody looks at it: a status and words, or None."""
    if not scope["path"].startswith("/"):
        return 400, "A request names a path that begins with a slash."  # OPTIONS *, CONNECT, GET foo
    if "\0" in scope["path"]:
        return 404, "There is no such page."
    if NUL in scope["query_string"]:
        return 400, "This address holds a character that no text has."
    return TOO_LARGE if _length(scope) > LARGEST_BODY else None


async def _refuse(send: Send, status: int, words: str) -> None:
    body = f"{words}\n".encode()
    headers = [(b"content-type", b"text/plain; charset=utf-8"), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


def client_ip(request: Request, proxies: Sequence[str]) -> str:
    """Return the address of who asks: the last one in X-Forwarded-For that no trusted proxy has, else the
    peer's.

    Without trusted proxies the header is somebody's claim and isn't read.
    """
    trusted = [ipaddress.ip_network(proxy) for proxy in proxies]
    address = request.client.host if request.client else ""
    hops = [hop.strip() for value in request.headers.getlist("x-forwarded-for") for hop in value.split(",")]
    while hops and _is_within(address, trusted):
        address = hops.pop()
    return address if _is_address(address) else ""


def _is_within(address: str, networks: Sequence[ipaddress.IPv4Network | ipaddress.IPv6Network]) -> bool:
    return _is_address(address) and any(ipaddress.ip_address(address) in network for network in networks)


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True


def is_ours(request: Request, base_url: str) -> bool:
    """Return whether a form was sent from a page of ours, as far as the browser tells.

    Sec-Fetch-Site says it wherever a connection is secure. Browsers that don't send it name an Origin; it is
    `null` from our own pages too, as they send no referrer, so then the secrets in the form must do.
    """
    site = request.headers.get("sec-fetch-site")
    if site is not None:
        return site in {"same-origin", "none"}
    origin = request.headers.get("origin", "null")
    if origin == "null":
        return True
    try:
        return urlsplit(origin).netloc in {urlsplit(base_url).netloc, request.headers.get("host")}
    except ValueError:  # `http://[` and its like
        return False


def is_same(given: str, wanted: str) -> bool:
    """Compare a secret that was sent with the one that it should be, in a time that tells nothing."""
    return hmac.compare_digest(given.encode(), wanted.encode())


def stamp(keys: Keys, now: datetime) -> str:
    """Return what a form carries to show when it was given out."""
    return sign("form", int(now.timestamp()), keys)


def age(keys: Keys, stamped: str, now: datetime) -> timedelta | None:
    """Return how long ago a form was given out; None where its stamp is forged or from another day."""
    try:
        given = verify("form", stamped, keys)
    except TokenError:
        return None
    passed = timedelta(seconds=now.timestamp() - given)
    return passed if timedelta(0) <= passed <= STAMP_LASTS else None

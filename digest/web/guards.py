"""What stands before every page: headers, sizes, who is asking, how often, and whether a form is ours.

In: requests. Out: the same requests, or a refusal. Never: a database; counts that must outlive a restart or
hold over several processes are the pipeline's (`caps`).
"""

import ipaddress
import threading
import time
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from digest.errors import TokenError
from digest.tokens import Keys, sign, verify

LARGEST_BODY = 64 * 1024  # bytes; the largest form that makes sense has 100 filters
FILLED_IN = timedelta(seconds=2)  # the least time that a person takes to fill in a form
STAMP_LASTS = timedelta(hours=24)
STATIC = "/static/"
PRIVATE = frozenset({"confirm", "prefs", "u", "pause", "mute", "vote"})  # first part of paths with a token

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
    """ASGI middleware: refuses bodies that are too large and puts headers on every answer."""

    def __init__(self, app: ASGIApp, *, secure: bool) -> None:
        """`secure`: the site is reached by https only, and browsers may remember so."""
        self._app = app
        self._headers = _HEADERS | ({"Strict-Transport-Security": "max-age=31536000"} if secure else {})

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        answer = self._with_headers(scope["path"], send)
        if _length(scope) > LARGEST_BODY:
            await _refuse(answer)
            return
        taken, refused = 0, False

        async def measured() -> Message:
            nonlocal taken, refused
            message = await receive()
            taken += len(message.get("body", b""))
            if taken > LARGEST_BODY:
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
            await _refuse(answer)

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
    """Whether a path holds a token: its page is nobody else's business."""
    return path.removeprefix("/").partition("/")[0] in PRIVATE


def has_session(headers: Headers) -> bool:
    """Whether somebody is signed in: what they are shown may differ from what others are."""
    return "session=" in headers.get("cookie", "")


def _length(scope: Scope) -> int:
    given = Headers(scope=scope).get("content-length", "0")
    return int(given) if given.isdecimal() else LARGEST_BODY + 1


async def _refuse(send: Send) -> None:
    body = b"This is more than the form can hold.\n"
    headers = [(b"content-type", b"text/plain"), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": 413, "headers": headers})
    await send({"type": "http.response.body", "body": body})


def client_ip(request: Request, proxies: Sequence[str]) -> str:
    """The address of who asks: the last one in X-Forwarded-For that no trusted proxy has, else the peer's.

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
    """Whether a form was sent from a page of ours, as far as the browser tells.

    Sec-Fetch-Site says it wherever a connection is secure. Browsers that don't send it name an Origin; it is
    `null` from our own pages too, as they send no referrer, so then the secrets in the form must do.
    """
    site = request.headers.get("sec-fetch-site")
    if site is not None:
        return site in {"same-origin", "none"}
    origin = request.headers.get("origin", "null")
    return origin == "null" or urlsplit(origin).netloc in {
        urlsplit(base_url).netloc,
        request.headers.get("host"),
    }


def stamp(keys: Keys, now: datetime) -> str:
    """What a form carries to show when it was given out."""
    return sign("form", int(now.timestamp()), keys)


def age(keys: Keys, stamped: str, now: datetime) -> timedelta | None:
    """How long ago a form was given out; None where its stamp is forged or from another day."""
    try:
        given = verify("form", stamped, keys)
    except TokenError:
        return None
    passed = timedelta(seconds=now.timestamp() - given)
    return passed if timedelta(0) <= passed <= STAMP_LASTS else None


class Rate:
    """At most `most` requests within `seconds` from one address, in this process."""

    def __init__(self, most: int, seconds: float) -> None:
        self._most = most
        self._seconds = seconds
        self._lock = threading.Lock()
        self._began = time.monotonic()
        self._seen: dict[str, int] = {}

    def wait(self, address: str) -> int:
        """0, or the seconds to wait."""
        with self._lock:
            moment = time.monotonic()
            if moment - self._began >= self._seconds:
                self._began, self._seen = moment, {}
            seen = self._seen[address] = self._seen.get(address, 0) + 1
            return 0 if seen <= self._most else int(self._seconds - (moment - self._began)) + 1


def retry_after(wait: float) -> Mapping[str, str]:
    """The header that says when to come again (RFC 9110, 10.2.3)."""
    return {"Retry-After": str(max(1, int(wait)))}

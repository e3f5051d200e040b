"""`Fetcher`: a URL comes in, a `Response` goes out, or a `FetchError` that says in words what went wrong.

Never: a header or a limit that is decided elsewhere; a retry (when to ask again is the caller's to decide,
with `FetchError.retry_after`); a query of a URL in an error's text, because queries carry keys.
"""

import math
import ssl
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from http import HTTPStatus
from types import TracebackType
from typing import Protocol, Self

import httpcore2
import httpx2

from digest.errors import FetchError
from digest.fetch.addresses import AddressRefused, GuardedBackend, Resolve, bare_host, system_addresses
from digest.fetch.body import ACCEPT_ENCODING, BodyError, read_body
from digest.fetch.host_lock import TURNS, Turn
from digest.fetch.urls import checked, redirected, shown
from digest.fetch.waits import asked_to_wait

_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_NOT_NOW = frozenset({HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE})
_ALLOW = "a host of yours? Allow it by name (DIGEST_FETCH_ALLOW_HOSTS)"
_FIXES = {
    401: "the source wants a login, which isn't supported: use its public feed",
    403: "the source refuses this client: ask its operator",
    404: "check the URL of the source",
    410: "the source is gone: remove it or give its new URL",
}


@dataclass(frozen=True, slots=True)
class Limits:
    """What one request may cost at most: bytes after decompression, redirects, and seconds."""

    max_bytes: int = 16 * 2**20
    redirects: int = 5
    connect: float = 10.0  # until one address has accepted
    read: float = 30.0  # between two pieces of the answer
    total: float = 120.0  # all redirects together, without waiting for a turn


LIMITS = Limits()


@dataclass(frozen=True, slots=True)
class Response:
    """An answer: 2xx with its body, or 304 (`not_modified`, no body), or 400 with a body that explains it.

    `wait`: seconds until the site wants to be asked again, where it names any; `url`: where the answer came
    from, after redirects.
    """

    status: int
    body: bytes = b""
    etag: str | None = None
    last_modified: str | None = None
    not_modified: bool = False
    wait: float | None = None
    url: str = ""


class Get(Protocol):
    """What asks: `Fetcher.get`, or what stands for it."""

    def __call__(
        self,
        url: str,
        *,
        etag: str | None,
        last_modified: str | None,
        headers: Iterable[tuple[str, str]] = (),
    ) -> Response: ...


@dataclass(frozen=True, slots=True)
class _Answer:
    status: int
    headers: Mapping[str, str]
    body: bytes


class Fetcher:
    """One HTTP client, for one connection at a time; threads that share it wait for one another.

    `allow_hosts` may resolve to private addresses. `turn`, `resolve`, `tls` and `now` stand for the limiter,
    the resolver, the trusted certificates and the clock. All requests together, with their turns, end after
    so many `seconds`; when `stopping`, the one under way ends within a second, as a NotAskedError.
    """

    def __init__(
        self,
        user_agent: str,
        allow_hosts: frozenset[str] = frozenset(),
        *,
        limits: Limits = LIMITS,
        turn: Turn = TURNS,
        resolve: Resolve = system_addresses,
        tls: ssl.SSLContext | None = None,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        stopping: Callable[[], bool] = lambda: False,
        seconds: float = math.inf,
    ) -> None:
        self._user_agent = user_agent
        self._limits = limits
        self._turn = turn
        self._now = now
        self._backend = GuardedBackend(allow_hosts, resolve, stopping)
        self._seconds = seconds
        self._ends_at = time.monotonic() + seconds
        # The pool itself reads no proxy variables: those are a habit of httpx2's Client, which isn't used.
        self._pool = httpcore2.ConnectionPool(
            ssl_context=tls or _trusted(),
            max_connections=1,
            # A turn ends with its connection: one that was kept open would be a second one to its site as
            # soon as another process has the turn.
            max_keepalive_connections=0,
            network_backend=self._backend,
        )
        self._one_at_a_time = threading.Lock()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._pool.close()

    def get(
        self,
        url: str,
        *,
        etag: str | None = None,
        last_modified: str | None = None,
        headers: Iterable[tuple[str, str]] = (),
    ) -> Response:
        """Ask for `url` (http or https), follow redirects, give the answer.

        `etag` and `last_modified` of the last answer make the request conditional (RFC 9110, 13.1); `headers`
        go to the first host only. Raises FetchError for every other outcome than those of `Response`.
        """
        conditions = {"If-None-Match": etag, "If-Modified-Since": last_modified}
        asked = [(name, value) for name, value in conditions.items() if value]
        with self._one_at_a_time:
            where, answer = self._follow(checked(url), asked, tuple(headers))
        found = answer.headers.get("etag"), answer.headers.get("last-modified")
        if answer.status == HTTPStatus.NOT_MODIFIED and asked:
            wait = asked_to_wait(answer.headers, self._now())
            return Response(
                304, b"", found[0] or etag, found[1] or last_modified, not_modified=True, wait=wait
            )
        return self._response(where, answer)

    def post(self, url: str, body: bytes, *, headers: Iterable[tuple[str, str]] = ()) -> Response:
        """Send `body` to `url`, and give the answer; a redirect isn't followed. Raises what `get` raises."""
        with self._one_at_a_time:
            where, answer = self._follow(checked(url), [], tuple(headers), body)
        return self._response(where, answer)

    def _response(self, where: str, answer: _Answer) -> Response:
        if 200 <= answer.status < 300 or (answer.status == HTTPStatus.BAD_REQUEST and answer.body):
            found = answer.headers.get("etag"), answer.headers.get("last-modified")
            wait = asked_to_wait(answer.headers, self._now())
            return Response(answer.status, answer.body, *found, wait=wait, url=str(where))
        raise self._refusal(where, answer)

    def _follow(
        self,
        first: httpx2.URL,
        asked: list[tuple[str, str]],
        own: tuple[tuple[str, str], ...],
        sent: bytes | None = None,
    ) -> tuple[str, _Answer]:
        """The answer at the end of a chain of redirects, and how an error names where it came from.

        With something to be `sent` the first answer is the end: only a request without it may be repeated
        elsewhere.
        """
        target, where = first, shown(str(first))
        left = self._limits.total
        for _ in range(self._limits.redirects + 1):
            same_site = (target.scheme, target.netloc) == (first.scheme, first.netloc)
            headers = self._headers(target, [*asked, *(own if same_site else ())])
            with self._turn(bare_host(target.host)):
                started = time.monotonic()
                if started >= self._ends_at:
                    raise FetchError(
                        f"{where}: {self._seconds:g} s for all of this source's requests are over"
                    )
                answer = self._ask(target, headers, sent, min(started + left, self._ends_at), where)
                if answer.status in _NOT_NOW:
                    raise self._refusal(where, answer)  # inside the turn, whose keeper lets the site rest
            left -= time.monotonic() - started
            if sent is not None or answer.status not in _REDIRECTS:
                return where, answer
            target = redirected(target, answer.headers.get("location", ""))
            where = f"{shown(str(first))} (redirected to {shown(str(target))})"
        raise FetchError(f"{shown(str(first))}: more than {self._limits.redirects} redirects")

    def _ask(
        self,
        url: httpx2.URL,
        headers: list[tuple[bytes, bytes]],
        sent: bytes | None,
        deadline: float,
        where: str,
    ) -> _Answer:
        """One request, one answer; only bodies that somebody will read are read."""
        self._backend.deadline = deadline
        limits = self._limits
        timeouts = {"connect": limits.connect, "read": limits.read, "write": limits.read}
        wire_url = httpcore2.URL(scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path)
        method = "GET" if sent is None else "POST"
        length = [] if sent is None else [(b"Content-Length", b"%d" % len(sent))]
        try:
            with self._pool.stream(
                method, wire_url, headers=[*headers, *length], content=sent, extensions={"timeout": timeouts}
            ) as answer:
                found = {
                    name.lower().decode("latin-1"): text.decode("latin-1") for name, text in answer.headers
                }
                body = b""
                if 200 <= answer.status < 300 or answer.status == HTTPStatus.BAD_REQUEST:
                    encoding = found.get("content-encoding", "")
                    body = read_body(answer.iter_stream(), encoding, limits.max_bytes)
                return _Answer(answer.status, found, body)
        except _FAILURES as error:
            late = time.monotonic() >= deadline
            fix = _ALLOW if isinstance(error, AddressRefused) else ""
            raise FetchError(f"{where}: {url.host} {_reason(error, limits, late=late)}", fix=fix) from error

    def _headers(self, url: httpx2.URL, extra: list[tuple[str, str]]) -> list[tuple[bytes, bytes]]:
        named = [
            ("User-Agent", self._user_agent),
            ("Accept", "*/*"),
            ("Accept-Encoding", ACCEPT_ENCODING),
            *extra,
        ]
        wire = [(name.encode("ascii"), value.encode("latin-1", "replace")) for name, value in named]
        return [(b"Host", url.netloc), *wire]  # httpcore2's own Host has no brackets around an IPv6 address

    def _refusal(self, where: str, answer: _Answer) -> FetchError:
        """An answer that isn't what was asked for, in words."""
        return FetchError(
            f"{where}: the answer is HTTP {answer.status} {_phrase(answer.status)}".rstrip(),
            fix=_FIXES.get(answer.status, ""),
            status=answer.status,
            retry_after=asked_to_wait(answer.headers, self._now()),
        )


# What broke before there was an answer, as words that follow the host's name; the first kind that fits.
_REASONS: tuple[tuple[type[Exception], str], ...] = (
    (AddressRefused, "may not be asked: {error}"),
    (httpcore2.ConnectTimeout, "accepted no connection within {limits.connect:g} s"),
    (httpcore2.TimeoutException, "sent nothing for {limits.read:g} s"),
    (httpcore2.ConnectError, "can't be reached: {error}"),
    (httpcore2.ProtocolError, "doesn't answer as HTTP should: {error}"),
    (httpcore2.NetworkError, "broke the connection: {error}"),
    (BodyError, "sent an answer that can't be used: {error}"),
)
_FAILURES = tuple(kind for kind, _ in _REASONS)


def _reason(error: Exception, limits: Limits, *, late: bool) -> str:
    if late and isinstance(error, httpcore2.TimeoutException):
        return f"took longer than {limits.total:g} s for the whole answer"
    words = next(words for kind, words in _REASONS if isinstance(error, kind))
    return words.format(error=error, limits=limits)


@cache
def _trusted() -> ssl.SSLContext:
    """The certificates that are trusted; reading them takes longer than many a request."""
    return httpcore2.default_ssl_context()


def _phrase(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return ""

"""Keeps answers that are the same for everybody: compressed, and known by an ETag.

In: what handlers answer. An answer that is marked `Cache-Control: public` is given to everybody who asks for
the same address in the same language within `FRESH`; when it is older, it is given once more while the next
one is made beside the request (RFC 5861, 3), so that nobody waits for a page that is asked for often; not so
what is kept `BRIEFLY`, such as a search: anybody can ask for new ones without end, and they must be right.
Many who ask for a page that isn't there wait for one of them. A body may hold `HOLE`, where each answer gets
a stamp of its own time. Never: an answer to somebody who is signed in, to a form, or of a path with a token;
those aren't compressed either, as they hold secrets beside what was typed (BREACH).
"""

import asyncio
import hashlib
import logging
import time
import zlib
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import partial

from anyio import to_thread
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from digest.languages import current
from digest.pipeline.installation import UNAVAILABLE
from digest.web import guards

SHARED = "public, no-cache"  # everybody may keep it, and asks whether it is still the same
BRIEF = timedelta(seconds=10)
BRIEFLY = f"{SHARED}, max-age={BRIEF.seconds}"  # the same, but nobody is shown one that is older
FRESH = timedelta(seconds=60)
STALE = timedelta(minutes=6)  # that an answer may be shown for while the next one is made
MOST_BYTES = 24 * 2**20
MOST_BRIEF = 200  # answers that are kept briefly: anybody can ask for new ones without end
_BESIDE_BODY = 1500  # bytes of an answer's headers, address and tag
LOOK_EVERY = 1.0  # seconds
LEAST_COMPRESSED = 500  # bytes
ANEW = "digest.anew"  # of a scope that the process made itself: answer from memory only what is fresh
HOLE = "~the-stamp-of-this-form-here~"
_TEXTS = ("text/", "application/json", "application/jsonl", "application/feed+json", "application/rss+xml",
          "application/atom+xml", "application/xml", "application/ld+json", "image/svg+xml",
          "application/opensearch")  # fmt: skip
_LEVEL, _QUICK_LEVEL = 6, 1  # of compression; of what is given out rarely more than once
_log = logging.getLogger(__name__)


@dataclass(slots=True)
class Kept:
    """An answer: its headers, and its body in two parts around the hole.

    `packed`: both parts compressed, None where that is no use. Of the first, which is most of a page, the
    plain bytes aren't kept then: nearly every browser reads gzip.
    """

    made: datetime
    headers: list[tuple[bytes, bytes]]
    before: bytes
    after: bytes
    packed: tuple[bytes, bytes] | None
    before_check: int  # CRC-32 of the first part, and
    before_size: int
    has_hole: bool
    etag: str
    lasts: timedelta
    renewing: bool = field(default=False)

    @property
    def size(self) -> int:
        """Bytes of memory."""
        return _BESIDE_BODY + len(self.before) + len(self.after) + sum(map(len, self.packed or ()))

    @property
    def first(self) -> bytes:
        """The first part, plain."""
        if self.packed is None or self.before:
            return self.before
        return zlib.decompressobj(wbits=-15).decompress(self.packed[0])


@dataclass(frozen=True, slots=True)
class _Asked:
    """What of a request decides which bytes answer it."""

    method: str
    key: str
    at: datetime
    packs: bool  # whether the asker reads gzip
    known_tags: frozenset[str]

    @classmethod
    def of(cls, scope: Scope, headers: Headers, at: datetime) -> "_Asked":
        tags = headers.get("if-none-match", "")[:1000].split(",")
        return cls(
            method=scope["method"],
            key=f"{current()} {scope['path']}?{scope['query_string'].decode('latin-1')}",
            at=at,
            packs="gzip" in headers.get("accept-encoding", ""),
            known_tags=frozenset(tag.strip().removeprefix("W/") for tag in tags),
        )


class PageCache:
    """ASGI middleware: see above. Everything in it runs on the one event loop of its process."""

    def __init__(
        self,
        app: ASGIApp,
        *,
        clock: Callable[[], datetime],
        stamp: Callable[[], str],
        forgetful: list[Callable[[], None]],
        look: Callable[[], None] = lambda: None,
    ) -> None:
        """`stamp`: what goes into a hole, made for each answer; `forgetful`: where `forget` is put.

        `look`: called in a thread, at most once a second, before a request is answered from memory; it calls
        what is in `forgetful` where another process changed what everybody sees.
        """
        forgetful.append(self._forget_soon)
        self._app = app
        self._clock = clock
        self._stamp = stamp
        self._kept: OrderedDict[str, Kept] = OrderedDict()
        self._size = 0
        self._brief: OrderedDict[str, datetime] = OrderedDict()  # address → when its answer was made
        self._under_way: dict[str, asyncio.Event] = {}  # addresses whose first answer is being made
        self._renewing: set[asyncio.Task[None]] = set()
        self._is_forgotten = False
        self._forgotten = 0  # times
        self._look = look
        self._looked = -LOOK_EVERY

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or guards.is_private(scope["path"]):
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        asked = _Asked.of(scope, headers, self._clock())
        if asked.method not in {"GET", "HEAD"} or guards.VIEWER.get().signed_in:
            await self._app(scope, receive, partial(_packing, _Pending(asked.packs), send))
            return
        await self._look_around()
        if self._is_forgotten:
            self._is_forgotten = False
            self._kept.clear()
            self._brief.clear()
            self._size = 0
        if under_way := self._under_way.get(asked.key):
            await under_way.wait()
        kept = self._kept.get(asked.key)
        most = FRESH if ANEW in scope else STALE
        if kept and timedelta(0) <= asked.at - kept.made < min(most, kept.lasts):
            self._kept.move_to_end(asked.key)
            if asked.at - kept.made >= FRESH and not kept.renewing:
                self._renew_beside(kept, asked, scope)
            await self._give(kept, asked, send)
            return
        if under_way:  # what came of it is nobody else's
            await self._ask(asked, partial(self._app, scope, receive), send)
            return
        made = self._under_way[asked.key] = asyncio.Event()
        try:
            await self._ask(asked, partial(self._app, scope, receive), send)
        finally:
            made.set()
            del self._under_way[asked.key]

    def _renew_beside(self, kept: Kept, asked: _Asked, scope: Scope) -> None:
        """Make an answer anew in a task of its own."""
        kept.renewing = True
        task = asyncio.get_running_loop().create_task(self._renew(kept, replace(asked, method="GET"), scope))
        self._renewing.add(task)
        task.add_done_callback(self._renewing.discard)

    async def _renew(self, kept: Kept, asked: _Asked, scope: Scope) -> None:
        """Ask the application once more. An answer that fails, or is no longer everybody's, is forgotten."""
        try:
            await self._ask(asked, partial(self._app, {**scope, "method": "GET"}, no_body()), _to_nobody)
        except Exception:
            _log.exception("a page could not be made anew; who asks next waits for it")
        if self._kept.get(asked.key) is kept:
            self._drop(asked.key)

    def _forget_soon(self) -> None:
        """Make every answer anew from the next request on; called from any thread."""
        self._forgotten += 1
        self._is_forgotten = True

    async def _look_around(self) -> None:
        """See whether another process changed something; where the database is away, nobody can tell."""
        if time.monotonic() - self._looked < LOOK_EVERY:
            return
        self._looked = time.monotonic()
        try:
            await to_thread.run_sync(self._look)
        except UNAVAILABLE as error:
            _log.warning("can't see what curators changed: %s", type(error).__name__)

    async def _ask(self, asked: _Asked, app: Callable[[Send], Awaitable[None]], send: Send) -> None:
        """Let the application answer, and keep what it marks as everybody's."""
        pending = _Pending(asked.packs)
        forgotten = self._forgotten

        async def keeping(message: Message) -> None:
            start = pending.start
            if start is None or message.get("more_body") or asked.method != "GET" or not _is_public(start):
                await _packing(pending, send, message)
                return
            kept = _keep(start, message.get("body", b""), asked.at)
            if forgotten == self._forgotten:  # else it may show what was changed meanwhile
                self._put(asked.key, kept)
            await self._give(kept, asked, send)

        await app(keeping)

    def _put(self, key: str, kept: Kept) -> None:
        old = self._kept.pop(key, None)
        self._size += kept.size - (old.size if old else 0)
        self._kept[key] = kept
        if kept.lasts == BRIEF:
            self._brief[key] = kept.made
            self._brief.move_to_end(key)
            while len(self._brief) > MOST_BRIEF or kept.made - next(iter(self._brief.values())) >= BRIEF:
                self._drop(next(iter(self._brief)))
        while self._size > MOST_BYTES:
            self._drop(next(iter(self._kept)))

    def _drop(self, key: str) -> None:
        self._size -= self._kept.pop(key).size
        self._brief.pop(key, None)

    async def _give(self, kept: Kept, asked: _Asked, send: Send) -> None:
        if kept.etag in asked.known_tags:
            unchanged = [pair for pair in kept.headers if pair[0] in {b"cache-control", b"etag", b"vary"}]
            await send({"type": "http.response.start", "status": 304, "headers": unchanged})
            await send({"type": "http.response.body", "body": b""})
            return
        stamp = self._stamp().encode() if kept.has_hole else b""
        packed = asked.packs and kept.packed is not None
        body = _whole(kept, stamp, packed=packed)
        answer = [*kept.headers, (b"content-length", str(len(body)).encode())]
        if packed:
            answer.append((b"content-encoding", b"gzip"))
        await send({"type": "http.response.start", "status": 200, "headers": answer})
        await send({"type": "http.response.body", "body": b"" if asked.method == "HEAD" else body})


@dataclass(slots=True)
class _Pending:
    """An answer whose head waits for the first part of its body."""

    packs: bool
    start: Message | None = None


async def _packing(pending: _Pending, send: Send, message: Message) -> None:
    """Hand an answer on, compressed where it is one text of some size and the asker reads that."""
    if message["type"] == "http.response.start":
        pending.start = message
        return
    start, pending.start = pending.start, None
    if start is not None:
        body = message.get("body", b"")
        headers = MutableHeaders(scope=start)
        if (
            pending.packs
            and not message.get("more_body")
            and len(body) >= LEAST_COMPRESSED
            and _is_text(headers)
            and "content-encoding" not in headers
        ):
            packed = zlib.compress(body, _LEVEL, wbits=31)
            headers["Content-Encoding"] = "gzip"
            headers["Content-Length"] = str(len(packed))
            headers.add_vary_header("Accept-Encoding")
            message = {**message, "body": packed}
        await send(start)
    await send(message)


def no_body() -> Receive:
    """Return what a request without a body says: so, once; then nothing, as from somebody who waits.

    A file's answer listens until its asker hangs up: told again and again that there is no body, it would do
    so for ever and leave the event loop to nobody.
    """
    is_read = False

    async def receive() -> Message:
        nonlocal is_read
        if is_read:
            await asyncio.Event().wait()
        is_read = True
        return {"type": "http.request", "body": b"", "more_body": False}

    return receive


async def _to_nobody(_message: Message) -> None:
    pass


def _is_public(start: Message) -> bool:
    headers = Headers(raw=start["headers"])
    return (
        start["status"] == 200
        and headers.get("cache-control", "").startswith("public")
        and "set-cookie" not in headers
        and "content-encoding" not in headers
    )


def _is_text(headers: Headers) -> bool:
    return headers.get("content-type", "").startswith(_TEXTS)


def _keep(start: Message, body: bytes, now: datetime) -> Kept:
    headers = MutableHeaders(raw=[pair for pair in start["headers"] if pair[0] != b"content-length"])
    before, hole, after = body.partition(HOLE.encode())
    # A browser that has the page keeps its stamp with it: the tag changes before a stamp runs out.
    period = str(now.timestamp() // (guards.STAMP_LASTS.total_seconds() / 2)) if hole else ""
    lasts = BRIEF if headers["Cache-Control"] == BRIEFLY else STALE
    etag = f'"{hashlib.blake2b(body + period.encode(), digest_size=12).hexdigest()}"'
    headers["ETag"] = etag
    packed = None
    if _is_text(headers) and len(body) >= LEAST_COMPRESSED:
        headers.add_vary_header("Accept-Encoding")
        packed = _deflated(before, after, _QUICK_LEVEL if lasts == BRIEF else _LEVEL)
    plain = b"" if packed else before
    check, size = zlib.crc32(before), len(before)
    return Kept(now, list(headers.raw), plain, after, packed, check, size, bool(hole), etag, lasts)


_GZIP_HEAD = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\xff"


def _deflated(before: bytes, after: bytes, level: int) -> tuple[bytes, bytes]:
    """Both parts as raw DEFLATE (RFC 1951), the first ending on a byte so that a block can follow."""
    first = zlib.compressobj(level, wbits=-15)
    last = zlib.compressobj(level, wbits=-15)
    return (
        first.compress(before) + first.flush(zlib.Z_FULL_FLUSH),
        last.compress(after) + last.flush(zlib.Z_FINISH),
    )


def _whole(kept: Kept, stamp: bytes, *, packed: bool) -> bytes:
    """The body with a stamp in its hole. Compressed, the stamp is a stored block between the two parts."""
    if not packed or kept.packed is None:
        return kept.first + stamp + kept.after
    check = zlib.crc32(kept.after, zlib.crc32(stamp, kept.before_check))
    length = len(stamp)
    stored = b"\x00" + length.to_bytes(2, "little") + (length ^ 0xFFFF).to_bytes(2, "little") + stamp
    size = (kept.before_size + length + len(kept.after)) & 0xFFFFFFFF
    first, last = kept.packed
    tail = check.to_bytes(4, "little") + size.to_bytes(4, "little")
    return _GZIP_HEAD + first + stored + last + tail

"""Pages that are the same for everybody: kept, compressed, known again, and never somebody's own."""

import asyncio
import gzip
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.types import Message, Receive, Scope, Send

from digest.domain import Interests, Schedule, Subscriber, SubscriberStatus
from digest.pipeline.community.sessions import SignedIn
from digest.web import guards
from digest.web.page_cache import BRIEF, BRIEFLY, HOLE, SHARED, PageCache
from tests.builders import NOW
from tests.web_pages import furnish
from tests.web_server import Clock, WebServer, stamp_in


@pytest.fixture
def database_kind() -> str:
    """Pages know no database."""
    return "sqlite"


@pytest.fixture
def web(web: WebServer) -> WebServer:
    furnish(web)
    return web


class Handler:
    """Answers with a body, and counts how often it was asked."""

    def __init__(self, body: bytes, shared: bool = True, slow: bool = False, control: str = SHARED) -> None:
        self.body, self.shared, self.slow, self.control, self.asked = body, shared, slow, control, 0

    async def __call__(self, _scope: Scope, _receive: Receive, send: Send) -> None:
        self.asked += 1
        if self.slow:
            await asyncio.sleep(0.01)
        headers = [(b"content-type", b"text/html"), (b"content-length", str(len(self.body)).encode())]
        if self.shared:
            headers.append((b"cache-control", self.control.encode()))
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": self.body})


def cached(handler: Handler, clock: Clock, stamp: str = "") -> PageCache:
    return PageCache(handler, clock=clock, stamp=lambda: stamp, forgetful=[])


def ask(cache: PageCache, **headers: str) -> tuple[int, dict[str, str], bytes]:
    """One request on a loop of its own: status, headers, body as it is sent."""
    return asyncio.run(answer(cache, **headers))


async def answer(
    cache: PageCache, path: str = "/papers", **headers: str
) -> tuple[int, dict[str, str], bytes]:
    """One request: status, headers, body as it is sent."""
    sent: list[Message] = []

    async def receive() -> Message:
        return {"type": "http.request"}

    async def send(message: Message) -> None:
        sent.append(message)

    raw = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
    scope: dict[str, Any] = {
        "type": "http", "method": "GET", "path": path, "query_string": b"", "headers": raw,
    }  # fmt: skip
    await cache(scope, receive, send)
    start, *bodies = sent
    named = {name.decode().lower(): value.decode() for name, value in start["headers"]}
    return start["status"], named, b"".join(message["body"] for message in bodies)


@given(st.binary(max_size=5000), st.binary(max_size=5000), st.binary(min_size=28, max_size=28))
def test_a_page_has_its_stamp_in_place_plain_and_compressed(
    before: bytes, after: bytes, stamp: bytes
) -> None:
    text = stamp.hex()[:28]
    padded = b" " * 500 + before.replace(b"~", b"-") + HOLE.encode() + after
    cache = cached(Handler(padded), Clock(), text)
    whole = padded.replace(HOLE.encode(), text.encode(), 1)
    assert ask(cache)[2] == whole
    _, headers, body = ask(cache, accept_encoding="gzip, br")
    assert headers["content-encoding"] == "gzip"
    assert int(headers["content-length"]) == len(body)
    assert gzip.decompress(body) == whole


def test_a_kept_page_is_made_anew_when_it_is_old_and_when_something_changed() -> None:
    handler, clock = Handler(b"one"), Clock()
    forgetful: list[Callable[[], None]] = []
    cache = PageCache(handler, clock=clock, stamp=str, forgetful=forgetful)
    assert [ask(cache)[2] for _ in range(3)] == [b"one"] * 3
    assert handler.asked == 1
    clock.move(minutes=7)
    handler.body = b"two"
    assert ask(cache)[2] == b"two"
    handler.body = b"three"
    forgetful[0]()
    assert ask(cache)[2] == b"three"


def test_what_is_kept_briefly_is_shown_to_nobody_when_it_is_old() -> None:
    handler, clock = Handler(b"one", control=BRIEFLY), Clock()
    cache = cached(handler, clock)
    assert [ask(cache)[2] for _ in range(3)] == [b"one"] * 3
    assert handler.asked == 1
    handler.body = b"two"
    clock.move(seconds=BRIEF.seconds)
    assert ask(cache)[2] == b"two"
    assert handler.asked == 2


def test_new_answers_without_end_take_no_more_room_than_some_brief_ones(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("digest.web.page_cache.MOST_BRIEF", 5)
    brief, lasting = Handler(b"brief", control=BRIEFLY), Handler(b"lasting")

    async def both(scope: Scope, receive: Receive, send: Send) -> None:
        await (lasting if scope["path"] == "/papers" else brief)(scope, receive, send)

    cache = PageCache(both, clock=Clock(), stamp=str, forgetful=[])

    async def many() -> None:
        await answer(cache)
        for number in [*range(30), *range(25, 30)]:
            await answer(cache, path=f"/search/{number}")
        await answer(cache)

    asyncio.run(many())
    assert (lasting.asked, brief.asked) == (1, 30)


def test_nobody_waits_while_a_page_of_a_minute_ago_is_made_anew() -> None:
    handler, clock = Handler(b"one"), Clock()
    cache = cached(handler, clock)
    ask(cache)
    clock.move(seconds=61)
    handler.body = b"two"

    async def twice() -> list[bytes]:
        bodies = []
        for _ in range(2):
            bodies.append((await answer(cache))[2])
            await asyncio.sleep(0.01)  # the renewal has its turn
        return bodies

    assert asyncio.run(twice()) == [b"one", b"two"]
    assert handler.asked == 2


def test_many_who_ask_for_a_page_that_is_not_there_wait_for_one_of_them() -> None:
    handler = Handler(b"a page", slow=True)
    cache = cached(handler, Clock())

    async def many() -> list[tuple[int, dict[str, str], bytes]]:
        return await asyncio.gather(*(answer(cache) for _ in range(20)))

    assert {body for _, _, body in asyncio.run(many())} == {b"a page"}
    assert handler.asked == 1


def test_a_page_that_is_no_longer_there_is_forgotten() -> None:
    handler, clock = Handler(b"one"), Clock()
    cache = cached(handler, clock)
    ask(cache)
    clock.move(seconds=61)
    handler.shared = False
    handler.body = b"mine"

    async def twice() -> list[bytes]:
        bodies = []
        for _ in range(2):
            bodies.append((await answer(cache))[2])
            await asyncio.sleep(0.01)
        return bodies

    assert asyncio.run(twice()) == [b"one", b"mine"]
    assert not cache._kept
    assert cache._size == 0


def test_who_has_the_page_is_told_so() -> None:
    handler = Handler(b"a page")
    cache = cached(handler, Clock())
    tag = ask(cache)[1]["etag"]
    assert ask(cache, if_none_match=f'"other", W/{tag}')[0] == 304
    assert ask(cache, if_none_match='"other"')[0] == 200
    assert ask(cache, if_none_match=tag)[2] == b""


def test_nobody_is_given_what_was_made_for_somebody() -> None:
    private, clock = Handler(b"mine", shared=False), Clock()
    cache = cached(private, clock)
    ask(cache), ask(cache)
    assert private.asked == 2
    shared = Handler(b"everybody's")
    cache = cached(shared, clock)
    tag = ask(cache)[1]["etag"]
    before = guards.VIEWER.set(guards.Viewer(signed_in()))
    try:
        assert ask(cache, if_none_match=tag)[0] == 200
    finally:
        guards.VIEWER.reset(before)
    assert shared.asked == 2


def signed_in() -> SignedIn:
    ada = Subscriber(1, "ada@example.org", SubscriberStatus.ACTIVE, Interests(), Schedule(), NOW)
    return SignedIn(ada, 1, NOW, "secret")


def test_a_cookie_that_says_nothing_is_no_reason_to_make_a_page_anew() -> None:
    shared = Handler(b"everybody's")
    cache = cached(shared, Clock())
    ask(cache), ask(cache, cookie="session=abc; __Host-session=abc")
    assert shared.asked == 1


def test_a_page_that_is_made_anew_is_asked_for_once_and_not_again_and_again() -> None:
    heard: list[str] = []

    class Listening(Handler):
        """Listens until its asker hangs up, as the answer of a file does."""

        async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
            while self.asked and len(heard) < 9:  # the first time the asker is a real one
                try:
                    heard.append((await asyncio.wait_for(receive(), 0.05))["type"])
                except TimeoutError:
                    break
            await super().__call__(scope, receive, send)

    clock = Clock()
    cache = cached(Listening(b"one"), clock)
    ask(cache)
    clock.move(seconds=61)

    async def renewed() -> None:
        await answer(cache)
        await asyncio.sleep(0.2)

    asyncio.run(renewed())
    assert heard == ["http.request"]


def test_an_icon_of_a_minute_ago_is_given_and_made_anew(web: WebServer) -> None:
    client = web.client()
    for _ in range(3):
        assert client.get("/favicon.ico").content.startswith(b"\x00\x00\x01\x00")
        web.clock.move(seconds=61)
    assert client.get("/healthz").status_code == 200


def test_memory_for_pages_has_a_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("digest.web.page_cache.MOST_BYTES", 10_000)
    cache = cached(Handler(b"x" * 3_000), Clock())
    for number in range(20):
        scope = {"type": "http", "method": "GET", "path": f"/{number}", "query_string": b"", "headers": []}
        asyncio.run(cache(scope, _nothing, _swallow))
    assert cache._size <= 10_000
    assert len(cache._kept) == 6  # of 1,500 bytes and the little that is left of their bodies


async def _nothing() -> Message:
    return {"type": "http.request"}


async def _swallow(message: Message) -> None:
    pass


def test_pages_are_compressed_and_forms_in_them_have_a_stamp_of_their_own(web: WebServer) -> None:
    client = web.client()
    first = client.get("/papers")
    assert first.headers["content-encoding"] == "gzip"
    assert first.headers["cache-control"] == SHARED
    web.clock.move(seconds=5)
    assert stamp_in(client.get("/papers").text) != stamp_in(first.text)
    assert client.get("/papers", headers={"If-None-Match": first.headers["etag"]}).status_code == 304


def test_what_stands_beside_a_token_is_neither_kept_nor_compressed(web: WebServer) -> None:
    answer = web.client().get("/u/unknown")
    assert "content-encoding" not in answer.headers
    assert answer.headers["cache-control"] == "no-store"


def test_files_are_compressed_and_known_again(web: WebServer) -> None:
    answer = web.client().get("/static/htmx.min.js")
    assert answer.headers["content-encoding"] == "gzip"
    again = web.client().get("/static/htmx.min.js", headers={"If-None-Match": answer.headers["etag"]})
    assert again.status_code == 304

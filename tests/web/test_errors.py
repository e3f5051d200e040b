"""Whatever is sent, the answer is in words; a 5xx only where the site itself is broken, which stops nothing
else."""

import contextlib
import logging
import re
import socket
import sqlite3
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import httpx2
import pytest
from fastapi import BackgroundTasks
from sqlalchemy import Engine
from starlette.responses import StreamingResponse

from digest.domain import SubscriberStatus
from digest.pipeline.mail.links import Purpose, link
from digest.pipeline.subscriptions import preferences
from digest.store import session
from tests.installations import installation, join
from tests.web_server import WebServer, serving


@pytest.fixture
def database_kind() -> str:
    """Pages know no database; what a lost server looks like is tested below."""
    return "sqlite"


def raw(web: WebServer, request: str, *headers: str) -> int:
    """The status of the answer to a request line that no library would send."""
    host, port = web.url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=10) as line:
        lines = [f"{request} HTTP/1.1", *(headers or ("Host: x",)), "Connection: close", "", ""]
        line.sendall("\r\n".join(lines).encode("latin-1"))
        with line.makefile("rb") as answer:
            return int(answer.readline().split()[1])


@pytest.mark.parametrize(
    "request_line",
    [
        *("OPTIONS *", "GET *", "GET foo", "GET ?x", "GET prefs/x", "CONNECT example.org:443"),
        *("GET http://example.org/", "OPTIONS /", "TRACE /", "PUT /subscribe", "GET //", "GET ///prefs//"),
        *(
            "GET /%00",
            "GET /?a=%00",
            "GET /%ff%fe",
            "GET /%ed%a0%80",
            "GET /static/%00",
            "GET /static/" + "a" * 300,
        ),
        *("GET /papers/0001-01-01", "GET /papers/9999-12-31", "GET /?" + "a" * 9000, "BREW /coffee"),
    ],
)
def test_no_request_line_is_more_than_a_mistake(web: WebServer, request_line: str) -> None:
    assert raw(web, request_line) in {200, 400, 404, 405, 414}


@pytest.mark.parametrize(
    "header",
    ["Host: [", "Host: a:b:c", "Origin: http://[", "Cookie: \x7f=\xff; digest_browser=\xff", "Accept: \xff"],
)
def test_no_header_is_more_than_a_mistake(web: WebServer, header: str) -> None:
    for request in ("GET /", "GET /nothing", "GET /api/v1/nothing", "POST /subscribe"):
        assert raw(web, request, header, "Content-Length: 0") < 500


@pytest.mark.parametrize("charset", ["unicode_escape", "utf-7", "utf-16", "idna", "rot13", "no-such", "\xff"])
@pytest.mark.parametrize("path", ["/subscribe", "/preview"])
@pytest.mark.parametrize("encoding", ["multipart/form-data; boundary=x", "application/x-www-form-urlencoded"])
def test_a_form_is_in_utf_8_whatever_its_sender_says(
    web: WebServer, path: str, charset: str, encoding: str
) -> None:
    body = b'--x\r\nContent-Disposition: form-data; name="filters"\r\n\r\n\\ud800\r\n--x--\r\n'
    kind = f"{encoding}; charset={charset}".encode("latin-1")
    answer = web.client().post(path, content=body, headers=[(b"Content-Type", kind)])
    assert answer.status_code == 415
    assert "UTF-8" in answer.text
    given = web.client().post(path, content=body, headers={"Content-Type": f"{encoding}; charset=UTF-8"})
    assert given.status_code < 500


@pytest.mark.parametrize("encoding", ["multipart/form-data; boundary=x", "application/x-www-form-urlencoded"])
def test_one_click_unsubscribes_whatever_charset_is_claimed(web: WebServer, encoding: str) -> None:
    ada = join(web.installation, "ada@example.org")
    path = link(web.installation, Purpose.UNSUBSCRIBE, ada.id).removeprefix(web.url)
    kind = f"{encoding}; charset=utf-7"
    assert web.client().post(path, content=b"x", headers={"Content-Type": kind}).status_code == 200
    left = preferences.person(web.installation, ada.id)
    assert left
    assert left.status is SubscriberStatus.UNSUBSCRIBED


@pytest.mark.parametrize(
    "body",
    [
        *(
            b'{"\\ud800": 1}',
            b'{"filters": ["\\ud800"]}',
            b'{"email": "a\\u0000@example.org"}',
            b"[" * 60_000,
        ),
        *(b"\xff\xfe{", b'{"filters": ["a\\u0000b"]}', b'{"topics": ["\\u0000"]}', b"", b"null", b"NaN"),
        *(
            b'{"email": "a@example.org", "timezone": "\\u0000"}',
            b'{"email": "a@example.org", "at": "\\ud83d"}',
        ),
    ],
)
@pytest.mark.parametrize("path", ["/api/v1/preview", "/api/v1/subscriptions"])
def test_no_body_is_more_than_a_mistake(web: WebServer, path: str, body: bytes) -> None:
    answer = web.client().post(path, content=body, headers={"Content-Type": "application/json"})
    assert 400 <= answer.status_code < 500
    assert answer.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize(
    ("method", "path", "status", "words"),
    [
        ("GET", "/nothing", 404, ("There is no such page", "search for a paper above")),
        ("GET", "/subscribe", 405, ("That can’t be done here", "Open the page with the form")),
        (
            "GET",
            f"/search?q={'long' * 2100}",
            414,
            ("This address is too long", "Shorten what you search for"),
        ),
        ("POST", "/subscribe", 403, ("That form isn’t ours", "was sent from another site")),
    ],
)
def test_an_error_says_what_happened_and_what_to_do(
    web: WebServer, method: str, path: str, status: int, words: tuple[str, ...]
) -> None:
    answer = web.client(Origin="https://elsewhere.example").request(method, path)
    assert answer.status_code == status
    assert [each for each in words if each not in answer.text] == []


def test_an_address_that_is_too_long_is_a_problem_to_a_program(web: WebServer) -> None:
    answer = web.client().get(f"/api/v1/search?q={'long' * 2100}")
    assert (answer.status_code, answer.headers["content-type"]) == (414, "application/problem+json")


def test_a_form_with_a_nul_is_refused(web: WebServer) -> None:
    assert web.client().post("/preview", data={"filters": "a\0b"}).status_code == 400


def test_a_locked_database_is_told_within_seconds_and_reading_goes_on(web: WebServer) -> None:
    client = web.client()
    path = Path(str(web.installation.engine.url.database))
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as writer:
        writer.execute("BEGIN EXCLUSIVE")
        began = time.monotonic()
        api = client.post("/api/v1/subscriptions", json={"email": "ada@example.org"})
        took = time.monotonic() - began
        assert (api.status_code, int(api.headers["retry-after"]) > 0) == (503, True)
        assert took < 8
        assert client.get("/").status_code == 200
    assert client.post("/api/v1/subscriptions", json={"email": "ada@example.org"}).status_code == 202


def test_a_lost_database_is_told_in_words(engine: Engine, tmp_path: Path) -> None:
    site = installation(engine, tmp_path)
    gone = session.connect("postgresql://nobody@127.0.0.1:9/nothing")  # the port of discard: nobody listens
    with serving(replace(site, engine=gone), tmp_path) as web:
        began = time.monotonic()
        for path in ("/", "/papers/2026-03-17"):
            page = web.client().get(path)
            assert (page.status_code, page.headers["retry-after"]) == (503, "5")
            assert "The database can’t be used" in page.text
        answer = web.client().post("/api/v1/preview", json={})
        assert answer.status_code == 503
        assert answer.json()["status"] == 503
        assert time.monotonic() - began < 10
        assert web.client().get("/healthz").status_code == 200


def broken() -> None:
    raise RuntimeError("nobody foresaw this")


def half() -> StreamingResponse:
    def page() -> Iterator[str]:
        yield "half a page"
        broken()

    return StreamingResponse(page())


def afterwards(after: BackgroundTasks) -> str:
    after.add_task(broken)
    return "whole"


def test_what_nobody_foresaw_is_told_with_its_number_and_stops_nothing(
    engine: Engine, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    routes = {"/broken/secret": broken, "/api/broken": broken, "/half": half, "/afterwards": afterwards}
    site = installation(engine, tmp_path)
    with serving(site, tmp_path, routes=routes) as web, caplog.at_level(logging.ERROR):
        client = web.client()
        page, api = client.get("/broken/secret"), client.get("/api/broken")
        assert page.status_code == api.status_code == 500
        assert "Something broke on our side" in page.text
        assert api.headers["content-type"] == "application/problem+json"
        for answer in (page, api):
            number = re.search(r"\b[0-9a-f]{8}\b", answer.text)
            assert number
            assert number.group() in caplog.text
            assert answer.headers["x-content-type-options"] == "nosniff"
        assert "nobody foresaw this" not in page.text + api.text
        with pytest.raises(httpx2.RemoteProtocolError):
            client.get("/half")
        assert client.get("/afterwards").status_code == 200
        assert client.get("/").status_code == 200
    messages = [record.getMessage() for record in caplog.records]
    assert not any("secret" in message for message in messages)  # a token may stand there

"""Pages in the language that the address, the subscriber or the browser asks for."""

import re
from dataclasses import replace

import httpx2
import pytest

from digest.pipeline.mail.links import Purpose, link
from digest.store import session
from digest.store.subscriptions import subscribers
from digest.web.pages.language import accepted
from tests.installations import join
from tests.web_pages import furnish
from tests.web_server import WebServer


@pytest.mark.parametrize(
    ("header", "code"),
    [
        ("de-CH,de;q=0.9,en;q=0.8", "de"),
        ("en;q=0.5, zh-TW", "zh"),
        ("fr, de;q=0.3, en;q=0.2", "de"),
        ("de;q=0", ""),
        ("fr", ""),
        ("", ""),
        (";;q=,,,de;q=x", ""),
        ("x," * 1_000 + "de", ""),
    ],
)
def test_a_browser_gets_what_it_likes_best_of_what_there_is(header: str, code: str) -> None:
    assert accepted(header) == code


@pytest.fixture
def database_kind() -> str:
    """Which language it is, no database decides."""
    return "sqlite"


@pytest.fixture
def web(web: WebServer) -> WebServer:
    furnish(web)
    return web


def language_of(answer: httpx2.Response) -> str:
    found = re.search(r'<html lang="(\w+)"', answer.text)
    assert found
    assert answer.headers["Content-Language"] == found[1]
    return found[1]


def test_a_page_that_is_kept_is_never_given_to_who_reads_another_language(web: WebServer) -> None:
    client = web.client()
    seen: dict[str, str] = {}
    for _ in range(2):  # the second time from the cache
        for code in ("de", "zh", "en"):
            answer = client.get("/papers", headers={"Accept-Language": code}, follow_redirects=True)
            assert language_of(answer) == code
            assert "Accept-Language" in answer.headers["Vary"]
            seen.setdefault(code, answer.headers["ETag"])
            assert seen[code] == answer.headers["ETag"]
    assert len(set(seen.values())) == 3
    known = {"Accept-Language": "de", "If-None-Match": seen["de"]}
    assert client.get("/papers", headers=known, follow_redirects=True).status_code == 304
    other = {"Accept-Language": "zh", "If-None-Match": seen["de"]}
    assert client.get("/papers", headers=other, follow_redirects=True).status_code == 200


def test_the_address_comes_first_and_its_links_carry_it_on(web: WebServer) -> None:
    page = web.client().get("/?lang=zh", headers={"Accept-Language": "de"})
    assert language_of(page) == "zh"
    assert 'href="/topics?lang=zh"' in page.text
    assert '<input type="hidden" name="lang" value="zh">' in page.text
    assert 'href="/static/style.css"' in page.text
    assert language_of(web.client().get("/?lang=xx", headers={"Accept-Language": "de"})) == "de"


def test_a_subscriber_reads_their_own_pages_in_their_own_language(web: WebServer) -> None:
    ada = join(web.installation, "ada@example.org")
    with session.transaction(web.installation.engine) as db:
        subscribers.save(db, ada.id, schedule=replace(ada.schedule, language="de"))
    for purpose in (Purpose.PREFERENCES, Purpose.UNSUBSCRIBE, Purpose.PAUSE, Purpose.ME):
        address = link(web.installation, purpose, ada.id)
        assert language_of(web.client().get(address, headers={"Accept-Language": "en"})) == "de"


def test_programs_are_answered_in_english(web: WebServer) -> None:
    body = {"email": "nobody"}
    answer = web.client().post("/api/v1/subscriptions", json=body, headers={"Accept-Language": "de"})
    assert answer.status_code == 422
    assert "is not an e-mail address" in answer.text

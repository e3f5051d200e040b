"""Votes on pages: a form without a script, a part of the page with one, counts that are right at once."""

import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import httpx2
import pytest
from sqlalchemy import Engine

from digest.pipeline.community import audit
from tests.builders import entry
from tests.installations import installation, join, store_entries
from tests.web.test_sessions import ADA, csrf, sign_in
from tests.web_server import WebServer, serving

PAPER = "/p/arxiv%3A2603.00001"


@pytest.fixture
def database_kind() -> str:
    """Counting has tests on both databases."""
    return "sqlite"


@pytest.fixture
def web(engine: Engine, tmp_path: Path) -> Iterator[WebServer]:
    with serving(installation(engine, tmp_path), tmp_path) as server:
        store_entries(engine, [entry(title="Agents that plan")], seen_at=server.clock.now)
        join(server.installation, ADA, now=server.clock.now - timedelta(days=30))
        yield server


def path_of(client: httpx2.Client) -> str:
    return str(re.findall(r'href="(/p/[^"]+)"', client.get("/papers").text)[0])


def test_who_isn_t_signed_in_is_led_there_and_back(web: WebServer) -> None:
    page = web.client().get(path_of(web.client())).text
    (path,) = set(re.findall(r'href="(/votes/[^"]+)"', page))
    answer = web.client().get(path)
    assert answer.status_code == 303
    assert answer.headers["location"].startswith("/signin?next=/votes/")
    assert '<form method="post" action="/votes' not in page


def test_a_vote_by_a_form_shows_everywhere_at_once(web: WebServer) -> None:
    stranger, ada = web.client(), sign_in(web)
    path = path_of(stranger)
    assert "of readers: vote" not in stranger.get(path).text
    answer = ada.post(f"/votes{path[2:]}", data={"csrf": csrf(ada), "choice": "vote"})
    assert (answer.status_code, answer.headers["location"]) == (303, path)
    for page in (path, "/papers"):
        assert re.search(r"</span> 1<span class=\"hidden\"> vote of readers", stranger.get(page).text), page
        assert 'aria-pressed="true"' in ada.get(page).text
        assert "aria-pressed" not in stranger.get(page).text
    ada.post(f"/votes{path[2:]}", data={"csrf": csrf(ada), "choice": "back"})
    assert "of readers: vote" not in stranger.get("/papers").text
    made = audit.listing(web.installation)
    assert [each.act for each in made if each.act.startswith("paper")] == ["paper.unvote", "paper.vote"]
    assert {each.via for each in made if each.act.startswith("paper")} == {"web"}


def test_a_script_gets_the_part_that_changed(web: WebServer) -> None:
    ada = sign_in(web)
    path = path_of(ada)
    script = {"hx-request": "true"}
    part = ada.post(f"/votes{path[2:]}", data={"csrf": csrf(ada), "choice": "vote"}, headers=script)
    assert part.status_code == 200
    assert part.text.strip().startswith('<div class="attention">')
    assert 'aria-pressed="true"' in part.text
    part = ada.post(f"/saves{path[2:]}", data={"csrf": csrf(ada), "choice": "save"}, headers=script)
    assert "Saved" in part.text
    assert "Agents that plan" in ada.get("/me").text


def test_a_vote_without_the_token_of_the_session_or_without_one_is_refused(web: WebServer) -> None:
    ada = sign_in(web)
    path = path_of(ada)
    assert ada.post(f"/votes{path[2:]}", data={"choice": "vote"}).status_code == 403
    assert ada.post(f"/saves{path[2:]}", data={"choice": "save"}).status_code == 403
    assert web.client().post(f"/votes{path[2:]}", data={"choice": "vote"}).status_code == 303
    assert all(not each.act.startswith("paper") for each in audit.listing(web.installation))


def test_the_rule_is_published(web: WebServer) -> None:
    page = web.client().get("/about/votes").text
    for words in ("weighs 0.25", "20 papers a day", "10 votes a day", "5 together"):
        assert words in page, words
    assert 'href="/about/votes"' in web.client().get(path_of(web.client())).text

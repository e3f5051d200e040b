"""The page about the API: every call is there, and its command works as it stands."""

import json
import shlex
from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest
from sqlalchemy import Engine

from digest.domain import Role
from digest.pipeline.community import tokens
from digest.pipeline.subscriptions import admin
from digest.web.api.reference import TOKEN, Call, calls
from tests.builders import entry
from tests.installations import installation, join, store_entries
from tests.web_server import WebServer, serving

ADA = "ada@example.org"
# Calls about a proposal that isn't ripe for them: the address and the body are read, and refused.
ABOUT_A_PROPOSAL = "/api/v1/proposals/"


@pytest.fixture
def database_kind() -> str:
    """Pages differ in no way by the database."""
    return "sqlite"


@pytest.fixture
def web(engine: Engine, tmp_path: Path) -> Iterator[WebServer]:
    with serving(installation(engine, tmp_path), tmp_path) as server:
        papers = [entry("2509.13332", title="State space models"), entry("2509.13333", title="Others")]
        store_entries(engine, papers, seen_at=server.clock.now)
        yield server


def described(web: WebServer) -> tuple[Call, ...]:
    return calls(web.client().get("/api/v1/openapi.json").json(), web.installation.site.base_url)


def sent(web: WebServer, call: Call, token: str) -> httpx2.Response:
    """The answer to a command, taken apart as a shell and curl do."""
    words = shlex.split(call.command.replace(TOKEN, token))
    assert words.pop(0) == "curl"
    method, body, headers, address = "GET", None, {}, ""
    while words:
        match words.pop(0):
            case "-X":
                method = words.pop(0)
            case "--json":
                method, body = "POST", json.loads(words.pop(0))
            case "-H":
                name, _, value = words.pop(0).partition(": ")
                headers[name] = value
            case word:
                address = word
    assert address.startswith(web.installation.site.base_url)
    path = address.removeprefix(web.installation.site.base_url)
    return web.client(**headers).request(method, path, **({"json": body} if body is not None else {}))


def test_every_call_of_the_api_is_on_the_page(web: WebServer) -> None:
    page = web.client().get("/docs")
    assert page.status_code == 200
    text = page.text.replace("<wbr>", "")
    found = described(web)
    paths = web.client().get("/api/v1/openapi.json").json()["paths"]
    assert len(found) == sum(len(operations) for operations in paths.values()) > 15
    for call in found:
        assert f"<code>{call.method} {call.path}</code>" in text
        assert call.paragraphs[0], call.path
        assert all(not value.description.startswith("value") for value in call.values), call
        assert all(": " in value.description for value in call.values if value.place != "body"), call


def test_each_command_does_what_its_call_says(web: WebServer) -> None:
    join(web.installation, ADA)
    admin.give_role(web.installation, ADA, Role.CURATOR, web.clock.now)
    token = tokens.create(web.installation, ADA, label="a bot", scope=Role.CURATOR, now=web.clock.now)[1]
    for call in described(web):
        answer = sent(web, call, token)
        about = call.path.startswith(ABOUT_A_PROPOSAL)
        assert answer.status_code < 300 or (about and answer.status_code in {404, 409, 422}), (
            call,
            answer.text,
        )
        if answer.status_code == 422:  # by what the proposal is, not by how it was called
            assert "field required" not in answer.text.lower(), call
        if call.needs_token:
            assert sent(web, call, "dgst_wrong").status_code == 401, call


def test_pages_lead_to_it_and_to_its_schema(web: WebServer) -> None:
    assert '<a href="/docs">API</a>' in web.client().get("/about").text
    page = web.client().get("/docs").text
    assert '<link rel="service-desc" type="application/json" href="/api/v1/openapi.json">' in page
    assert "/docs</loc>" in web.client().get("/sitemap.xml").text

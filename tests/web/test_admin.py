"""The page of an admin, who may see it, and that nobody else can do what it does."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine

from digest.domain import Role
from digest.pipeline.community import audit
from digest.pipeline.subscriptions import preferences
from tests.installations import installation, join
from tests.web.test_sessions import ADA, EVE, csrf, give_role, sign_in
from tests.web_server import WebServer, serving


@pytest.fixture
def database_kind() -> str:
    """Pages differ in no way by the database."""
    return "sqlite"


@pytest.fixture
def web(engine: Engine, tmp_path: Path) -> Iterator[WebServer]:
    with serving(installation(engine, tmp_path), tmp_path) as server:
        join(server.installation, ADA)
        join(server.installation, EVE)
        yield server


def role(web: WebServer, email: str) -> Role:
    return preferences.by_address(web.installation, email).role


def test_an_admin_gives_roles_and_undoes_acts(web: WebServer) -> None:
    give_role(web, ADA, "admin")
    ada = sign_in(web)
    form = {"csrf": csrf(ada), "email": EVE, "role": "curator"}
    assert ada.post("/admin/role", data=form).status_code == 303
    assert role(web, EVE) is Role.CURATOR
    page = ada.get("/admin").text
    assert "role: reader → curator" in page
    assert EVE not in page
    assert "e…@example.org" in page
    number = re.search(r'name="act" value="(\d+)"', page)
    assert number
    assert ada.post("/admin/undo", data={"csrf": csrf(ada), "act": number[1]}).status_code == 303
    assert role(web, EVE) is Role.READER
    assert ada.post("/admin/undo", data={"csrf": csrf(ada), "act": number[1]}).status_code == 422
    assert [each.actor for each in audit.listing(web.installation, limit=2)] == ["subscriber:1"] * 2


@pytest.mark.parametrize("theirs", ["reader", "curator"])
def test_nobody_else_sees_it_or_raises_their_own_role(web: WebServer, theirs: str) -> None:
    if theirs != "reader":
        give_role(web, EVE, theirs)
    eve = sign_in(web, EVE)
    refused = eve.get("/admin")
    assert refused.status_code == 403
    assert "<h1>You can’t do this</h1>\n<p>Only an admin can do this.</p>" in refused.text
    form = {"csrf": csrf(eve), "email": EVE, "role": "admin"}
    assert eve.post("/admin/role", data=form).status_code == 403
    assert eve.post("/admin/undo", data={"csrf": csrf(eve), "act": "1"}).status_code == 403
    fields = {"csrf": csrf(eve), "display_name": "Eve", "role": "admin"}
    assert eve.post("/me", data=fields).status_code == 303  # a field that isn't the form's counts for nothing
    assert role(web, EVE) == theirs
    assert web.client().get("/admin").headers["location"] == "/signin?next=/admin"


def test_an_admin_signs_in_again_after_twelve_hours(web: WebServer) -> None:
    give_role(web, ADA, "admin")
    ada = sign_in(web)
    web.clock.move(hours=11)
    assert ada.get("/admin").status_code == 200
    web.clock.move(hours=2)
    assert ada.get("/admin").headers["location"] == "/signin?next=/admin"
    form = {"csrf": csrf(ada), "email": EVE, "role": "admin"}
    answer = ada.post("/admin/role?from=/admin", data=form)
    assert answer.headers["location"] == "/signin?next=/admin"
    assert role(web, EVE) is Role.READER
    assert ada.get("/me").status_code == 200


def test_a_role_that_was_taken_away_acts_no_more_in_an_open_tab(web: WebServer) -> None:
    give_role(web, ADA, "admin")
    ada = sign_in(web)
    token = csrf(ada)
    assert ada.get("/admin").status_code == 200
    give_role(web, ADA, "reader")
    assert ada.post("/admin/role", data={"csrf": token, "email": ADA, "role": "admin"}).status_code == 303
    assert role(web, ADA) is Role.READER


def test_what_is_wrong_is_said(web: WebServer) -> None:
    give_role(web, ADA, "admin")
    ada = sign_in(web)
    for fields, words in (
        ({"email": "nobody@example.org", "role": "admin"}, "there is no subscriber"),
        ({"email": EVE, "role": "king"}, "Choose a role"),
    ):
        answer = ada.post("/admin/role", data={"csrf": csrf(ada), **fields})
        assert (answer.status_code, words in answer.text) == (422, True)
    assert ada.post("/admin/undo", data={"csrf": csrf(ada), "act": "x"}).status_code == 422

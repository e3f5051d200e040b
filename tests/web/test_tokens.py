"""Tokens of the API: shown once, kept as a hash, acting by their scope and their owner's role."""

from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest
from sqlalchemy import Engine, text

from digest.domain import Role
from digest.errors import RefusedError
from digest.pipeline.community import audit, tokens, undo, votes
from digest.pipeline.subscriptions import admin, personal_data, preferences
from tests.builders import entry
from tests.installations import installation, join, store_entries
from tests.web_server import WebServer, serving

ADA = "ada@example.org"
VOTE = "/api/v1/papers/2603.00001/vote"


@pytest.fixture
def database_kind() -> str:
    """Pages differ in no way by the database."""
    return "sqlite"


@pytest.fixture
def web(engine: Engine, tmp_path: Path) -> Iterator[WebServer]:
    with serving(installation(engine, tmp_path), tmp_path) as server:
        store_entries(engine, [entry(title="Agents that plan")], seen_at=server.clock.now)
        join(server.installation, ADA)
        yield server


def token(web: WebServer, scope: Role = Role.READER) -> str:
    if scope is not Role.READER:
        admin.give_role(web.installation, ADA, scope, web.clock.now)
    return tokens.create(web.installation, ADA, label="a bot", scope=scope, now=web.clock.now)[1]


def caller(web: WebServer, text: str) -> httpx2.Client:
    return web.client(authorization=f"Bearer {text}")


def test_a_token_votes_and_takes_its_vote_back(web: WebServer) -> None:
    client = caller(web, token(web))
    for _ in range(2):
        answer = client.post(VOTE)
        assert (answer.status_code, answer.json()["people"], answer.json()["voted"]) == (200, 1, True)
    assert client.delete(VOTE).json()["people"] == 0
    acts = audit.listing(web.installation)[:2]
    assert [(each.act, each.actor, each.via) for each in acts] == [
        ("paper.unvote", "token:1", "api"),
        ("paper.vote", "token:1", "api"),
    ]
    undo.undo(web.installation, acts[0].id, web.clock.now)
    paper = votes.paper(web.installation, "2603.00001")
    owner = preferences.by_address(web.installation, ADA)
    assert votes.has_voted(web.installation, owner.id, paper)


UNKNOWN = "dgst_" + "x" * 43


@pytest.mark.parametrize("given", ["", "Bearer", "Bearer x", f"Basic {UNKNOWN}", f"Bearer {UNKNOWN}"])
def test_without_a_token_that_works_nothing_is_done(web: WebServer, given: str) -> None:
    answer = web.client(**({"authorization": given} if given else {})).post(VOTE)
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"].startswith("Bearer")
    assert answer.headers["content-type"] == "application/problem+json"


def test_a_revoked_token_works_no_more(web: WebServer) -> None:
    client = caller(web, token(web))
    assert client.post(VOTE).status_code == 200
    tokens.revoke(web.installation, 1, web.clock.now)
    assert client.post(VOTE).status_code == 401


def test_a_token_does_no_more_than_its_scope_and_its_owner_s_role(web: WebServer) -> None:
    hide = "/api/v1/papers/2603.00001/hide"
    reader = caller(web, token(web))
    assert reader.post(hide, json={"reason": "spam"}).status_code == 403
    curator = caller(web, token(web, Role.CURATOR))
    assert reader.post(hide, json={"reason": "spam"}).status_code == 403  # the scope stays
    assert curator.post(hide, json={"reason": "spam"}).status_code == 200
    assert web.client().get("/p/2603.00001").status_code == 410
    assert curator.delete(hide).status_code == 200
    admin.give_role(web.installation, ADA, Role.READER, web.clock.now)
    assert curator.post(hide, json={"reason": "spam"}).status_code == 403
    with pytest.raises(RefusedError, match="no token acts as admin"):
        tokens.create(web.installation, ADA, label="x", scope=Role.ADMIN, now=web.clock.now)


def test_only_a_hash_of_a_token_is_kept_and_an_erasure_takes_it(web: WebServer) -> None:
    shown = token(web)
    with web.installation.engine.connect() as connection:
        kept = str(connection.execute(text("SELECT * FROM api_tokens")).all())
        kept += str(connection.execute(text("SELECT * FROM audit")).all())
    assert shown not in kept
    client = caller(web, shown)
    client.post(VOTE)
    owner = preferences.by_address(web.installation, ADA)
    assert personal_data.export(web.installation, owner.id)["tokens"][0].label == "a bot"
    personal_data.erase(web.installation, owner.id, web.clock.now)
    assert client.post(VOTE).status_code == 401
    assert "token:1" not in str(audit.listing(web.installation))


def test_a_curator_s_token_picks_and_unpicks(web: WebServer) -> None:
    curator = caller(web, token(web, Role.CURATOR))
    pick = "/api/v1/papers/2603.00001/pick"
    assert curator.post(pick, json={"note": "Read this one."}).status_code == 200
    assert "Read this one." in web.client().get("/p/2603.00001").text
    assert curator.delete(pick).status_code == 200
    assert curator.post(pick, json={"note": "x", "who": "me"}).status_code == 422

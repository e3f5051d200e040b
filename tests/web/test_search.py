"""Searching by the API: the same ids in the same order as everywhere, page by page, and errors in words."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine

from digest.pipeline.catalog.search import Search
from digest.web.limits import CostBudget, Limits
from tests.builders import NOW, entry
from tests.installations import installation, store_entries
from tests.web_server import WebServer, serving

API = "/api/v1/search"


@pytest.fixture
def database_kind() -> str:
    """Pages know no database; what they stand on is tested on both."""
    return "sqlite"


@pytest.fixture
def web(engine: Engine, tmp_path: Path) -> Iterator[WebServer]:
    titles = [f"Robots that walk on {n} legs" for n in range(5)] + ["Agents <plan>"]
    store_entries(engine, [entry(f"2603.{n:05}", title=title) for n, title in enumerate(titles)])
    with serving(installation(engine, tmp_path), tmp_path) as server:
        yield server


def test_the_api_says_what_the_search_says_page_by_page(web: WebServer) -> None:
    client = web.client()
    whole = Search(web.installation)("robots legs", NOW)
    found: list[str] = []
    address = f"{API}?q=robots+legs&limit=2"
    while address:
        answer = client.get(address)
        assert answer.status_code == 200
        body = answer.json()
        found += [item["id"] for item in body["items"]]
        assert (body["next"] is None) == ("Link" not in answer.headers)
        address = answer.headers["Link"].partition(">")[0].lstrip("<") if body["next"] else ""
    assert found == [item.paper.id for item in whole.items]
    assert len(found) == 5


def test_an_item_has_its_score_and_snippets_with_marks(web: WebServer) -> None:
    body = web.client().get(API, params={"q": "agents"}).json()
    (item,) = body["items"]
    assert (item["id"], item["title"]) == ("arxiv:2603.00005", "Agents <plan>")
    assert item["score"] > 0
    assert item["snippets"] == [{"field": "title", "text": "Agents <plan>", "marks": [[0, 6]]}]
    assert body["query"]["canonical"] == "agents"
    assert body["query"]["corrected_from"] is None


def test_a_corrected_word_is_told(web: WebServer) -> None:
    body = web.client().get(API, params={"q": "robost"}).json()
    assert (body["query"]["canonical"], body["query"]["corrected_from"]) == ("robots", "robost")
    assert web.client().get(API, params={"q": "robost", "as_typed": "true"}).json()["items"] == []


@pytest.mark.parametrize(
    "query",
    [
        {},
        {"q": ""},
        {"q": '"open'},
        {"q": "x", "limit": "0"},
        {"q": "x", "limit": "101"},
        {"q": "x", "cursor": "y"},
    ],
)
def test_what_cannot_be_read_is_a_problem(web: WebServer, query: dict[str, str]) -> None:
    answer = web.client().get(API, params=query)
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"


def test_searches_of_one_network_have_a_limit(engine: Engine, tmp_path: Path) -> None:
    limits = Limits(CostBudget(burst=0.05, refill=1e-4))
    with serving(installation(engine, tmp_path), tmp_path, limits=limits) as server:
        client = server.client()
        answers = [client.get(API, params={"q": "robots"}) for _ in range(7)]
        assert answers[0].status_code == 200
        assert answers[-1].status_code == 429
        assert "Retry-After" in answers[-1].headers

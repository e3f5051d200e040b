"""Searching by page and API: the same ids in the same order as everywhere, and errors in words."""

import html
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine

from digest.domain import Role
from digest.pipeline.catalog.search import Search
from digest.pipeline.catalog.search_index import catch_up
from digest.pipeline.catalog.similar import keep_up
from digest.pipeline.community import tokens
from digest.pipeline.community.saved import save
from digest.pipeline.community.votes import paper
from digest.search import Order
from digest.web.limits import CostBudget, Limits
from tests.builders import NOW, entry
from tests.installations import installation, join, store_entries
from tests.web.test_sessions import ADA, sign_in
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


def test_the_page_lists_what_the_api_lists_page_by_page(web: WebServer) -> None:
    store_entries(
        web.installation.engine, [entry(f"2604.{n:05}", title=f"Robots with {n} arms") for n in range(30)]
    )
    client = web.client()
    whole = Search(web.installation)("robots", NOW, limit=100)
    address, found = "/search?q=robots", []
    while address:
        page = client.get(address)
        assert page.status_code == 200
        found += re.findall(r'<h3 dir="auto"><a href="/p/([^"]+)">', page.text)
        following = re.search(r'rel="next" href="([^"]+)"', page.text)
        address = html.unescape(following[1]) if following else ""
    assert found == [item.paper.id.removeprefix("arxiv:") for item in whole.items]
    assert len(found) == 35


def test_the_page_marks_words_escapes_text_and_offers_the_search_by_email(web: WebServer) -> None:
    page = web.client().get("/search", params={"q": "agents cat:cs.CL"}).text
    assert "<mark>Agents</mark> &lt;plan&gt;" in page
    assert 'href="/?filters=agents%20cat%3Acs.CL"' in page
    assert 'value="agents cat:cs.CL"' in page


def test_the_page_writes_formulas_as_text_and_names_sources_as_people_do(web: WebServer) -> None:
    formula = entry("2603.00009", title=r"Agents of $\alpha^2$ worlds")
    store_entries(web.installation.engine, [formula], source="huggingface")
    page = web.client().get("/search", params={"q": "agents"}).text
    assert "<mark>Agents</mark> of α² worlds" in page
    assert 'href="/search?q=agents+source%3Ahuggingface" dir="auto">Hugging Face</a>' in page


def test_the_page_tells_of_corrections_with_the_way_back(web: WebServer) -> None:
    page = web.client().get("/search", params={"q": "robost"}).text
    assert "Showing results for <strong>robots</strong>" in page
    assert 'href="/search?q=robost&amp;as_typed=1"' in page
    assert "Read as" not in page  # it would say the same once more
    back = web.client().get("/search", params={"q": "robost", "as_typed": "1"}).text
    assert "No paper has the word “robost”." in back


def test_where_nothing_is_found_the_page_says_what_parts_find(web: WebServer) -> None:
    page = web.client().get("/search", params={"q": "ti:robots ti:agents"}).text
    assert "No paper matches." in page
    assert 'href="/search?q=ti%3Arobots"' in page


def test_where_nothing_is_found_the_page_names_the_nearest_words(web: WebServer) -> None:
    page = web.client().get("/search", params={"q": "rbotss"}).text
    assert "Words that look like “rbotss”:" in page
    assert '<a href="/search?q=robots">robots</a>' in page
    body = web.client().get(API, params={"q": "rbotss"}).json()
    assert body["query"]["nearest"] == [{"word": "rbotss", "words": ["robots"]}]


def test_a_mistake_is_told_beside_the_box_and_what_was_typed_is_kept(web: WebServer) -> None:
    answer = web.client().get("/search", params={"q": 'robots "open'})
    assert answer.status_code == 422
    assert "this quote is never closed" in answer.text
    assert "robots &#34;open" in answer.text
    assert web.client().get("/search").status_code == 200
    for given in ({"q": "x", "order": "y"}, {"q": "x" * 5000}, {"q": "x", "cursor": "y"}):
        assert web.client().get("/search", params=given).status_code == 404


def test_a_pasted_title_is_searched_for_as_words_and_says_so(web: WebServer) -> None:
    asked = {"q": "Agents: a plan and robots"}
    page = web.client().get("/search", params=asked)
    assert page.status_code == 200
    assert "as a filter this can't be read: “Agents:” is not a field" in html.unescape(page.text)
    assert "/?filters=a%20agents%20and%20plan%20robots" in page.text
    query = web.client().get(API, params=asked).json()["query"]
    assert query["canonical"] == "a agents and plan robots"
    assert query["mistake"].startswith("“Agents:” is not a field")


def test_a_search_has_a_feed_with_the_papers_of_its_page(web: WebServer) -> None:
    client = web.client()
    feed = client.get("/search.json", params={"q": "robots"})
    assert feed.status_code == 200
    newest = Search(web.installation)("robots", NOW, order=Order.DATE)
    names = [item["url"].rpartition("/p/")[2] for item in feed.json()["items"]]
    assert names == [item.paper.id.removeprefix("arxiv:") for item in newest.items]
    assert (
        client.get("/search.atom", params={"q": "robots"})
        .headers["content-type"]
        .startswith("application/atom")
    )
    page = client.get("/search", params={"q": "robots walk"}).text
    named = re.findall(r'<link rel="alternate"[^>]* href="([^"]+)"', page)
    assert named == [f"/search.{form}?q=robots%20walk" for form in ("atom", "rss", "json")]
    assert [client.get(each).status_code for each in named] == [200, 200, 200]
    for given in ({}, {"q": '"open'}, {"q": "x", "order": "y"}):
        assert client.get("/search.rss", params=given).status_code == 404


def papers_of_five_kinds(web: WebServer) -> None:
    """Land and index forty papers, eight of each kind."""
    kinds = ("Robots walk", "Speech recognized", "Protein folding", "Graph clustering", "Quantum circuits")
    store_entries(
        web.installation.engine, [entry(f"2605.{n:05}", title=f"{kinds[n % 5]} {n}") for n in range(40)]
    )
    catch_up(web.installation)
    keep_up(web.installation)


def test_similar_papers_are_named_by_api_and_page(web: WebServer) -> None:
    papers_of_five_kinds(web)
    client = web.client()
    body = client.get("/api/v1/papers/2605.00001/similar?limit=3").json()
    assert len(body["items"]) == 3
    assert {"id", "title", "score", "shared"} == set(body["items"][0])
    assert "arxiv:2605.00001" not in [item["id"] for item in body["items"]]
    assert "Similar papers" in client.get("/p/2605.00001").text
    assert client.get("/api/v1/papers/2699.00001/similar").status_code == 404


def test_a_preview_says_that_like_saved_needs_papers_that_were_saved(web: WebServer) -> None:
    says = "“like:saved” needs papers that you saved"
    client = web.client()
    for query in ("like:saved", "like:saved OR robots"):
        assert says in client.get("/", params={"filters": query}).text
    papers_of_five_kinds(web)
    page = client.get("/", params={"filters": "like:saved"}).text
    assert "No digest today: no papers are saved yet." in page
    for query in ('"like:saved"', "robots"):  # a phrase asks for two words
        assert says not in client.get("/", params={"filters": query}).text


def test_like_saved_is_for_who_is_signed_in_or_has_a_token(web: WebServer) -> None:
    papers_of_five_kinds(web)
    reader = join(web.installation, ADA, now=web.clock.now)
    refused = web.client().get("/search?q=like:saved")
    assert refused.status_code == 422
    assert "nobody is signed in here" in refused.text
    assert web.client().get(f"{API}?q=like:saved").status_code == 422
    assert web.client().get("/search.atom?q=like:saved").status_code == 404
    ada = sign_in(web, ADA)
    for path in ("/search?q=like:saved", "/?filters=like:saved"):
        assert "You have saved no papers yet" in ada.get(path).text
    save(web.installation, reader.id, paper(web.installation, "2605.00007"), web.clock.now)
    page = ada.get("/search?q=like:saved+robots").text
    assert "No paper matches." in page or "Protein folding" in page
    page = ada.get("/search?q=like:saved").text
    assert "/search.atom" not in page
    right = {item["id"] for item in web.client().get(f"{API}?q=like:2605.00007").json()["items"]}
    shown = {f"arxiv:{name}" for name in re.findall(r'<h3 dir="auto"><a href="/p/([^"]+)">', page)}
    assert len(right) > 1
    assert shown == right
    _, token = tokens.create(web.installation, ADA, label="a bot", scope=Role.READER, now=web.clock.now)
    by_token = web.client().get(f"{API}?q=like:saved", headers={"Authorization": f"Bearer {token}"})
    assert {item["id"] for item in by_token.json()["items"]} == right
    wrong = web.client().get(f"{API}?q=robots", headers={"Authorization": "Bearer no"})
    assert wrong.status_code == 401


def test_what_is_often_meant_otherwise_is_said(web: WebServer) -> None:
    page = web.client().get("/search", params={"q": "robots or agents"}).text
    assert "“or” is read as a word; the operator is OR, in capitals." in page
    assert "the operator is" not in web.client().get("/search", params={"q": "robots OR agents"}).text

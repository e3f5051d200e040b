"""Feeds of every list: read by others without complaint, stable, and one's own for its owner alone."""

import json
import random
import xml.etree.ElementTree as ET
from datetime import timedelta
from itertools import count
from typing import Any

import feedparser
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from digest.domain import SignalKind
from digest.pipeline.issues.open import open_due
from digest.pipeline.issues.preview import preview, stranger
from digest.pipeline.mail.links import Purpose, link
from digest.pipeline.subscriptions import preferences
from digest.pipeline.subscriptions.validate import read_interests
from digest.store import deliveries, papers, session
from tests.builders import NOW, entry
from tests.installations import join, store_entries
from tests.json_feed import VERSION, flaws
from tests.web_pages import furnish
from tests.web_server import WebServer

LISTS = (
    "/papers",
    "/papers/2026-02-18",
    "/papers/2026-W12",
    "/papers/2026-02",
    "/t/llm",
    "/authors/Ada Lovelace",
)


@pytest.fixture
def database_kind() -> str:
    """What differs between databases is tested with the pipeline."""
    return "sqlite"


@pytest.fixture
def web(web: WebServer) -> WebServer:
    furnish(web)
    return web


def ids(web: WebServer, address: str) -> list[str]:
    """The ids of a feed's items."""
    answer = web.client().get(address)
    assert answer.status_code == 200, address
    if address.endswith(".json"):
        return [item["id"] for item in answer.json()["items"]]
    read = feedparser.parse(answer.content)
    assert not read.bozo, read.get("bozo_exception")
    return [item.id for item in read.entries]


@pytest.mark.parametrize("path", LISTS)
def test_every_list_is_a_feed_in_three_forms_that_hold_the_same(web: WebServer, path: str) -> None:
    rss, atom, as_json = (ids(web, f"{path}.{form}") for form in ("rss", "atom", "json"))
    assert rss == atom == as_json
    assert len(set(rss)) == len(rss) > 0
    assert all(each.startswith(f"{web.url}/p/") for each in rss)
    page = web.client().get(path).text
    for kind in ("rss+xml", "atom+xml", "feed+json"):
        assert f'<link rel="alternate" type="application/{kind}"' in page


def test_types_and_tags_are_what_readers_of_feeds_expect(web: WebServer) -> None:
    for form, kind in (("rss", "rss+xml"), ("atom", "atom+xml"), ("json", "feed+json")):
        answer = web.client().get(f"/papers.{form}")
        assert answer.headers["content-type"] == f"application/{kind}; charset=utf-8"
        tag = {"If-None-Match": answer.headers["etag"]}
        web.clock.move(minutes=5)
        again = web.client().get(f"/papers.{form}", headers=tag)
        assert (again.status_code, again.content) == (304, b"")


def test_a_json_feed_is_one_by_its_specification(web: WebServer) -> None:
    feed: dict[str, Any] = web.client().get("/papers/2026-02-18.json").json()
    assert feed["version"] == "https://jsonfeed.org/version/1.1"
    assert feed["feed_url"] == f"{web.url}/papers/2026-02-18.json"
    assert feed["home_page_url"] == f"{web.url}/papers/2026-02-18"
    assert feed["items"]
    for path in (*LISTS, "/papers/2026-03-15"):
        assert flaws(web.client().get(f"{path}.json").json()) == [], path
    assert flaws(web.client().get("/search.json", params={"q": "worlds"}).json()) == []


@pytest.mark.parametrize(
    ("change", "flaw"),
    [
        ({"version": "1"}, "feed: version can't be '1'"),
        ({"language": "e"}, "feed: language can't be 'e'"),
        ({"authors": [{}]}, "feed: authors can't be [{}]"),
        ({"colour": "red"}, "feed: nobody knows colour"),
        ({"items": [{"id": 1}]}, "item 0: id can't be 1"),
        ({"items": [{"id": "a"}]}, "item 0 has no content"),
        ({"items": [{"id": "a", "content_text": ""}] * 2}, "item 1: its id was there before"),
        (
            {"items": [{"id": "a", "content_text": "", "date_published": "17 March"}]},
            "item 0: date_published",
        ),
        ({"items": [{"id": "a", "content_text": "", "url": "/p/1"}]}, "item 0: url can't be '/p/1'"),
    ],
)
def test_the_rules_of_json_feed_find_what_breaks_them(change: dict[str, Any], flaw: str) -> None:
    sound: dict[str, Any] = {"version": VERSION, "title": "Papers", "items": [], "_ours": 1}
    assert flaws(sound) == []
    assert any(each.startswith(flaw) for each in flaws(sound | change))


def test_a_feed_holds_whatever_a_paper_says(web: WebServer) -> None:
    odd = "]]> <script>alert(1)</script> & \u202e\x0b ünï 𝕏"
    strange = entry("2603.00077", title=odd, abstract=odd, authors=(odd,), keywords=(odd,), categories=(odd,))
    store_entries(web.installation.engine, [strange], seen_at=NOW - timedelta(days=40))
    for form in ("rss", "atom", "json"):
        assert len(ids(web, f"/papers/2026-02-05.{form}")) == 1
    read = feedparser.parse(web.client().get("/papers/2026-02-05.atom").content)
    assert "ünï 𝕏" in read.entries[0].title


def test_a_list_without_papers_is_an_empty_feed(web: WebServer) -> None:
    assert ids(web, "/papers/2026-03-15.atom") == []
    assert web.client().get("/papers/2026-99.atom").status_code == 404
    assert web.client().get("/t/nothing.atom").status_code == 404
    assert web.client().get("/authors/nobody.rss").status_code == 404


def test_opml_lists_feeds_that_are_there(web: WebServer) -> None:
    root = ET.fromstring(web.client().get("/opml").content)
    feeds = [outline.attrib["xmlUrl"].removeprefix(web.url) for outline in root.iter("outline")]
    assert feeds[0] == "/papers.atom"
    assert "/t/llm.atom" in feeds
    assert all(web.client().get(feed).status_code == 200 for feed in feeds[:5])


def my_feed(web: WebServer, token_page: str) -> str:
    """Make a feed on somebody's page; returns its address without ending."""
    web.client().post(f"{token_page}/feed", data={"choice": "new"})
    page = web.client().get(token_page).text
    return page.split('href="/feed/')[1].split(".rss")[0]


def test_ones_own_feed_can_be_made_anew_and_ended(web: WebServer) -> None:
    reader = join(web.installation, "ada@example.org", filters=["agents"])
    page = link(web.installation, Purpose.ME, reader.id).removeprefix(web.url)
    first = my_feed(web, page)
    answer = web.client().get(f"/feed/{first}.json")
    assert [item["title"] for item in answer.json()["items"]] == ["Agents that plan"]
    assert answer.headers["cache-control"] == "no-store"
    tag = {"If-None-Match": answer.headers["etag"]}
    assert web.client().get(f"/feed/{first}.json", headers=tag).status_code == 304
    second = my_feed(web, page)
    assert second != first
    assert web.client().get(f"/feed/{first}.json").status_code == 404
    assert web.client().get(f"/feed/{second}.json").status_code == 200
    web.client().post(f"{page}/feed", data={"choice": "end"})
    assert web.client().get(f"/feed/{second}.json").status_code == 404


def test_the_feed_of_who_left_is_gone(web: WebServer) -> None:
    reader = join(web.installation, "ada@example.org")
    token = my_feed(web, link(web.installation, Purpose.ME, reader.id).removeprefix(web.url))
    preferences.leave(web.installation, reader.id, web.clock.now, goodbye=False)
    assert web.client().get(f"/feed/{token}.json").status_code == 404


_numbers = count(1)
TERMS = st.sampled_from(["agents", "legs", "robots", "plan", "study", "zebra", "worlds", "cat:cs.AI"])


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(wanted=st.lists(TERMS, max_size=3, unique=True), without=st.lists(TERMS, max_size=1))
def test_my_feed_holds_what_the_preview_does_in_its_order(
    web: WebServer, wanted: list[str], without: list[str]
) -> None:
    store_entries(web.installation.engine, [
        entry(f"2603.001{n:02}", title=f"{word} {n}", signals={SignalKind.UPVOTES: n * 7 % 40})
        for n, word in enumerate(["Agents", "Legs", "Robots", "Plan", "Worlds"] * 4)
    ])  # fmt: skip
    address = f"reader{next(_numbers)}@example.org"
    interests = read_interests((), filters=wanted, exclude=without)
    reader = join(web.installation, address, filters=wanted, exclude=without)
    token = my_feed(web, link(web.installation, Purpose.ME, reader.id).removeprefix(web.url))
    found = json.loads(web.client().get(f"/feed/{token}.json").text)
    shown = preview(web.installation, stranger(interests, NOW), NOW, web_candidates(web)).digest
    assert [item["id"].split("/p/")[1] for item in found["items"]] == [
        match.paper.id.removeprefix("arxiv:") for match in (shown.papers if shown else ())
    ]


def test_my_feed_and_my_email_hold_the_same_for_any_interests(web: WebServer) -> None:
    chance = random.Random(4)
    words = ["agents", "legs", "robots", "plan", "study", "zebra", "worlds", "cat:cs.AI", "model"]
    readers = [
        join(
            web.installation,
            f"feed{n}@example.org",
            filters=chance.sample(words, chance.randrange(3)),
            exclude=chance.sample(words, chance.randrange(2)),
            topics=chance.sample(["llm", "agents"], chance.randrange(2)),
        )
        for n in range(25)
    ]
    open_due(web.installation, web.clock.now)
    with session.reading(web.installation.engine) as db:
        rows = {
            row.subscriber_id: row for reader in readers for row in deliveries.of_subscriber(db, reader.id)
        }
        names = papers.canonical_ids(db, {pk for row in rows.values() for pk in row.papers})
    assert sum(bool(row.papers) for row in rows.values()) > 5
    for reader in readers:
        token = my_feed(web, link(web.installation, Purpose.ME, reader.id).removeprefix(web.url))
        items = web.client().get(f"/feed/{token}.json").json()["items"]
        mailed = [names[pk].removeprefix("arxiv:") for pk in rows[reader.id].papers]
        assert [item["id"].split("/p/")[1] for item in items] == mailed


def web_candidates(web: WebServer) -> Any:
    """The candidates that the site shows: it remembers them for some minutes."""
    from digest.pipeline.issues.candidates import read_candidates

    return read_candidates(web.installation, NOW)

"""Pages that need no link: the landing page, its preview, signing up, the API."""

import json
import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine

from digest.domain import SourceKind
from digest.pipeline.issues.preview import preview, stranger
from digest.pipeline.subscriptions.validate import read_interests
from digest.store import session, sources
from digest.store.monitoring import failures
from digest.store.subscriptions import interests, signups, subscribers
from tests.builders import NOW, entry
from tests.installations import installation, join, store_entries
from tests.web_server import WebServer, serving, stamp_in

AGENTS = entry("2603.00001", title="Agents that plan", categories=("cs.AI",))
ROBOTS = entry("2603.00002", title="Robots that walk", abstract="Legs and a language model.")


@pytest.fixture
def database_kind() -> str:
    """Pages know no database; what they stand on is tested on both."""
    return "sqlite"


@pytest.fixture
def web(engine: Engine, tmp_path: Path) -> Iterator[WebServer]:
    store_entries(engine, [AGENTS, ROBOTS])
    with serving(installation(engine, tmp_path), tmp_path) as server:
        yield server


def test_the_landing_page_shows_todays_papers_and_the_form(web: WebServer) -> None:
    page = web.client().get("/")
    assert page.status_code == 200
    assert "2 papers are trending now" in page.text
    (path,) = re.findall(r'<h3 dir="auto"><a href="(/p/[^"]+)">Agents that plan</a>', page.text)
    assert "<h1" in web.client().get(path).text
    assert 'autocomplete="email"' in page.text
    assert '1<span class="hidden"> paper this week</span>' in page.text


def test_a_day_has_its_page(web: WebServer) -> None:
    page = web.client().get(f"/papers/{NOW.date()}")
    assert page.status_code == 200
    assert "<h1>Tuesday 17 March 2026</h1>" in page.text
    assert page.text.count('<li class="paper">') == 2
    assert "No papers from this day are kept here" in web.client().get("/papers/2026-01-01").text


@pytest.mark.parametrize(
    "day",
    [
        *("2026-13-01", "today", "2031-01-01", "%00", "0001-01-01", "9999-12-31", "1899-12-31"),
        *("20260317", "2026-W12-2", "2026W122", "2026-3-17", "2026-03-17T08", "２０２６-03-17"),
    ],
)
def test_what_is_no_day_is_no_page(web: WebServer, day: str) -> None:
    assert web.client().get(f"/papers/{day}").status_code == 404


def test_fields_may_be_given_in_the_address(web: WebServer) -> None:
    page = web.client().get("/", params={"filters": "robots", "topics": "llm"}).text
    assert 'value="llm" checked' in page
    assert "1 paper would be in your digest now" in page
    assert "Agents that plan" not in page


@pytest.mark.parametrize("scripted", [True, False])
def test_a_preview_is_what_the_mail_would_hold(web: WebServer, scripted: bool) -> None:
    client = web.client(**({"HX-Request": "true"} if scripted else {}))
    form = {"filters": "agents\nlegs", "exclude": "walk", "email": "ada@example.org"}
    page = client.post("/preview", data=form).text
    assert ("<html" in page) is not scripted
    with session.reading(web.installation.engine) as db:
        chosen = read_interests(interests.topics(db), filters=["agents", "legs"], exclude=["walk"])
    found = preview(web.installation, stranger(chosen, NOW), NOW).digest
    assert found is not None
    assert [match.paper.title for match in found.papers] == ["Agents that plan"]
    assert "1 paper would be in your digest now" in page
    assert "<mark>Agents</mark> that plan" in page
    if not scripted:
        assert 'value="ada@example.org"' in page


def test_a_mistake_in_a_filter_is_marked_at_its_place_and_the_rest_is_shown(web: WebServer) -> None:
    page = (
        web.client()
        .post("/preview", data={"filters": "robots\nagents AND\ntittle:x", "exclude": "cat:cs.XX"})
        .text
    )
    assert 'id="filters-mistakes"' in page
    assert 'aria-invalid="true" aria-describedby="filters-hint filters-mistakes"' in page
    assert "<mark>tittle</mark>:x" in page
    assert "did you mean" in page
    assert "cs.XX" in page
    assert "Robots that walk" in page
    assert "agents AND\ntittle:x" in page  # what was typed stays


def test_what_is_typed_is_never_markup(web: WebServer) -> None:
    evil = '"><img src=x onerror=alert(1)>{{7*7}}'
    form = dict.fromkeys(("email", "filters", "exclude", "authors", "timezone", "at", "max_papers"), evil)
    for path in ("/preview", "/subscribe"):
        page = web.client().post(path, data=form | {"topics": evil}).text
        assert "<img" not in page
        assert "49" not in page.replace("&#34;", "").replace("&#39;", "")


def test_authors_are_filters_of_their_own(web: WebServer) -> None:
    page = web.client().post("/preview", data={"authors": "Ada Lovelace\n"}).text
    assert "2 papers would be in your digest now" in page


def test_signing_up_leads_to_the_inbox_and_asks_there(web: WebServer) -> None:
    client = web.client()
    form = {"filters": "agents", "topics": ["llm", "agents"], "frequency": "weekly", "weekday": "fri"}
    answer = web.sign_up(
        client, "ada@example.org", **form, at="07:30", timezone="Europe/Paris", max_papers="5"
    )
    assert (answer.status_code, answer.headers["location"]) == (303, "/check-inbox")
    assert client.get("/check-inbox").status_code == 200
    web.work()
    (path,) = web.links("confirm", "ada@example.org")
    assert "You are subscribed" in client.get(path).text
    with session.reading(web.installation.engine) as db:
        ada = subscribers.get(db, "ada@example.org")
    assert ada.interests.topics == ("llm", "agents")
    assert ada.interests.filters == ("agents",)
    assert ada.interests.max_papers == 5
    assert (ada.schedule.frequency, ada.schedule.weekday, str(ada.schedule.at)) == ("weekly", 4, "07:30:00")
    assert ada.schedule.timezone == "Europe/Paris"


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({"email": "nobody"}, "is not an e-mail address"),
        ({"email": ""}, "is not an e-mail address"),
        ({"filters": "(a"}, "filters-mistakes"),
        ({"topics": "nonsense"}, "there is no topic"),
        ({"timezone": "Europe/Pariss"}, "did you mean Europe/Paris?"),
        ({"at": "25:00"}, "is not a time of day"),
        ({"frequency": "hourly"}, "is none of daily"),
        ({"max_papers": "-1"}, "is not between 1 and 200"),
        ({"front": "many"}, "is not between 1 and 50"),
        ({"filters": "\n".join(["a"] * 101)}, "at most 100 lines"),
    ],
)
def test_a_mistake_is_told_and_loses_nothing_that_was_typed(
    web: WebServer, fields: dict[str, str], told: str
) -> None:
    answer = web.sign_up(web.client(), **({"email": "ada@example.org", "exclude": "survey"} | fields))
    assert answer.status_code == 422
    assert told in answer.text.replace("&#39;", "'")
    assert 'role="alert"' in answer.text
    assert "survey</textarea>" in answer.text
    web.work()
    assert web.mails() == []


def test_a_form_that_comes_back_too_quickly_is_shown_again_and_then_taken(web: WebServer) -> None:
    client = web.client()
    stamp = stamp_in(client.get("/").text)
    form = {"email": "ada@example.org", "stamp": stamp}
    web.clock.move(seconds=1)
    again = client.post("/subscribe", data=form)
    assert again.status_code == 422
    assert "press the button once more" in again.text
    web.clock.move(seconds=2)
    assert client.post("/subscribe", data=form | {"stamp": stamp_in(again.text)}).status_code == 303


@pytest.mark.parametrize("stamp", ["", "x" * 28, "AAAA"])
def test_a_form_without_its_stamp_is_given_a_new_one(web: WebServer, stamp: str) -> None:
    answer = web.client().post("/subscribe", data={"email": "ada@example.org", "stamp": stamp})
    assert answer.status_code == 422
    assert stamp_in(answer.text) != stamp


def test_the_hidden_field_catches_who_fills_in_everything(web: WebServer) -> None:
    caught = web.sign_up(web.client(), "ada@example.org", website="https://spam.example")
    assert (caught.status_code, caught.headers["location"]) == (303, "/check-inbox")
    with session.reading(web.installation.engine) as db:
        assert signups.of_address(db, "ada@example.org") == []


def test_the_api_takes_a_subscription_and_answers_the_same_to_all(web: WebServer) -> None:
    body = {
        "email": "ada@example.org",
        "topics": ["llm"],
        "filters": ["agents"],
        "timezone": "Europe/Paris",
        "at": "09:00",
    }
    first = web.client().post("/api/v1/subscriptions", json=body)
    web.work()
    second = web.client().post("/api/v1/subscriptions", json=body)
    assert first.status_code == second.status_code == 202
    assert first.content == second.content
    (path,) = web.links("confirm")
    assert "One more click" in web.client().get(path).text
    assert "You are subscribed" in web.client().post(path).text


@pytest.mark.parametrize(
    "body",
    [
        {"email": "nobody"},
        {"email": "ada@example.org", "filters": ["(a"]},
        {"email": "ada@example.org", "topics": ["nonsense"]},
        {"email": "ada@example.org", "at": "noon"},
        {"email": "ada@example.org", "filters": ["a"] * 101},
        {"email": "ada@example.org", "more": 1},
        {},
    ],
)
def test_the_api_tells_problems_as_json(web: WebServer, body: dict[str, object]) -> None:
    answer = web.client().post("/api/v1/subscriptions", json=body)
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["status"] == 422
    assert "ada@example.org" not in answer.text


def test_who_signs_up_by_the_api_can_want_mails_on_quiet_days(web: WebServer) -> None:
    body = {"email": "ada@example.org", "quiet_days": True}
    assert web.client().post("/api/v1/subscriptions", json=body).status_code == 202
    web.work()
    web.client().post(web.links("confirm")[0])
    with session.reading(web.installation.engine) as db:
        assert subscribers.get(db, "ada@example.org").schedule.quiet_days


def test_the_api_takes_no_form_that_another_site_could_send(web: WebServer) -> None:
    for content in ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x"):
        answer = web.client().post(
            "/api/v1/subscriptions",
            content=json.dumps({"email": "ada@example.org"}),
            headers={"Content-Type": content},
        )
        assert answer.status_code == 422


def test_the_api_previews_as_the_command_line_does(web: WebServer) -> None:
    answer = web.client().post("/api/v1/preview", json={"filters": ["agents"]}).json()
    assert answer["skip_reason"] is None
    assert answer["subject"].startswith("Agents that plan")
    (paper,) = answer["papers"]
    assert paper["id"] == "arxiv:2603.00001"
    assert paper["reasons"][0]["kind"] == "filter"
    nothing = web.client().post("/api/v1/preview", json={"filters": ["zebra"]}).json()
    assert nothing == {"subject": None, "skip_reason": "nothing matched", "papers": [], "withdrawn": []}


def test_the_api_describes_itself(web: WebServer) -> None:
    described = web.client().get("/api/v1/openapi.json").json()
    assert set(described["paths"]) >= {"/api/v1/subscriptions", "/api/v1/preview"}
    assert not any(path.startswith("/u/") for path in described["paths"])


def test_a_site_says_whether_it_lives_and_is_ready(web: WebServer) -> None:
    assert web.client().get("/healthz").text == "ok\n"
    ready = web.client().get("/readyz")
    assert (ready.status_code, ready.json()["ready"]) == (200, True)
    web.sign_up(web.client(), "ada@example.org")
    from digest.pipeline.subscriptions import signup

    signup.settle(web.installation, web.clock.now)
    web.clock.move(hours=2)
    late = web.client().get("/readyz")
    assert late.status_code == 503
    assert late.json()["parts"]["queue"] == "mails have waited for more than an hour"


def test_a_site_is_not_ready_when_nobody_prepares_digests(web: WebServer) -> None:
    join(web.installation, "ada@example.org", now=web.clock.now - timedelta(hours=1))
    assert web.client().get("/readyz").status_code == 200
    web.clock.move(hours=26)
    late = web.client().get("/readyz")
    assert late.status_code == 503
    assert late.json()["parts"]["issues"] == "digests that were due more than an hour ago aren't prepared"


def test_sources_that_fail_and_things_set_aside_are_warnings(web: WebServer) -> None:
    with session.transaction(web.installation.engine) as db:
        sources.add(db, name="feed", kind=SourceKind.FEED, url="https://feed.example.org/rss")
        later = web.clock.now + timedelta(hours=1)
        sources.failed(db, "feed", now=web.clock.now, error="HTTP 500", next_fetch_at=later)
        failures.note(db, "sign-up", "7", "KeyError", web.clock.now)
    answer = web.client().get("/readyz")
    assert (answer.status_code, answer.json()["ready"]) == (200, True)
    assert answer.json()["warnings"] == ["sources", "failures"]
    assert answer.json()["parts"]["failures"] == "set aside because it failed: sign-up"


def test_every_page_is_whole_html_with_what_it_needs(web: WebServer) -> None:
    for path in (
        "/",
        "/about",
        "/privacy",
        "/check-inbox",
        "/nothing-here",
        "/confirm/x",
        "/u/x",
        "/prefs/x",
    ):
        page = web.client().get(path)
        assert page.text.startswith("<!doctype html>"), path
        assert page.text.count("<h1>") == 1, path
        assert page.text.rstrip().endswith("</html>"), path
        assert " style=" not in page.text, path
        assert "://" not in page.text.replace('xmlns="http://', "") or path == "/", path


def test_a_filter_is_read_back_where_it_is_often_meant_otherwise(web: WebServer) -> None:
    page = web.client().get("/", params={"filters": "agents and robots\nplan"}).text
    assert "“and” is read as a word; the operator is AND, in capitals." in page
    assert page.count('class="note read-back"') == 1
    mistaken = web.client().get("/", params={"filters": "legs AND ("}).text
    assert 'class="note read-back"' not in mistaken

"""Signing in by a mailed link: once, for minutes, the same answer for everybody; what a session may do."""

import re
from datetime import timedelta
from pathlib import Path

import httpx2
import pytest
from sqlalchemy import Engine, text

from digest.domain import Actor, Subscriber
from digest.pipeline.community import audit, sessions, undo
from digest.pipeline.installation import acting
from digest.pipeline.mail.links import signin_link
from digest.pipeline.subscriptions import admin, expiry, preferences
from tests.installations import installation, join
from tests.statements import statements
from tests.web_server import WebServer, serving

ADA, EVE = "ada@example.org", "eve@example.org"


@pytest.fixture
def database_kind() -> str:
    """Pages differ in no way by the database; what is kept has tests on both."""
    return "sqlite"


@pytest.fixture
def ada(web: WebServer) -> Subscriber:
    return join(web.installation, ADA)


def ask(web: WebServer, client: httpx2.Client, email: str = ADA, next_path: str = "") -> httpx2.Response:
    answer = client.post("/signin", data={"email": email, "next": next_path})
    web.work()
    return answer


def new_link(web: WebServer, client: httpx2.Client, email: str = ADA, next_path: str = "") -> str:
    """Ask, and return the path of the link that was mailed for it."""
    before = set(web.links("signin"))
    assert ask(web, client, email, next_path).status_code == 200
    (link,) = set(web.links("signin")) - before
    return link


def sign_in(web: WebServer, email: str = ADA, next_path: str = "") -> httpx2.Client:
    """A browser in which somebody is signed in by the link that was mailed to them."""
    client = web.client()
    answer = client.post(new_link(web, client, email, next_path))
    assert answer.status_code == 303, answer.text
    return client


def csrf(client: httpx2.Client) -> str:
    found = re.search(r'name="csrf" value="([^"]+)"', client.get("/me").text)
    assert found
    return found[1]


def give_role(web: WebServer, email: str, role: str) -> None:
    planned = admin.planned(web.installation, preferences.by_address(web.installation, email), {"role": role})
    admin.carry_out(web.installation, planned, web.clock.now)


def test_a_mailed_link_signs_in_and_leads_back(web: WebServer, ada: Subscriber) -> None:
    client = web.client()
    assert client.get("/me").headers["location"] == "/signin?next=/me"
    link = new_link(web, client, next_path="/papers")
    assert "Sign in" in client.get(link).text
    assert client.get("/me").status_code == 303  # looking at the link changes nothing
    answer = client.post(link)
    assert (answer.status_code, answer.headers["location"]) == (303, "/papers")
    cookie = answer.headers["set-cookie"]
    assert {"HttpOnly", "Path=/", "SameSite=lax"} <= {part.strip() for part in cookie.split(";")}
    assert "Signed in as" in client.get("/me").text
    assert ADA not in client.get("/me").text


def test_over_https_the_cookie_is_bound_to_the_host(tmp_path: Path, engine: Engine) -> None:
    here = installation(engine, tmp_path)
    with serving(here, tmp_path, base_url="https://papers.example.org") as web:
        join(web.installation, ADA)
        client = web.client()
        cookie = client.post(new_link(web, client)).headers["set-cookie"]
    assert cookie.startswith("__Host-session=")
    assert "Secure" in cookie
    assert "Domain" not in cookie


def test_the_answer_is_the_same_for_everybody(web: WebServer, ada: Subscriber) -> None:
    gone = join(web.installation, "gone@example.org")
    preferences.leave(web.installation, gone.id, web.clock.now, goodbye=False)
    answers = [ask(web, web.client(), email) for email in (ADA, "nobody@example.org", "gone@example.org")]
    assert len({answer.text for answer in answers}) == 1
    assert {answer.status_code for answer in answers} == {200}
    assert len(web.links("signin")) == 2  # none for a stranger


def test_a_link_works_once_and_for_ten_minutes(web: WebServer, ada: Subscriber) -> None:
    client = web.client()
    link = new_link(web, client)
    assert client.post(link).status_code == 303
    assert web.client().post(link).status_code == 404
    late = new_link(web, client)
    web.clock.move(minutes=11)
    assert client.get(late).status_code == 404
    assert client.post(late).status_code == 404
    forged = signin_link(web.installation, 1, web.clock.now + timedelta(minutes=5)).removeprefix(web.url)
    assert web.client().post(forged[:-1] + "x").status_code == 404


def test_a_session_that_somebody_planted_isn_t_the_one_that_begins(web: WebServer, ada: Subscriber) -> None:
    planted = "x" * 65
    client = web.client()
    client.cookies.set("session", planted, domain="127.0.0.1")
    client.post(new_link(web, client))
    assert web.client(cookie=f"session={planted}").get("/me").status_code == 303
    first = client.cookies["session"]
    client.post(new_link(web, client))
    assert client.cookies["session"] != first
    assert web.client(cookie=f"session={first}").get("/me").status_code == 303  # signing in again ended it


def test_a_forged_cookie_costs_no_look_into_the_database(web: WebServer, ada: Subscriber) -> None:
    anonymous = web.client().get("/topics")
    ended = sign_in(web).cookies["session"]
    sessions.end(web.installation, ada.id, web.clock.now)
    forged = [ended[:-1] + ("x" if ended[-1] != "x" else "y"), "x" * 65, "x" * 43, ""]
    with statements(web.installation.engine) as asked:
        for cookie in forged:
            answer = web.client(cookie=f"session={cookie}").get("/topics")
            assert (answer.text, answer.headers["etag"]) == (anonymous.text, anonymous.headers["etag"])
    assert not [each for each in asked if "sessions" in each]
    answer = web.client(cookie=f"session={ended}").get("/topics")  # ours, but over: looked up, and nobody's
    assert (answer.text, answer.headers["etag"]) == (anonymous.text, anonymous.headers["etag"])


def test_only_the_hash_of_a_cookie_is_kept(web: WebServer, ada: Subscriber) -> None:
    cookie = sign_in(web).cookies["session"]
    with web.installation.engine.connect() as connection:
        kept = str(connection.execute(text("SELECT * FROM sessions")).all())
    assert cookie not in kept


def test_a_session_ends_thirty_days_after_its_last_use(web: WebServer, ada: Subscriber) -> None:
    client = sign_in(web)
    for _ in range(3):
        web.clock.move(days=29)
        assert client.get("/me").status_code == 200
    web.clock.move(days=31)
    assert client.get("/me").status_code == 303
    expiry.keep_up(web.installation, web.clock.now)
    assert sessions.listing(web.installation, ada.id, web.clock.now - timedelta(days=20)) == []


def test_sessions_are_ended_one_by_one_or_all(web: WebServer, ada: Subscriber) -> None:
    laptop, phone = sign_in(web), sign_in(web)
    join(web.installation, EVE)
    eve = sign_in(web, EVE)
    listed = sessions.listing(web.installation, ada.id, web.clock.now)
    assert len(listed) == 2
    eves = sessions.listing(web.installation, preferences.by_address(web.installation, EVE).id, web.clock.now)
    laptop.post("/me/sessions", data={"csrf": csrf(laptop), "session": str(eves[0].id)})
    assert eve.get("/me").status_code == 200  # nobody ends another's
    other = max(each.id for each in listed)
    laptop.post("/me/sessions", data={"csrf": csrf(laptop), "session": str(other)})
    assert (laptop.get("/me").status_code, phone.get("/me").status_code) == (200, 303)
    laptop.post("/me/sessions", data={"csrf": csrf(laptop), "session": "all"})
    assert laptop.get("/me").status_code == 303


@pytest.mark.parametrize("path", ["/me", "/me/sessions", "/signin/out"])
def test_a_form_without_the_token_of_its_session_is_refused(
    web: WebServer, ada: Subscriber, path: str
) -> None:
    client = sign_in(web)
    join(web.installation, EVE)
    eve = sign_in(web, EVE)
    for token in ("", "x", csrf(eve)):
        answer = client.post(path, data={"csrf": token, "session": "all", "display_name": "Eve"})
        assert answer.status_code == 403, token
    cross = {"sec-fetch-site": "cross-site"}
    assert client.post(path, data={"csrf": csrf(client)}, headers=cross).status_code == 403
    assert client.get("/me").status_code == 200
    assert preferences.by_address(web.installation, ADA).display_name == ""


def test_a_change_of_role_ends_open_sessions_and_so_does_its_undo(web: WebServer, ada: Subscriber) -> None:
    client = sign_in(web)
    give_role(web, ADA, "curator")
    assert client.get("/me").status_code == 303
    client = sign_in(web)
    assert "curator" in client.get("/me").text
    operator = acting(web.installation, Actor("cli:op", "cli"))
    given = next(e for e in audit.listing(web.installation) if e.act == "subscriber.edit")
    undo.undo(operator, given.id, web.clock.now)
    assert client.get("/me").status_code == 303


def test_pages_of_who_is_signed_in_are_kept_by_nobody(web: WebServer, ada: Subscriber) -> None:
    client = sign_in(web)
    for path in ("/", "/papers", "/me"):
        answer = client.get(path)
        assert "no-store" in answer.headers["cache-control"], path
        assert "Your page" in answer.text
        assert "~the-stamp" not in answer.text
    stranger = web.client().get("/papers")
    assert "Your page" not in stranger.text
    assert "csrf" not in stranger.text


@pytest.mark.parametrize(
    "path", ["//evil.example", "https://evil.example", "/\\evil.example", "javascript:x"]
)
def test_nobody_is_led_to_another_site(web: WebServer, ada: Subscriber, path: str) -> None:
    client = web.client()
    assert client.post(new_link(web, client, next_path=path)).headers["location"] == "/me"


def test_a_name_is_chosen_shown_and_refused_where_it_is_another_s(web: WebServer, ada: Subscriber) -> None:
    client = sign_in(web)
    assert client.post("/me", data={"csrf": csrf(client), "display_name": "Ada L."}).status_code == 303
    assert 'value="Ada L."' in client.get("/me").text
    refused = client.post("/me", data={"csrf": csrf(client), "display_name": "Admin"})
    assert (refused.status_code, "reserved" in refused.text) == (422, True)
    made = audit.listing(web.installation)[0]
    assert (made.act, made.actor, made.via) == ("subscriber.name", f"subscriber:{ada.id}", "web")
    assert re.fullmatch("[0-9a-f]{16}", made.network)


def test_one_network_can_t_ask_without_end(web: WebServer, ada: Subscriber) -> None:
    codes = {web.client().post("/signin", data={"email": f"x{n}@example.org"}).status_code for n in range(22)}
    assert codes == {200, 429}


def test_one_mailbox_gets_few_links(web: WebServer, ada: Subscriber) -> None:
    for _ in range(5):
        ask(web, web.client())
    assert len(web.links("signin")) == 3

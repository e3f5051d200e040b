"""The pages where papers are proposed and curated: who may do what, and what is hostile in what they show."""

import re
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx2
import pytest
from sqlalchemy import Engine

from digest.domain import HideReason, ProposalState, Role
from digest.pipeline.community import audit, moderation, picks, reports, submissions, tokens
from digest.store import session
from digest.store.subscriptions import subscribers
from tests.builders import entry
from tests.installations import installation, join, store_entries
from tests.proposed import arxiv, asking
from tests.source_server import SourceServer
from tests.web.test_sessions import csrf, sign_in
from tests.web_server import WebServer, serving, stamp_in

ADA, BOB, CORA = "ada@example.org", "bob@example.org", "cora@example.org"
ID, HERE = "2603.09999", "2603.00001"
TITLE = "Quotes &quot;&lt;script&gt;alert(1)&lt;/script&gt; and math"


@pytest.fixture
def database_kind() -> str:
    """What is kept has tests on both databases."""
    return "sqlite"


@pytest.fixture
def web(engine: Engine, tmp_path: Path) -> Iterator[WebServer]:
    with SourceServer() as server:
        server.serve("/api/query", arxiv((ID, TITLE)))
        with serving(asking(installation(engine, tmp_path), server), tmp_path) as web:
            listed = [entry(HERE, title="Agents that plan"), entry("2603.00002", title="Robots")]
            store_entries(engine, listed, seen_at=web.clock.now - timedelta(hours=1))
            for email in (ADA, BOB, CORA):
                join(web.installation, email)
            set_role(web, Role.CURATOR)
            yield web


def set_role(web: WebServer, role: Role) -> None:
    with session.transaction(web.installation.engine) as db:
        subscribers.set_role(db, subscribers.get(db, CORA).id, role)


def post(client: httpx2.Client, address: str, **fields: str) -> httpx2.Response:
    return client.post(address, data={"csrf": csrf(client)} | fields)


def proposed(client: httpx2.Client, typed: str = ID) -> str:
    """Propose a paper; the address of the proposal."""
    answer = post(client, "/submit", paper=typed, tell="1")
    assert answer.status_code == 303, answer.text
    address = str(answer.headers["location"])
    for _ in range(100):  # it is looked up after the answer has left
        if "being looked up" not in client.get("/submit").text:
            break
        time.sleep(0.05)
    return address


ACTS = {
    "/curate/pick": {"paper": HERE, "note": "x"},
    "/curate/unpick": {"paper": HERE},
    "/curate/order": {"day": "2026-03-17", f"place:arxiv:{HERE}": "2"},
    "/curate/hide": {"paper": HERE, "reason": "spam"},
    "/curate/unhide": {"paper": HERE},
    "/curate/accept": {"number": "1"},
    "/curate/reject": {"number": "1", "words": "x"},
    "/curate/settle": {"number": "1"},
}


@pytest.mark.parametrize("address", ACTS)
def test_only_a_curator_curates_and_a_role_taken_away_acts_no_more(web: WebServer, address: str) -> None:
    assert web.client().post(address, data=ACTS[address]).status_code == 303  # to sign in
    ada, cora = sign_in(web, ADA), sign_in(web, CORA)
    assert post(ada, address, **ACTS[address]).status_code == 403
    assert cora.post(address, data=ACTS[address] | {"csrf": "forged"}).status_code == 403
    foreign = cora.post(
        address, data=ACTS[address] | {"csrf": csrf(cora)}, headers={"Sec-Fetch-Site": "cross-site"}
    )
    assert foreign.status_code == 403
    token = csrf(cora)
    set_role(web, Role.READER)
    assert cora.post(address, data=ACTS[address] | {"csrf": token}).status_code in {303, 403}
    assert cora.get("/curate").status_code in {303, 403}
    done = {each.act.partition(".")[0] for each in audit.listing(web.installation)}
    assert done <= {"session", "subscriber"}
    assert picks.picked_on(web.installation, web.clock.now.date(), web.clock.now) == []


def test_a_get_changes_nothing(web: WebServer) -> None:
    cora = sign_in(web, CORA)
    before = len(audit.listing(web.installation))
    for address in (*ACTS, "/submit?paper=2603.09999", "/report?paper=2603.00001"):
        cora.get(address)
    assert len(audit.listing(web.installation)) == before


def test_a_proposal_is_its_proposers_and_the_curators(web: WebServer) -> None:
    ada, bob, cora = (sign_in(web, email) for email in (ADA, BOB, CORA))
    address = proposed(ada)
    page = ada.get(address).text
    assert "<script>alert" not in page
    assert bob.get(address).status_code == 404
    assert post(bob, address, do="send").status_code == 404
    assert cora.get(address).status_code == 200
    assert post(cora, address, do="send").status_code == 403
    assert post(ada, address, do="send").status_code == 303
    assert "<script>alert" not in cora.get("/curate").text
    assert post(cora, "/curate/accept", number="1").headers["location"] == "/curate?done=accept"
    assert submissions.get(web.installation, 1).state is ProposalState.ACCEPTED
    assert "was accepted" in ada.get(address).text
    assert "Your proposals" in ada.get("/submit").text


@pytest.mark.parametrize(
    "address", ["/submit/0", "/submit/99999999999999999999", "/submit/x", "/report", "/report?paper=nothing"]
)
def test_what_isnt_there_is_no_page(web: WebServer, address: str) -> None:
    assert sign_in(web, CORA).get(address).status_code == 404


@pytest.mark.parametrize(
    "typed",
    ["", "x", "http://127.0.0.1:1/\r\nX: y", "http://[::1]/", "http://localhost/", "file:///etc/passwd"],
)
def test_what_names_no_paper_is_told_at_its_field(web: WebServer, typed: str) -> None:
    if "127.0.0.1" in typed:
        typed = "http://192.168.0.1/x"
    answer = post(sign_in(web, ADA), "/submit", paper=typed)
    assert answer.status_code == 422
    assert re.search(r'id="paper"[^>]*aria-invalid="true"', answer.text)
    assert submissions.listing(web.installation) == []


@pytest.mark.parametrize(
    ("address", "fields", "said"),
    [
        ("/curate/pick", {"paper": "nothing", "note": ""}, "no paper"),
        ("/curate/pick", {"paper": HERE, "note": "see https://x.example"}, "no link"),
        ("/curate/pick", {"paper": HERE, "note": "", "day": "2026-02-30"}, "is no day"),
        ("/curate/hide", {"paper": HERE, "reason": "because"}, "is no reason"),
        ("/curate/accept", {"number": "1e3"}, "is no number"),
        ("/curate/reject", {"number": "1", "words": ""}, "needs a reason"),
        ("/curate/order", {"day": "2026-03-17", f"place:arxiv:{HERE}": "-1"}, "from 1 to 999"),
        ("/curate/settle", {"number": "7"}, "no report 7"),
    ],
)
def test_a_mistake_of_a_curator_is_told_in_words(
    web: WebServer, address: str, fields: dict[str, str], said: str
) -> None:
    answer = post(sign_in(web, CORA), address, **fields)
    assert answer.status_code in {404, 422}
    assert said in answer.text


def test_an_act_leads_back_to_a_page_of_this_site_only(web: WebServer) -> None:
    cora = sign_in(web, CORA)
    for back, leads in ((f"/p/{HERE}", f"/p/{HERE}"), ("//evil.example/x", "/me"), ("", "/me")):
        answer = post(cora, "/curate/pick", paper=HERE, note="x", back=back)
        assert answer.headers["location"] == leads


def test_what_a_curator_does_is_seen_on_the_next_request(web: WebServer) -> None:
    visitor, cora = web.client(), sign_in(web, CORA)
    assert "Picked today" not in visitor.get("/papers").text
    post(cora, "/curate/pick", paper=HERE, note="Read <b>this</b>.")
    assert "Read &lt;b&gt;this&lt;/b&gt;." in visitor.get("/papers").text
    post(cora, "/curate/hide", paper=HERE, reason="spam", words="")
    for address in ("/papers", "/papers.rss", "/papers.json", "/", "/search?q=agents"):
        assert "Agents that plan" not in visitor.get(address).text, address
    assert visitor.get(f"/p/{HERE}").status_code == 410
    post(cora, "/curate/unhide", paper=HERE)
    assert "Agents that plan" in visitor.get("/papers").text


def test_a_report_waits_for_a_curator(web: WebServer) -> None:
    ada, cora = sign_in(web, ADA), sign_in(web, CORA)
    assert f'href="/report?paper=arxiv%3A{HERE}"' in web.client().get(f"/p/{HERE}").text
    assert post(ada, "/report", paper=HERE, about="paper", words="<i>no paper</i>").status_code == 200
    assert "&lt;i&gt;no paper&lt;/i&gt;" in cora.get("/curate").text
    post(cora, "/curate/settle", number="1")
    assert reports.unsettled(web.installation) == []


def test_a_visitor_reports_by_a_form_of_ours_and_not_in_a_hurry(web: WebServer) -> None:
    visitor = web.client()
    form = {"paper": HERE, "about": "paper", "words": "<b>spam</b>"}
    page = visitor.get(f"/report?paper={HERE}").text
    assert "csrf" not in page
    stamp = stamp_in(page)
    assert visitor.post("/report", data=form).status_code == 422  # no stamp
    assert visitor.post("/report", data=form | {"stamp": stamp}).status_code == 422  # at once
    web.clock.move(seconds=20)
    foreign = visitor.post("/report", data=form | {"stamp": stamp}, headers={"Sec-Fetch-Site": "cross-site"})
    assert foreign.status_code == 403
    robot = visitor.post("/report", data=form | {"stamp": stamp, "website": "x"})
    assert (robot.status_code, reports.unsettled(web.installation)) == (200, [])
    assert visitor.post("/report", data=form | {"stamp": stamp}).status_code == 200
    (waiting,) = reports.unsettled(web.installation)
    assert (waiting.words, waiting.by) == ("<b>spam</b>", "")
    cora = sign_in(web, CORA)
    assert "&lt;b&gt;spam&lt;/b&gt;" in cora.get("/curate").text
    post(cora, "/curate/settle", number=str(waiting.id))
    assert reports.unsettled(web.installation) == []


def test_no_address_is_shown_to_anybody(web: WebServer) -> None:
    ada, cora = sign_in(web, ADA), sign_in(web, CORA)
    post(ada, proposed(ada), do="send")
    post(ada, "/report", paper=HERE, about="paper", words="x")
    moderation.hide(web.installation, "2603.00002", HideReason.SPAM, now=web.clock.now)
    page = cora.get("/curate").text
    assert "a reader" in page
    assert not re.search(r"[\w.]+@example", page)


def test_the_whole_life_by_the_api(web: WebServer) -> None:
    def caller(email: str, scope: Role) -> httpx2.Client:
        made = tokens.create(web.installation, email, label="a bot", scope=scope, now=web.clock.now)
        return web.client(authorization=f"Bearer {made[1]}")

    ada, bob, cora = caller(ADA, Role.READER), caller(BOB, Role.READER), caller(CORA, Role.CURATOR)
    number = ada.post("/api/v1/proposals", json={"paper": ID}).json()["id"]
    found = _until_looked_up(ada, number)
    assert (found["state"], found["found_at"], found["found"]["arxiv_id"]) == ("ready", "arXiv", ID)
    assert bob.get(f"/api/v1/proposals/{number}").status_code in {404, 422}
    assert bob.post(f"/api/v1/proposals/{number}/send").status_code in {404, 422}
    assert ada.post(f"/api/v1/proposals/{number}/accept", json={}).status_code == 403
    assert ada.post(f"/api/v1/proposals/{number}/send").json()["state"] == "pending"
    assert cora.get(f"/api/v1/proposals/{number}").json()["state"] == "pending"
    assert cora.post(f"/api/v1/proposals/{number}/accept", json={}).json()["state"] == "accepted"
    assert ada.get(f"/api/v1/proposals/{number}").json()["paper"] == f"arxiv:{ID}"
    assert cora.post(f"/api/v1/papers/{ID}/pick", json={"note": "Read it."}).json()["picked"] is True
    assert "Read it." in web.client().get("/papers").text
    assert ada.post(f"/api/v1/papers/{ID}/vote").json()["voted"] is True
    assert cora.post(f"/api/v1/papers/{ID}/hide", json={"reason": "spam"}).json()["hidden"] is True
    assert web.client().get(f"/p/{ID}").status_code == 410
    assert cora.delete(f"/api/v1/papers/{ID}/hide").json()["hidden"] is False
    assert "Read it." in web.client().get("/papers").text
    assert ada.post(f"/api/v1/proposals/{number}/withdraw").status_code == 422


def _until_looked_up(client: httpx2.Client, number: int) -> dict[str, Any]:
    for _ in range(100):
        found: dict[str, Any] = client.get(f"/api/v1/proposals/{number}").json()
        if found["state"] != "fetching":
            return found
        time.sleep(0.05)
    return found

"""A subscriber's own page: saved papers, digests, votes, and why a paper wasn't in one."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import Engine

from digest.domain import SignalKind, Subscriber
from digest.pipeline.community import votes
from digest.pipeline.mail.links import Purpose, link, mail_links
from digest.pipeline.runner import run_round
from digest.pipeline.subscriptions import personal_data
from tests.builders import entry
from tests.installations import installation, join, store_entries
from tests.web_server import WebServer, serving

AGENTS = entry(title="Agents that plan")
LEGS = entry("2603.00002", title="Legs")


@pytest.fixture
def web(engine: Engine, tmp_path: Path) -> Iterator[WebServer]:
    with serving(installation(engine, tmp_path), tmp_path) as server:
        store_entries(server.installation.engine, [AGENTS, LEGS])
        yield server


@pytest.fixture
def ada(web: WebServer) -> Subscriber:
    return join(web.installation, "ada@example.org", filters=["agents"])


def path(web: WebServer, owner: Subscriber, purpose: Purpose = Purpose.ME) -> str:
    return link(web.installation, purpose, owner.id).removeprefix(web.url)


def test_a_paper_is_saved_exported_and_removed(web: WebServer, ada: Subscriber) -> None:
    client, save = web.client(), path(web, ada, Purpose.SAVE)
    assert "Save this paper?" in client.get(save, params={"paper": "2603.00001"}).text
    assert "None yet. Each paper" in client.get(path(web, ada)).text
    for _ in range(2):
        assert "You saved this paper" in client.post(save, data={"paper": "2603.00001"}).text
    assert client.get(path(web, ada)).text.count("Agents that plan</a>") == 1
    assert client.get(f"{path(web, ada)}/saved.bib").text.startswith("@misc{lovelace2026agents,")
    assert client.get(f"{path(web, ada)}/saved.ris").text.startswith("TY  - UNPB")
    assert client.get(f"{path(web, ada)}/saved.json").json()[0]["title"] == "Agents that plan"
    assert personal_data.export(web.installation, ada.id)["saved"][0]["paper"] == "arxiv:2603.00001"
    assert client.post(f"{path(web, ada)}/unsave", data={"paper": "2603.00001"}).status_code == 303
    assert "Agents that plan</a>" not in client.get(path(web, ada)).text


def test_nobody_elses_link_opens_it(web: WebServer, ada: Subscriber) -> None:
    token = path(web, ada, Purpose.PREFERENCES).rpartition("/")[2]
    assert web.client().get(f"/me/{token}").status_code == 404
    assert web.client().get("/me/nobody").status_code == 404
    answer = web.client().get(path(web, ada))
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["x-robots-tag"] == "noindex, nofollow"


def test_why_a_paper_was_not_in_it_is_told_in_words(web: WebServer, ada: Subscriber) -> None:
    page = web.client().get(path(web, ada), params={"paper": "https://arxiv.org/abs/2603.00002"}).text
    assert "It isn’t in the digest that you would get now, because:" in page
    assert "agents" in page
    page = web.client().get(path(web, ada), params={"paper": "2603.00001"}).text
    assert "It is in the digest that you would get now." in page
    page = web.client().get(path(web, ada), params={"paper": "<b>nothing</b>"}).text
    assert "No source has carried this paper here." in page
    assert "<b>nothing" not in page


def test_digests_and_votes_are_listed_as_they_were(web: WebServer, ada: Subscriber) -> None:
    run_round(web.installation, web.clock.now, fetch=False)
    votes.vote(web.installation, ada.id, votes.paper(web.installation, "2603.00002"), web.clock.now)
    page = web.client().get(path(web, ada)).text
    assert f'href="{path(web, ada)}/digests/2026-03-17">Tuesday 17 March 2026</a>, 1 paper' in page
    assert "Legs</a>" in page
    read_on_the_web = mail_links(web.installation, ada.id, issue_date=web.clock.now.date()).web
    assert read_on_the_web.endswith(f"{path(web, ada)}/digests/2026-03-17")
    digest = web.client().get(f"{path(web, ada)}/digests/2026-03-17").text
    assert "<mark>Agents</mark> that plan</a>" in digest
    assert "Legs</a>" not in digest
    for day in ("2026-03-16", "20260317", "x"):
        assert web.client().get(f"{path(web, ada)}/digests/{day}").status_code == 404


def test_the_mail_leads_to_saving_and_to_ones_page(web: WebServer, ada: Subscriber) -> None:
    run_round(web.installation, web.clock.now, fetch=False)
    mail = web.mails("ada@example.org")[0]
    assert link(web.installation, Purpose.ME, ada.id) in mail
    assert web.client().get(path(web, ada)).status_code == 200


def test_a_digest_stays_as_it_was_sent(web: WebServer, ada: Subscriber) -> None:
    noticed = replace(AGENTS, signals={SignalKind.UPVOTES: 12})
    store_entries(web.installation.engine, [noticed])
    run_round(web.installation, web.clock.now, fetch=False)
    web.clock.move(days=1)
    grown = replace(AGENTS, signals={SignalKind.UPVOTES: 999})
    store_entries(web.installation.engine, [grown], seen_at=web.clock.now)
    page = web.client().get(f"{path(web, ada)}/digests/2026-03-17").text
    assert "▲12" in page
    assert "999" not in page
    assert "</span> 999<" in web.client().get("/papers/2026-03-17").text

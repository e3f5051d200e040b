"""The whole life of a proposed paper in a real browser, with JavaScript and without, and axe on its pages."""

import os
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect
from sqlalchemy import Engine

from digest.domain import ReportAbout, Role
from digest.pipeline.community import audit, picks, reports, submissions, votes
from digest.pipeline.community.proposals import fetching
from digest.pipeline.community.undo import undo
from digest.pipeline.delivery.worker import DeliveryWorker
from digest.pipeline.issues.open import open_due
from digest.pipeline.mail.links import Purpose, link
from digest.store import session
from digest.store.subscriptions import subscribers
from tests.browser import aside, violations
from tests.builders import entry
from tests.installations import installation, join, store_entries
from tests.proposed import arxiv, asking
from tests.source_server import SourceServer
from tests.web_server import WebServer, serving

pytestmark = pytest.mark.browser
SCRIPTS = pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "no-scripts"])
PICTURES = Path(os.environ.get("PICTURES_DIR", "data/pictures"))
READER, CURATOR = "ada@example.org", "cora@example.org"
ID, TITLE, NOTE = "2603.09999", "A paper that somebody proposes", "Read this one for the ablation."


@pytest.fixture
def database_kind() -> str:
    """Pages know no database."""
    return "sqlite"


@pytest.fixture
def web(engine: Engine, tmp_path: Path) -> Iterator[WebServer]:
    with SourceServer() as server:
        server.serve("/api/query", arxiv((ID, TITLE)))
        with serving(asking(installation(engine, tmp_path), server), tmp_path) as web:
            listed = [entry("2603.00001", title="Agents that plan"), entry("2603.00002", title="Robots")]
            store_entries(engine, listed, seen_at=web.clock.now - timedelta(hours=1))
            people = {email: join(web.installation, email) for email in (READER, CURATOR)}
            with session.transaction(engine) as db:
                subscribers.set_role(db, people[CURATOR].id, Role.CURATOR)
                subscribers.set_display_name(db, people[CURATOR].id, "Cora")
                subscribers.set_display_name(db, people[READER].id, "Ada")
            yield web


def opened(browser: Browser, web: WebServer, email: str, *, scripts: bool = True) -> Page:
    """A page of a browser in which somebody is signed in, by the link that was mailed to them."""
    context = browser.new_context(base_url=web.url, java_script_enabled=scripts)
    page = context.new_page()
    page.set_default_timeout(10_000)
    page.goto("/signin")
    before = set(web.links("signin"))
    page.get_by_label("Email").first.fill(email)
    page.get_by_role("main").get_by_role("button").first.click()
    page.wait_for_load_state()
    aside(web.work)
    (address,) = set(web.links("signin")) - before
    page.goto(address)
    page.get_by_role("main").get_by_role("button").first.click()
    page.wait_for_load_state()
    return page


def digest_of(web: WebServer, email: str) -> str:
    """The text of the digest that somebody gets now."""

    def send() -> None:
        open_due(web.installation, web.clock.now)
        with DeliveryWorker(web.installation) as worker:
            while worker.deliver_due(web.clock.now):
                pass

    before = len(web.mails(email))
    aside(send)
    (mail,) = web.mails(email)[before:] or [""]
    return mail


@SCRIPTS
def test_a_paper_is_proposed_accepted_picked_mailed_voted_for_hidden_and_shown_again(
    browser: Browser, web: WebServer, scripts: bool
) -> None:
    ada = opened(browser, web, READER, scripts=scripts)
    cora = opened(browser, web, CURATOR, scripts=scripts)
    # Ada proposes.
    ada.goto("/submit")
    ada.get_by_label("Paper", exact=True).fill(f"https://huggingface.co/papers/{ID}")
    ada.get_by_role("button", name="Look it up").click()
    for _ in range(20):  # with scripts the page asks again by itself
        if ada.get_by_role("heading", name=TITLE).count():
            break
        if not scripts:
            ada.goto(ada.url)
        ada.wait_for_timeout(500)
    ada.get_by_role("button", name="Send it to the curators").click()
    expect(ada.get_by_text("It waits for a curator.")).to_be_visible()
    # Cora accepts, from the keyboard alone, and picks.
    cora.goto("/curate")
    if scripts:
        cora.keyboard.press("j")
        cora.keyboard.press("a")
    else:
        cora.get_by_role("button", name="Accept").focus()
        cora.keyboard.press("Enter")
    expect(cora.get_by_text("The paper is listed today.")).to_be_visible()
    cora.goto(f"/p/{ID}")
    cora.get_by_text("Curate", exact=True).click()
    cora.get_by_label("Why to read it").fill(NOTE)
    cora.get_by_role("button", name="Pick it").click()
    expect(cora.get_by_text("Picked by Cora")).to_be_visible()
    # Everybody sees it.
    visitor = browser.new_context(base_url=web.url, java_script_enabled=scripts).new_page()
    visitor.goto("/papers")
    expect(visitor.get_by_role("heading", name="Picked today")).to_be_visible()
    expect(visitor.get_by_text(NOTE)).to_be_visible()
    mail = digest_of(web, READER)
    assert f"Picked by Cora: “{NOTE}”" in mail
    # Ada votes by the link of her mail.
    with session.reading(web.installation.engine) as db:
        reader = subscribers.get(db, READER).id
    ada.goto(link(web.installation, Purpose.VOTE, reader, paper=f"arxiv:{ID}"))
    ada.get_by_role("main").get_by_role("button").first.click()
    ada.wait_for_load_state()
    visitor.goto(f"/p/{ID}")
    assert votes.has_voted(web.installation, reader, votes.paper(web.installation, ID))
    # Cora hides it, and shows it again.
    cora.goto(f"/p/{ID}")
    cora.get_by_text("Curate", exact=True).click()
    cora.get_by_label("Hide it as").select_option("off-topic")
    cora.get_by_label("Words that its page shows").fill("No research")
    cora.get_by_role("button", name="Hide it").click()
    visitor.goto("/papers")
    expect(visitor.get_by_text(TITLE)).to_have_count(0)
    assert (gone := visitor.goto(f"/p/{ID}"))
    assert gone.status == 410
    expect(visitor.get_by_text("It is off topic here: No research.")).to_be_visible()
    aside(lambda: undo(web.installation, audit.listing(web.installation)[0].id, web.clock.now))
    cora.goto("/curate")  # another process undid it: this one sees it within a second
    visitor.wait_for_timeout(1_100)
    visitor.goto("/papers")
    expect(visitor.get_by_text(NOTE)).to_be_visible()
    for page in (ada, cora, visitor):
        page.context.close()


def _busy(web: WebServer) -> dict[str, int]:
    """Proposals in several states, picks, a report and a hidden paper."""
    now, here = web.clock.now, web.installation
    with session.reading(here.engine) as db:
        ada = subscribers.get(db, READER).id
    made = {}
    for name, typed in (("ready", ID), ("fetching", "10.1234/abc.1")):
        made[name] = submissions.propose(here, typed, subscriber_id=ada, now=now).id
        if name == "ready":
            fetching.look_up_due(here, now, only=made[name])
    picks.pick(here, "2603.00001", NOTE, now=now)
    picks.pick(here, "2603.00002", "", day=now.date() + timedelta(days=1), now=now)
    reports.report(here, "2603.00002", ReportAbout.PAPER, "It is no paper.", subscriber_id=ada, now=now)
    return made


def test_no_page_of_the_community_keeps_anybody_out(browser: Browser, web: WebServer) -> None:
    made = aside(lambda: _busy(web))
    ada, cora = opened(browser, web, READER), opened(browser, web, CURATOR)
    ready = made["ready"]
    seen = {
        "submit": (ada, "/submit"),
        "proposal ready": (ada, f"/submit/{ready}"),
        "proposal fetching": (ada, f"/submit/{made['fetching']}"),
        "report": (ada, "/report?paper=2603.00001"),
        "picks": (ada, "/papers"),
        "curate": (cora, "/curate"),
        "paper of a curator": (cora, "/p/2603.00001"),
    }
    PICTURES.mkdir(parents=True, exist_ok=True)
    found: dict[tuple[str, int, str], list[str]] = {}
    for name, (page, address) in seen.items():
        if name == "curate":
            aside(lambda: submissions.send(web.installation, ready, web.clock.now))
        if name == "proposal fetching":  # it would ask again while axe looks at it
            page.route("**/form.js", lambda route: route.abort())
        page.goto(address)
        page.evaluate("document.querySelectorAll('details').forEach(each => each.open = true)")
        for width in (320, 768, 1280):
            page.set_viewport_size({"width": width, "height": 900})
            if page.evaluate("document.documentElement.scrollWidth") > width:
                found[name, width, "any"] = ["it is wider than its screen"]
            for mode in ("light", "dark"):
                page.emulate_media(color_scheme=mode)
                if wrong := violations(page, best_practice=True):
                    found[name, width, mode] = wrong
                picture = PICTURES / f"community-{name.replace(' ', '-')}-{width}-{mode}.png"
                page.screenshot(path=picture, full_page=True)
    assert found == {}
    for page in (ada, cora):
        page.context.close()

"""The life of a subscriber in a real browser, with scripts and without.

The site is a real uvicorn, its mails go through a real SMTP server; time passes when a test says so.
"""

import json
import re
from collections.abc import Iterator
from email import message_from_bytes, policy
from email.message import EmailMessage
from html import unescape
from pathlib import Path

import httpx2
import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect
from sqlalchemy import Engine

from digest.pipeline.runner import run_round
from tests.browser import aside
from tests.installations import installation
from tests.smtp_server import SmtpServer
from tests.web_pages import furnish
from tests.web_server import WebServer, serving

pytestmark = pytest.mark.browser

ADA = "ada@example.org"
SCRIPTS = pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "no-scripts"])


@pytest.fixture
def database_kind() -> str:
    """Pages know no database."""
    return "sqlite"


@pytest.fixture
def mailbox() -> Iterator[SmtpServer]:
    with SmtpServer() as server:
        yield server


@pytest.fixture
def web(engine: Engine, tmp_path: Path, mailbox: SmtpServer) -> Iterator[WebServer]:
    with serving(installation(engine, tmp_path, smtp_url=mailbox.url), tmp_path) as server:
        furnish(server)
        yield server


@pytest.fixture
def person(browser: Browser, web: WebServer, scripts: bool) -> Iterator[Page]:
    """A page of somebody in Paris; what it asks of other sites, or the policy refuses, fails the test."""
    context = someone(browser, web, scripts=scripts)
    asked, refused = [], []
    context.on("request", lambda request: asked.append(request.url))
    context.on("console", lambda said: refused.append(said.text))
    yield context.new_page()
    context.close()
    assert [url for url in asked if not url.startswith(web.url)] == []
    assert [text for text in refused if "Content Security Policy" in text] == []


def someone(browser: Browser, web: WebServer, *, scripts: bool) -> BrowserContext:
    """A browser of its own, without cookies."""
    return browser.new_context(base_url=web.url, java_script_enabled=scripts, timezone_id="Europe/Paris")


def last_mail(mailbox: SmtpServer, subject: str = "") -> EmailMessage:
    mail = message_from_bytes(mailbox.mails[-1].content, policy=policy.default)
    assert subject in str(mail["Subject"])
    return mail


def link_in(mail: EmailMessage, kind: str) -> str:
    """The first link of a kind in the HTML of a mail."""
    body = mail.get_body(("html",))
    assert body is not None
    found = re.search(rf'href="(http://127\.0\.0\.1:\d+/{kind}/[^"]+)"', str(body.get_content()))
    assert found, f"no /{kind}/ in {mail['Subject']}"
    return unescape(found.group(1))


def subscribe(page: Page, web: WebServer, email: str) -> None:
    page.goto("/")
    web.clock.move(seconds=3)
    page.get_by_label("Email address").fill(email)
    page.get_by_role("button", name="Subscribe").click()
    expect(page).to_have_url(f"{web.url}/check-inbox")
    aside(web.work)


def digest_of(web: WebServer, mailbox: SmtpServer) -> EmailMessage:
    """The digest of the next morning."""
    web.clock.move(days=1)
    aside(lambda: run_round(web.installation, web.clock.now, fetch=False))
    mail = last_mail(mailbox)
    assert "Agents that plan" in str(mail["Subject"]) or "paper" in str(mail["Subject"])
    return mail


def saw(page: Page, words: str) -> None:
    expect(page.get_by_role("main")).to_contain_text(words)


def press(page: Page, name: str) -> None:
    page.get_by_role("button", name=name, exact=True).click()


@SCRIPTS
def test_w02_the_whole_life_of_a_subscriber(
    browser: Browser, person: Page, web: WebServer, mailbox: SmtpServer, scripts: bool
) -> None:
    previews_and_subscribes(person, web, scripts=scripts)
    confirms(browser, person, web, mailbox, scripts=scripts)
    digest = digest_of(web, mailbox)
    preferences = link_in(digest, "prefs")
    mutes_and_votes(person, digest)
    changes_the_hour_and_pauses(person, preferences)
    exports(person, preferences)
    leaves_by_the_header_and_comes_back(person, digest, preferences)
    erases(person, web, mailbox, preferences)


def previews_and_subscribes(page: Page, web: WebServer, *, scripts: bool) -> None:
    page.goto("/")
    saw(page, "2 papers are trending now")
    page.get_by_label("Filters", exact=True).press_sequentially("agents AND (")
    shows(page, scripts=scripts)
    expect(page.locator("#filters-mistakes")).to_contain_text("agents AND (")
    expect(page.get_by_label("Filters", exact=True)).to_have_attribute("aria-invalid", "true")
    page.get_by_label("Filters", exact=True).fill("agents")
    shows(page, scripts=scripts)
    expect(page.get_by_role("status")).to_have_text("1 paper would be in your digest now")
    expect(page.locator("#filters-mistakes")).to_be_empty()
    web.clock.move(seconds=3)
    page.get_by_text("Delivery", exact=True).click()
    expect(page.get_by_label("Time zone")).to_have_value("Europe/Paris" if scripts else "UTC")
    page.get_by_label("Email address").fill(ADA)
    press(page, "Subscribe")
    saw(page, "Check your inbox")
    aside(web.work)


def shows(page: Page, *, scripts: bool) -> None:
    """With scripts the preview follows what is typed; else a button asks for it."""
    if not scripts:
        press(page, "Show my digest")


def confirms(browser: Browser, page: Page, web: WebServer, mailbox: SmtpServer, *, scripts: bool) -> None:
    """Looked at in another browser nothing happens; in the browser that asked it is done."""
    link = link_in(last_mail(mailbox), "confirm")
    elsewhere = someone(browser, web, scripts=scripts)
    other = elsewhere.new_page()
    other.goto(link)
    saw(other, "One more click")
    elsewhere.close()
    page.goto(link)
    saw(page, "You are subscribed")
    aside(web.work)


def mutes_and_votes(page: Page, digest: EmailMessage) -> None:
    page.goto(link_in(digest, "less"))
    press(page, "Leave out")
    saw(page, "Left out for seven days.")
    page.get_by_role("button", name="Undo").first.click()
    saw(page, "No longer left out.")
    page.goto(link_in(digest, "vote"))
    press(page, "Vote")
    saw(page, "You voted for this paper")
    press(page, "Take my vote back")
    saw(page, "Vote for this paper?")


def changes_the_hour_and_pauses(page: Page, preferences: str) -> None:
    page.goto(preferences)
    page.get_by_label("At", exact=True).fill("06:30")
    press(page, "Save")
    saw(page, "Your choices are saved.")
    expect(page.get_by_label("At", exact=True)).to_have_value("06:30")
    page.get_by_label("Pause until").fill("2026-04-01")
    press(page, "Pause")
    saw(page, "Your digest is paused until 1 April 2026")
    press(page, "Resume now")
    saw(page, "Your digest resumes.")


def exports(page: Page, preferences: str) -> None:
    page.goto(preferences)
    with page.expect_download() as started:
        page.get_by_role("link", name="Get everything that is kept about you").click()
    kept = Path(started.value.path()).read_text(encoding="utf-8")
    assert ADA in kept
    assert json.loads(kept)


def leaves_by_the_header_and_comes_back(page: Page, digest: EmailMessage, preferences: str) -> None:
    found = re.search(r"<(http[^>]+)>", str(digest["List-Unsubscribe"]))
    assert found
    field, _, value = str(digest["List-Unsubscribe-Post"]).partition("=")
    assert httpx2.post(found.group(1), data={field: value}).status_code == 200
    page.goto(preferences)
    saw(page, "You are unsubscribed")
    press(page, "Subscribe again")
    saw(page, "Welcome back")


def erases(page: Page, web: WebServer, mailbox: SmtpServer, preferences: str) -> None:
    """Whoever holds a link of a forwarded mail can't erase: the address is asked first."""
    page.get_by_role("link", name="Erase everything about you").click()
    press(page, "Email me the link")
    saw(page, "Nothing is erased yet")
    aside(web.work)
    page.goto(link_in(last_mail(mailbox), "erase"))
    press(page, "Erase everything")
    saw(page, "Everything about you is erased")
    page.goto(preferences)
    saw(page, "This link doesn’t work")


@SCRIPTS
def test_w02_in_another_browser_one_button_confirms(
    browser: Browser, person: Page, web: WebServer, mailbox: SmtpServer, scripts: bool
) -> None:
    subscribe(person, web, "ben@example.org")
    elsewhere = someone(browser, web, scripts=scripts)
    other = elsewhere.new_page()
    other.goto(link_in(last_mail(mailbox), "confirm"))
    press(other, "Confirm my subscription")
    saw(other, "You are subscribed")
    elsewhere.close()


@SCRIPTS
def test_w02_a_keyboard_is_enough(person: Page, web: WebServer, scripts: bool) -> None:
    person.goto("/")
    web.clock.move(seconds=3)
    keys = person.keyboard
    keys.press("Tab")
    expect(person.get_by_role("link", name="Skip to the content")).to_be_focused()
    keys.press("Enter")
    keys.press("Tab")
    expect(person.get_by_label("Email address")).to_be_focused()
    keys.type("kim@example.org")
    keys.press("Tab")  # to the topics, which open
    keys.press("Enter")
    keys.press("Tab")
    if scripts:
        expect(person.get_by_label("Find a topic")).to_be_focused()
        keys.press("Tab")
    keys.press("Space")
    expect(person.get_by_role("checkbox").first).to_be_checked()
    expect(person.get_by_role("checkbox").first).to_be_focused()
    person.get_by_label("Email address").focus()
    keys.press("Enter")
    expect(person).to_have_url(f"{web.url}/check-inbox")


@SCRIPTS
def test_w13_mistakes_are_summed_up_and_what_was_typed_stays(
    person: Page, web: WebServer, scripts: bool
) -> None:
    person.goto("/")
    web.clock.move(seconds=3)
    person.get_by_label("Email address").fill("ada@nowhere")
    person.get_by_label("Filters", exact=True).fill("agents OR")
    press(person, "Subscribe")
    summary = person.get_by_role("alert")
    expect(summary.get_by_role("link")).to_have_count(2)
    if scripts:
        expect(summary).to_be_focused()
    expect(person).to_have_title(re.compile("^Please look again"))
    summary.get_by_role("link").last.click()
    expect(person.get_by_label("Filters", exact=True)).to_be_focused()
    expect(person.get_by_label("Filters", exact=True)).to_have_value("agents OR")
    expect(person.get_by_label("Email address")).to_have_value("ada@nowhere")

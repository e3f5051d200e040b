"""The site in a real browser, with JavaScript on and off."""

from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.web_pages import furnish
from tests.web_server import WebServer

pytestmark = pytest.mark.browser
SCRIPTS = pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "no-scripts"])


@pytest.fixture
def database_kind() -> str:
    """Pages know no database."""
    return "sqlite"


@pytest.fixture
def web(web: WebServer) -> WebServer:
    furnish(web)
    return web


def opened(browser: Browser, web: WebServer, *, scripts: bool, width: int = 1280) -> Page:
    context = browser.new_context(
        base_url=web.url, java_script_enabled=scripts, viewport={"width": width, "height": 900}
    )
    return context.new_page()


@SCRIPTS
def test_a_visitor_goes_from_day_to_day_and_to_a_paper(
    browser: Browser, web: WebServer, scripts: bool
) -> None:
    page = opened(browser, web, scripts=scripts)
    page.goto("/")
    page.get_by_role("link", name="Today", exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Tuesday 17 March 2026")
    page.get_by_role("link", name="Previous: Wed 18 Feb").click()
    page.get_by_role("link", name="Page 3").click()
    expect(page.get_by_text("81–90 of 90 papers")).to_be_visible()
    page.get_by_label("Go to a day").fill("2026-03-17")
    page.get_by_role("button", name="Go", exact=True).click()
    page.get_by_role("link", name="Agents that plan", exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Agents that plan")
    with page.expect_download() as started:
        page.get_by_role("link", name="BibTeX").click()
    assert Path(started.value.path()).read_text(encoding="utf-8").startswith("@misc{")
    page.get_by_role("link", name="Ada Lovelace").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Papers by Ada Lovelace")
    page.context.close()


def test_topics_are_found_by_typing_and_counted_as_they_are_ticked(browser: Browser, web: WebServer) -> None:
    page = opened(browser, web, scripts=True)
    page.goto("/")
    page.locator("#topics > summary").click()
    page.get_by_label("Find a topic").fill("robot")
    expect(page.locator("#topics .chip:visible")).to_have_count(1)
    page.locator("#topics .chip:visible input").check()
    expect(page.locator("#topics-count")).to_have_text("1 chosen")
    expect(page.locator("#preview-status")).to_contain_text("1 paper would be in your digest now")
    page.context.close()


@SCRIPTS
def test_the_button_is_always_in_view(browser: Browser, web: WebServer, scripts: bool) -> None:
    page = opened(browser, web, scripts=scripts, width=320)
    page.goto("/?topics=llm")
    page.get_by_label("Email address").first.scroll_into_view_if_needed()
    box = page.get_by_role("button", name="Subscribe").bounding_box()
    assert box is not None
    assert 0 <= box["y"] <= 900 - box["height"]
    page.context.close()

"""Signing in, voting and an admin's page in a real browser, with and without scripts; axe; pictures."""

import os
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, expect

from tests.browser import aside, violations
from tests.installations import join
from tests.web.test_sessions import ADA, EVE, give_role, new_link
from tests.web_pages import furnish
from tests.web_server import WebServer

pytestmark = pytest.mark.browser
SCRIPTS = pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "no-scripts"])
PICTURES = Path(os.environ.get("PICTURES_DIR", "data/pictures"))
STRANGER = ("/signin", "/about/votes", "/signin/over")
SIGNED_IN = ("/me", "/admin", "/papers", "/p/2602.00054", "/votes/2603.00001")


@pytest.fixture
def database_kind() -> str:
    """Pages know no database."""
    return "sqlite"


@pytest.fixture
def web(web: WebServer) -> WebServer:
    furnish(web)
    join(web.installation, ADA)
    join(web.installation, EVE)
    give_role(web, ADA, "admin")
    return web


def sign_in(web: WebServer, context: BrowserContext, email: str = ADA) -> None:
    """Sign in in a browser, by the form and the mailed link."""
    page = context.new_page()
    page.goto("/signin")
    page.get_by_label("Email address").fill(email)
    before = set(web.links("signin"))
    page.get_by_role("button", name="Email me a link").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Check your inbox")
    aside(web.work)
    (link,) = set(web.links("signin")) - before
    page.goto(link)
    page.get_by_role("main").get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Your page")
    page.close()


@SCRIPTS
def test_a_reader_signs_in_votes_saves_and_signs_out(browser: Browser, web: WebServer, scripts: bool) -> None:
    context = browser.new_context(base_url=web.url, java_script_enabled=scripts)
    sign_in(web, context, EVE)
    page = context.new_page()
    page.goto("/p/2603.00001")
    actions = page.locator(".paper-actions")
    actions.get_by_role("button", name="Vote").click()
    expect(actions.locator("button.votes")).to_have_attribute("aria-pressed", "true")
    expect(actions.locator("button.votes")).to_contain_text("1")
    actions.get_by_role("button", name="Save").click()
    expect(actions.locator("form.save button")).to_have_attribute("aria-pressed", "true")
    page.goto("/papers")
    expect(page.locator("button.votes[aria-pressed=true]")).to_have_count(1)
    page.locator("button.votes[aria-pressed=true]").click()
    expect(page.locator("button.votes[aria-pressed=true]")).to_have_count(0)
    page.goto("/me")
    expect(page.locator("#saved + ul")).to_contain_text("Agents that plan")
    page.get_by_label("Name that others see").fill("Eve of Example")
    page.get_by_role("main").get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_role("status")).to_have_text("Your name is saved.")
    page.get_by_role("button", name="Sign out", exact=True).click()
    page.goto("/me")
    expect(page.get_by_role("heading", level=1)).to_have_text("Sign in")
    context.close()


@SCRIPTS
def test_an_admin_gives_a_role_and_takes_it_back(browser: Browser, web: WebServer, scripts: bool) -> None:
    context = browser.new_context(base_url=web.url, java_script_enabled=scripts)
    sign_in(web, context)
    page = context.new_page()
    page.goto("/admin")
    page.get_by_label("Address of a subscriber").fill(EVE)
    page.get_by_label("Role", exact=True).select_option("curator")
    page.get_by_role("button", name="Give the role").click()
    expect(page.get_by_role("status")).to_have_text("The role is given.")
    page.get_by_role("button", name="Undo").first.click()
    expect(page.get_by_role("status")).to_have_text("It is undone.")
    context.close()


def test_pages_for_people_keep_nobody_out_by_day_or_night_at_any_width(
    browser: Browser, web: WebServer
) -> None:
    stranger = browser.new_context(base_url=web.url)
    ada = browser.new_context(base_url=web.url)
    aside(lambda: new_link(web, web.client(), EVE))  # an act for the list of an admin
    sign_in(web, ada)
    for context, paths in ((stranger, STRANGER), (ada, SIGNED_IN)):
        page = context.new_page()
        for path in paths:
            page.goto(path)
            for width in (320, 768, 1280):
                page.set_viewport_size({"width": width, "height": 900})
                assert page.evaluate("document.documentElement.scrollWidth") <= width, (path, width)
                for mode in ("light", "dark"):
                    page.emulate_media(color_scheme=mode)
                    assert violations(page, best_practice=True) == [], f"{path}, {width} px, {mode}"
                    PICTURES.mkdir(parents=True, exist_ok=True)
                    name = f"people{path.replace('/', '-')}-{width}-{mode}.png"
                    page.screenshot(path=PICTURES / name, full_page=True)
        context.close()

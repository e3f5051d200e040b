"""Mails in a real browser: nobody is kept out, nothing is loaded, nothing sticks out (E-05, E-10)."""

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, Page

from digest.domain import Digest, Message
from tests.browser import violations
from tests.digests import GOLDEN, rendered
from tests.render.test_mails import MAILS

pytestmark = pytest.mark.browser

WIDTHS = (320, 700)


def written() -> Iterator[tuple[str, Callable[[], str]]]:
    """The HTML of each golden mail and of the mails around them."""

    def of_digest(make: Callable[[], Digest]) -> Callable[[], str]:
        return lambda: rendered(make()).html

    def of_mail(make: Callable[[], Message]) -> Callable[[], str]:
        return lambda: make().html

    yield from ((name, of_digest(make)) for name, make in GOLDEN.items())
    yield from ((name, of_mail(make)) for name, make in MAILS.items())


EACH = pytest.mark.parametrize("write", [make for _, make in written()], ids=[name for name, _ in written()])


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A page with images off: whatever is asked for over the network is refused and written down."""
    opened = browser.new_page()
    opened.route("**/*", lambda route: route.abort())
    yield opened
    opened.close()


@EACH
def test_e05_no_mail_keeps_anybody_out_by_day_or_night_on_a_phone_or_a_desk(
    page: Page, write: Callable[[], str]
) -> None:
    page.set_content(write())
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 900})
        for mode in ("light", "dark"):
            page.emulate_media(color_scheme=mode)
            assert violations(page) == [], f"{width} px, {mode}"


@EACH
def test_e05_nothing_sticks_out_of_a_narrow_screen(page: Page, write: Callable[[], str]) -> None:
    page.set_viewport_size({"width": 320, "height": 900})
    page.set_content(write())
    assert page.evaluate("document.documentElement.scrollWidth") <= 320


@EACH
def test_e10_no_mail_asks_the_network_for_anything(page: Page, write: Callable[[], str]) -> None:
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.set_content(write(), wait_until="networkidle")
    assert asked == []


def test_axe_sees_what_is_wrong(page: Page) -> None:
    page.set_content('<!doctype html><html><title>x</title><p style="color:#ccc">pale</p></html>')
    found = violations(page)
    assert any("color-contrast" in each for each in found)
    assert any("html-has-lang" in each for each in found)

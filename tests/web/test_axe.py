"""Every page before axe, with its advice beyond WCAG 2.2 AA too, and none sticks out of its screen (W-01).

By keyboard alone all of it is reached, and text twice as large has room.

A picture of each, at two widths, is left in PICTURES_DIR, for people to look at.
"""

import os
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from tests.browser import aside, violations
from tests.web_pages import PAGES, furnish
from tests.web_server import WebServer

pytestmark = pytest.mark.browser

WIDTHS = (320, 768, 1280)
PICTURED = (320, 1280)
PICTURES = Path(os.environ.get("PICTURES_DIR", "data/pictures")) / "pages"
GROUPS = 6  # of pages that are looked at on one site: a site for each would cost more than its pages
# What the Tab key reaches, in the order of the page: the link past the navigation first, each with a mark
# that shows where the focus is, none out of its turn.
BY_KEYBOARD = """() => {
  const kinds = 'a[href], button, input:not([type=hidden]), select, textarea, summary, [tabindex]';
  const reached = [...document.querySelectorAll(kinds)]
    .filter(each => each.tabIndex >= 0 && !each.disabled && each.checkVisibility() && !each.closest('.trap'));
  const wrong = reached.filter(each => each.tabIndex > 0).map(each => 'out of turn: ' + each.outerHTML);
  if (reached[0]?.getAttribute('href') !== '#main') wrong.push('no link to the content first');
  for (const each of reached) {
    each.focus({focusVisible: true});
    const style = getComputedStyle(each), label = each.closest('label');
    const around = label ? getComputedStyle(label) : style;
    const shows = one => (one.outlineStyle !== 'none' && parseFloat(one.outlineWidth) >= 2);
    if (document.activeElement !== each) wrong.push('takes no focus: ' + each.outerHTML.slice(0, 200));
    else if (!shows(style) && !shows(around)) wrong.push('shows no focus: ' + each.outerHTML.slice(0, 200));
  }
  return wrong;
}"""


@pytest.fixture
def database_kind() -> str:
    """Pages know no database."""
    return "sqlite"


@pytest.fixture
def web(web: WebServer) -> WebServer:
    furnish(web)
    return web


@pytest.mark.parametrize("group", range(GROUPS))
def test_w01_no_page_keeps_anybody_out_by_day_or_night_at_any_width(
    browser: Browser, web: WebServer, group: int
) -> None:
    PICTURES.mkdir(parents=True, exist_ok=True)
    page = browser.new_page(base_url=web.url)
    wrong: list[str] = []
    for name in list(PAGES)[group::GROUPS]:
        page.goto(aside(lambda name=name: PAGES[name](web)))  # type: ignore[misc] # bound for this page
        for width in PICTURED:
            page.set_viewport_size({"width": width, "height": 900})
            file = PICTURES / f"{name.replace(' ', '-').replace(',', '')}-{width}.png"
            page.screenshot(path=file, full_page=True)
        page.evaluate("document.querySelectorAll('details').forEach(each => each.open = true)")
        for width in WIDTHS:
            page.set_viewport_size({"width": width, "height": 900})
            if page.evaluate("document.documentElement.scrollWidth") > width:
                wrong.append(f"{name}, {width} px: wider than its screen")
            for mode in ("light", "dark"):
                page.emulate_media(color_scheme=mode)
                found = violations(page, best_practice=True)
                wrong += [f"{name}, {width} px, {mode}: {each}" for each in found]
        page.emulate_media(color_scheme="light")
        wrong += [f"{name}, by keyboard: {each}" for each in page.evaluate(BY_KEYBOARD)]
        page.evaluate("document.documentElement.style.fontSize = '200%'")
        page.set_viewport_size({"width": 640, "height": 900})
        if page.evaluate("document.documentElement.scrollWidth") > 640:
            wrong.append(f"{name}, text twice as large: wider than its screen")
    page.close()
    assert not wrong, "\n".join(wrong)

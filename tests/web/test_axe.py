"""Every page before axe, with its advice beyond WCAG 2.2 AA too, and none sticks out of its screen (W-01)."""

from pathlib import Path

import pytest
from playwright.sync_api import Browser
from sqlalchemy import Engine

from tests.browser import aside, violations
from tests.installations import installation
from tests.web_pages import PAGES, furnish
from tests.web_server import serving

pytestmark = pytest.mark.browser

WIDTHS = (320, 768, 1280)


@pytest.fixture
def database_kind() -> str:
    """Pages know no database."""
    return "sqlite"


@pytest.mark.parametrize("name", PAGES)
def test_w01_no_page_keeps_anybody_out_by_day_or_night_at_any_width(
    browser: Browser, engine: Engine, tmp_path: Path, name: str
) -> None:
    with serving(installation(engine, tmp_path), tmp_path) as web:
        furnish(web)
        page = browser.new_page(base_url=web.url)
        page.goto(aside(lambda: PAGES[name](web)))
        page.evaluate("document.querySelectorAll('details').forEach(each => each.open = true)")
        for width in WIDTHS:
            page.set_viewport_size({"width": width, "height": 900})
            assert page.evaluate("document.documentElement.scrollWidth") <= width
            for mode in ("light", "dark"):
                page.emulate_media(color_scheme=mode)
                assert violations(page, best_practice=True) == [], f"{width} px, {mode}"
        page.close()

"""A real browser for tests: Chromium of this machine, started once, without a network but for loopback.

`BROWSER_BIN` names it, else it is looked for in the usual places. Tests that use it carry
the marker `browser`.
"""

import os
import shutil
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

import pytest
from axe_playwright_python.base import AXE_SCRIPT
from playwright.sync_api import Browser, Page, sync_playwright

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
T = TypeVar("T")
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]  # WCAG 2.2, levels A and AA


def browser_path() -> str:
    """Where Chromium is; '' where there is none."""
    named = os.environ.get("BROWSER_BIN", "")
    return named or next(filter(None, map(shutil.which, NAMES)), "")


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Chromium, headless; a test opens pages or contexts of its own in it and closes them."""
    path = browser_path()
    if not path:
        pytest.fail("no Chromium: apt-get install chromium, or set BROWSER_BIN to one")
    with sync_playwright() as playwright:
        # Containers run tests as root, which Chromium's sandbox refuses; it opens nothing but pages of ours.
        chromium = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        yield chromium
        chromium.close()


def violations(page: Page, *, best_practice: bool = False) -> list[str]:
    """What breaks WCAG 2.2 AA on a page, as axe-core says it: rule, reason, and the first place.

    `best_practice`: what axe-core advises beyond WCAG too; much of it makes no sense for a mail.
    """
    rules = [*RULES, *(["best-practice"] if best_practice else [])]
    if not page.evaluate(
        "'axe' in window"
    ):  # half a megabyte: once for a page, however often it is looked at
        page.evaluate(AXE_SCRIPT)
    options = {"runOnly": {"type": "tag", "values": rules}, "resultTypes": ["violations"]}
    found = page.evaluate("options => axe.run(options).then(found => found.violations)", options)
    return [f"{each['id']}: {each['help']}: {each['nodes'][0]['html']}" for each in found]


def aside(work: Callable[[], T]) -> T:
    """Do what starts an event loop of its own: the thread of a test has Playwright's."""
    with ThreadPoolExecutor(1) as other:
        return other.submit(work).result()

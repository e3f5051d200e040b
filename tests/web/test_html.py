"""What browsers are given: valid HTML (W-13), and little of it (W-03)."""

import gzip
import re
from pathlib import Path

import pytest

from tests.nu_checker import invalid
from tests.web_pages import PAGES, furnish
from tests.web_server import WebServer

LARGEST_HOME = 60_000  # bytes, gzipped, with everything that it loads


@pytest.fixture
def database_kind() -> str:
    """Pages know no database."""
    return "sqlite"


@pytest.fixture
def web(web: WebServer) -> WebServer:
    furnish(web)
    return web


def test_w13_every_page_is_valid_html(web: WebServer, tmp_path: Path) -> None:
    client = web.client()
    pages = {name: client.get(address(web), follow_redirects=True).text for name, address in PAGES.items()}
    scripted = {"HX-Request": "true"}
    part = client.post("/preview", data={"filters": "agents AND (\nlegs"}, headers=scripted).text
    whole = f'<!doctype html><html lang="en"><title>x</title>{part}</html>'
    # The attribute that tells htmx where a piece of an answer goes; a page as it is loaded has others,
    # which HTML doesn't know either.
    known = re.compile(r' hx-[a-z-]+="[^"]*"')
    assert (
        invalid({name: known.sub("", page) for name, page in (pages | {"part": whole}).items()}, tmp_path)
        == []
    )


def test_w03_home_with_all_it_loads_is_small_and_its_own(web: WebServer) -> None:
    client = web.client()
    home = client.get("/").text
    loaded = re.findall(r'(?:<link rel="(?:stylesheet|icon)" href|<script src|<img src)="([^"]+)"', home)
    assert len(loaded) >= 3
    assert all(each.startswith("/static/") for each in loaded)
    parts = [home.encode(), *(client.get(each).content for each in loaded)]
    assert sum(len(gzip.compress(part)) for part in parts) <= LARGEST_HOME


def test_no_page_has_a_style_or_a_script_within(web: WebServer) -> None:
    for address in PAGES.values():
        page = web.client().get(address(web)).text
        assert not re.search(r"<style|<script(?! src| type=.application/ld.json.)|\sstyle=|\son[a-z]+=", page)

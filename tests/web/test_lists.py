"""The lists of the site: their frame, their ways, and what addresses they know."""

import io
import re
from datetime import timedelta
from pathlib import Path

import pytest
from PIL import Image
from sqlalchemy import Engine

from digest.pipeline.catalog.thumbnails import copy_due
from tests.builders import entry
from tests.installations import installation, store_entries
from tests.source_server import SourceServer
from tests.web_pages import furnish
from tests.web_server import WebServer, serving


@pytest.fixture
def database_kind() -> str:
    """What differs between databases is tested with the pipeline."""
    return "sqlite"


@pytest.fixture
def web(web: WebServer) -> WebServer:
    furnish(web)
    return web


def test_a_list_says_how_many_of_how_many_and_leads_on(web: WebServer) -> None:
    page = web.client().get("/papers/2026-02-18").text
    assert "1–40 of 90 papers · Hugging Face" in page
    assert page.count('<li class="paper">') == 40
    assert 'href="/papers/2026-02-18?page=3"' in page
    last = web.client().get("/papers/2026-02-18?page=3").text
    assert "81–90 of 90 papers" in last
    assert '<ol class="papers" start="81">' in last


def test_pages_of_a_list_keep_its_order(web: WebServer) -> None:
    page = web.client().get("/papers/2026-02-18?order=newest&page=2").text
    assert 'href="/papers/2026-02-18?order=newest"' in page
    assert 'href="/papers/2026-02-18?order=newest&amp;page=3"' in page


@pytest.mark.parametrize(
    "address",
    ["2026-02-18?page=4", "2026-02-18?page=0", "2026-02-18?page=01", "2026-02-18?page=x",
     "2026-02-18?order=best", "20260218", "2026-W60", "2026-99", "0001-01-01", "9999-12-31", "2026-03-19"],
)  # fmt: skip
def test_what_is_no_list_is_no_page(web: WebServer, address: str) -> None:
    assert web.client().get(f"/papers/{address}").status_code == 404


def test_previous_and_next_skip_days_without_papers(web: WebServer) -> None:
    page = web.client().get("/papers").text
    assert re.search(r'rel="prev" href="/papers/2026-02-18"', page)
    assert 'rel="next"' not in page
    assert 'rel="next" href="/papers/2026-03-17"' in web.client().get("/papers/2026-02-18").text


def test_the_date_picker_needs_no_script(web: WebServer) -> None:
    answer = web.client().get("/papers", params={"date": "2026-02-18"})
    assert (answer.status_code, answer.headers["location"]) == (303, "/papers/2026-02-18")
    assert web.client().get("/papers", params={"date": "//evil.example"}).status_code == 404


def test_a_sunday_says_that_it_is_one(web: WebServer) -> None:
    page = web.client().get("/papers/2026-03-15").text
    assert "announce no papers at weekends" in page
    assert 'href="/papers/2026-03-17">See the newest papers' in page


def test_every_list_has_a_sign_up_that_works(web: WebServer) -> None:
    client = web.client()
    page = client.get("/papers/2026-02-18").text
    stamp = re.search(r'name="stamp" value="([^"]+)"', page)
    assert stamp
    web.clock.move(seconds=3)
    form = {"stamp": stamp[1], "email": "ada@example.org", "website": ""}
    answer = client.post("/subscribe", data=form)
    assert (answer.status_code, answer.headers["location"]) == (303, "/check-inbox")
    web.work()
    assert len(web.mails("ada@example.org")) == 1


def test_a_card_shows_a_copy_of_its_picture_from_this_site(engine: Engine, tmp_path: Path) -> None:
    out = io.BytesIO()
    Image.new("RGB", (600, 300)).save(out, "PNG")
    with SourceServer() as source, serving(installation(engine, tmp_path, thumbnails=True), tmp_path) as web:
        source.serve("/a.png", out.getvalue())
        now = web.clock.now
        store_entries(engine, [entry(thumbnail=source.url("/a.png"))], seen_at=now - timedelta(hours=1))
        assert copy_due(web.installation, now) == 1
        page = web.client().get("/papers").text
        picture = re.search(r'<img src="(/thumbnails/[^"]+)" alt="" width="320" height="160"', page)
        assert picture
        assert source.url("") not in page
        answer = web.client().get(picture[1])
        assert (answer.status_code, answer.headers["content-type"]) == (200, "image/jpeg")
        for other in ("1-0000000000000000.jpg", "99999999999-0000000000000000.jpg", "x.jpg", "1"):
            assert web.client().get(f"/thumbnails/{other}").status_code == 404

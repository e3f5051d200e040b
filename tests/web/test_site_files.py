"""What browsers, search engines and careful people look for, and what each source brought."""

import xml.etree.ElementTree as ET
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from digest.domain import Certificate, SourceKind
from digest.store import session, sources
from digest.store.sources import announcements, certificates, gaps
from tests.builders import NOW
from tests.web_pages import furnish
from tests.web_server import WebServer


@pytest.fixture
def web(web: WebServer) -> WebServer:
    furnish(web)
    return web


def test_search_engines_are_told_what_is_personal_and_what_is_there(web: WebServer) -> None:
    robots = web.client().get("/robots.txt").text
    for part in ("prefs", "u", "me", "feed", "confirm"):
        assert f"Disallow: /{part}/\n" in robots
    assert f"Sitemap: {web.url}/sitemap.xml" in robots
    root = ET.fromstring(web.client().get("/sitemap.xml").content)
    paths = [str(each.text).removeprefix(web.url) for each in root.iter() if each.tag.endswith("loc")]
    assert {"/", "/papers/2026-03-17", "/papers/2026-02-18", "/t/llm", "/p/2603.00001"} <= set(paths)
    assert all(web.client().get(path).status_code == 200 for path in paths[:12])


def test_whom_to_tell_of_a_hole_is_written_where_it_is_looked_for(web: WebServer) -> None:
    lines = dict(
        line.split(": ", 1) for line in web.client().get("/.well-known/security.txt").text.splitlines()
    )
    assert lines["Contact"] == "mailto:papers@example.org"
    expires = datetime.fromisoformat(lines["Expires"])
    assert timedelta(days=30) < expires - NOW < timedelta(days=365)


def test_there_is_an_icon(web: WebServer) -> None:
    answer = web.client().get("/favicon.ico")
    assert answer.content.startswith(b"\x00\x00\x01\x00")


def test_each_source_says_what_it_brought_and_what_was_missed(web: WebServer) -> None:
    with session.transaction(web.installation.engine) as db:
        known = sources.add(db, name="cs", kind=SourceKind.ARXIV, url="https://rss.arxiv.org/rss/cs.CL")
        announcements.add(db, known.id, NOW.date(), 446, {"cs.CL": 446})
        yesterday, before = NOW.date() - timedelta(days=1), NOW.date() - timedelta(days=4)
        gaps.notice(db, known.id, [yesterday, before], reason="the feed was cut off", now=NOW)
        announcements.add(db, known.id, yesterday, 2000, {})
        announcements.add(db, known.id, before, 2000, {})
        gaps.advance(db, known.id, before, next_url="", entries=2100, new=100)
        gaps.finish(db, known.id, before, now=NOW)
    page = web.client().get("/sources").text
    assert (
        '<th scope="row">Tuesday 17 March 2026<br><span class="count">cs.CL 446</span></th><td>446</td>'
        in page
    )
    assert "Papers are missing: the feed was cut off." in page
    assert "2100 listed, 100 of them were missing." in page
    assert "rss.arxiv.org" not in page


MISSING = "arxiv:2603.00106"
HELD = Certificate(
    NOW.date(),
    700,
    {"cs.CL": 446, "cs.AI": 300},
    (MISSING,),
    {"cs.CL": (MISSING,), "cs.AI": ()},
    checked_at=NOW,
)


@pytest.mark.parametrize(
    ("held", "said", "unsaid"),
    [
        (HELD, ["699 of 700: 1 paper is missing", "cs.AI: 300 of 300", "cs.CL: 445 of 446"], "Complete:"),
        (HELD.without({MISSING}), ["Complete: 700 of 700.", "cs.CL: 446 of 446"], "missing,"),
        # The list lags: its numbers don't stand yet.
        (replace(HELD.without({MISSING}), unlisted=2), ["Not confirmed yet"], "446 of 446</span>"),
    ],
    ids=["incomplete", "complete", "unconfirmed"],
)
def test_sources_say_of_each_category_how_many_of_the_announced_papers_are_here(
    web: WebServer, held: Certificate, said: list[str], unsaid: str
) -> None:
    url = "https://rss.arxiv.org/rss/cs.AI+cs.CL"
    with session.transaction(web.installation.engine) as db:
        known = sources.add(db, name="cs", kind=SourceKind.ARXIV, url=url)
        announcements.add(db, known.id, NOW.date(), 445, {"cs.CL": 445, "cs.AI": 300})
        certificates.notice(db, known.id, [NOW.date()], now=NOW)
        certificates.keep(db, known.id, held)
    page = web.client().get("/sources").text
    assert [words for words in said if words not in page] == []
    assert unsaid not in page

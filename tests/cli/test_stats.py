"""`digest stats`: numbers that add up, as a table, as JSON, and as a page of its own."""

import json
import re
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine

from digest.cli import main
from digest.cli.terminal.sparklines import pooled
from digest.domain import SubscriberStatus
from digest.pipeline.installation import Installation
from digest.pipeline.mail.suppression import suppress
from digest.pipeline.monitoring.statistics import as_page, read_statistics
from digest.pipeline.runner import run_round
from digest.pipeline.subscriptions import personal_data, preferences
from digest.store import session
from tests.builders import NOW, entry
from tests.installations import installation, join, store_entries

DAY = timedelta(days=1)
TODAY = NOW.date()


@pytest.fixture
def here(engine: Engine, tmp_path: Path) -> Installation:
    """Five joined in three days; one unsubscribed, one bounced, one was erased; two got a digest."""
    made = installation(engine, tmp_path)
    store_entries(engine, [entry()], seen_at=NOW - timedelta(hours=3))
    people = [
        join(made, f"p{n}@one.example", topics=["llm"] if n % 2 else ["llm", "rag"], now=NOW - ago * DAY)
        for n, ago in enumerate((2, 2, 1, 1, 1))
    ]
    preferences.leave(made, people[0].id, NOW - DAY, goodbye=False)
    with session.transaction(engine) as db:
        suppress(made, db, people[1].id, reason="550 nobody", now=NOW)
    personal_data.erase(made, people[2].id, NOW)
    run_round(made, NOW + timedelta(hours=4), fetch=False)
    return made


def test_each_number_is_counted_on_its_day(here: Installation) -> None:
    found = read_statistics(here, NOW + timedelta(hours=5), days=3)
    assert found.days == (TODAY - 2 * DAY, TODAY - DAY, TODAY)
    assert found.joined == {TODAY - 2 * DAY: 2, TODAY - DAY: 2}  # who was erased isn't there any more
    assert found.left == {TODAY - DAY: 1, TODAY: 2}
    assert found.now[SubscriberStatus.ACTIVE] == 2
    assert sum(found.states.values()) == 2
    assert {topic.slug: topic.readers for topic in found.topics[:2]} == {"llm": 2, "rag": 1}
    assert read_statistics(here, NOW - DAY, days=1).joined == {TODAY - DAY: 2}


def test_who_comes_back_has_not_left(here: Installation) -> None:
    person = preferences.by_address(here, "p0@one.example")
    preferences.resubscribe(here, person.id, NOW)
    assert read_statistics(here, NOW, days=3).left[TODAY - DAY] == 0


def test_the_page_holds_everything_that_it_shows(here: Installation) -> None:
    page = as_page(here, read_statistics(here, NOW + timedelta(hours=5), days=3), NOW)
    assert not re.search(r"""(?:src|href)=|url\(|@import|<script|https?://""", page)
    assert page.count("<rect") >= 3
    assert "prefers-color-scheme: dark" in page
    assert "2 joined" not in page
    assert "4 joined; at most 2 a day" in page
    assert page.count('<th scope="row">Robotics</th>') == 0
    assert re.search("Nobody reads: .*; Robotics;", page)


def test_the_command_adds_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("DIGEST_DATA_DIR", str(tmp_path))
    clock = ("--now", "2026-03-17T09:00:00Z")
    added = ("subscribers", "add", "ada@one.example", "--topic", "llm", "--confirmed", "--consent", "asked")
    assert main((*clock, *added)) == 0
    capsys.readouterr()
    assert main((*clock, "stats", "--json", "--days", "7", "--html", str(tmp_path / "stats.html"))) == 0
    found = json.loads(capsys.readouterr().out)
    assert [day["date"] for day in found["days"]][::6] == ["2026-03-11", "2026-03-17"]
    assert found["totals"]["joined"] == sum(day["joined"] for day in found["days"]) == 1
    assert found["topics"][0] == {"slug": "llm", "title": found["topics"][0]["title"], "readers": 1}
    assert found["opens"] is None
    assert (tmp_path / "stats.html").read_text().startswith("<!doctype html>")
    assert main((*clock, "stats")) == 0
    shown = capsys.readouterr().out
    assert "Opens aren't tracked" in shown
    assert re.search(r"joined +1$", shown, re.MULTILINE)


@pytest.mark.parametrize("count", [1, 29, 30, 31, 90, 366])
def test_pooled_numbers_keep_their_sum(count: int) -> None:
    numbers = list(range(count))
    assert sum(pooled(numbers, 30)) == sum(numbers)
    assert len(pooled(numbers, 30)) <= 30

"""Counts and looks-up by hand go on beside a row that this version can't read; on both databases."""

from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine, text

from digest.domain import DeliveryState, HideReason
from digest.pipeline.catalog.readers import readers_of
from digest.pipeline.community.moderation import hiding_of
from digest.pipeline.community.my_digests import my_digests
from digest.pipeline.installation import Installation
from digest.pipeline.runner import run_round
from digest.pipeline.subscriptions import personal_data
from digest.store import deliveries, readable, session
from digest.store.monitoring import statistics
from digest.store.papers import reading
from tests.builders import NOW, entry
from tests.installations import installation, join, store_entries

HOUR = timedelta(hours=1)


@pytest.fixture(autouse=True)
def _nothing_reported_yet(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(readable, "_logged", {})
    monkeypatch.setattr(readable, "_new", {})


@pytest.fixture
def site(engine: Engine, tmp_path: Path) -> Installation:
    store_entries(engine, [entry("2603.00001", title="Agents that plan")], seen_at=NOW - 3 * HOUR)
    site = installation(engine, tmp_path)
    for email in ("ada@example.org", "bob@example.org"):
        join(site, email)
    return site


def spoil(site: Installation, statement: str, **values: object) -> None:
    with site.engine.begin() as connection:
        assert connection.execute(text(statement), values).rowcount == 1


def test_a_delivery_in_an_unknown_state_stops_no_count_and_no_list(site: Installation) -> None:
    run_round(site, NOW, fetch=False)
    spoil(site, "UPDATE deliveries SET state = 'lost' WHERE subscriber_id = 2")
    with session.reading(site.engine) as db:
        paper = reading.find(db, "2603.00001")
        counted = statistics.deliveries(db, NOW.date(), NOW.date())
        assert [(each.subscriber_id, each.state) for each in deliveries.of_subscriber(db, 1)] == [(1, "sent")]
        assert deliveries.of_subscriber(db, 2) == []
        assert deliveries.has_any(db, 2)
    assert counted == {NOW.date(): {DeliveryState.SENT: 1}}
    got = readers_of(site, paper, limit=10)
    assert got.counts == {DeliveryState.SENT: 1}
    assert [email for _, email in got.deliveries] == ["ada@example.org"]
    assert {"delivery 2", "deliveries of issue 1 in state lost"} <= set(readable.take_left_out())
    spoil(site, "UPDATE deliveries SET state = 'sent' WHERE state = 'lost'")  # each test's ledger adds up


@pytest.mark.parametrize("at", ["0001-01-01 00:00:00", "9999-12-31 23:59:59"])
def test_readers_of_a_paper_at_the_ends_of_the_calendar_are_looked_for(site: Installation, at: str) -> None:
    zone = "+00" if site.engine.dialect.name == "postgresql" else ".000000"
    spoil(site, f"UPDATE papers SET first_seen_at = '{at}{zone}'")
    with session.reading(site.engine) as db:
        paper = reading.find(db, "2603.00001")
    assert readers_of(site, paper, limit=10).counts == {}


def test_topics_of_another_shape_are_left_out_of_the_count(site: Installation) -> None:
    spoil(site, """UPDATE subscribers SET interests = '{"topics": ["agents"]}' WHERE id = 1""")
    spoil(site, """UPDATE subscribers SET interests = '{"topics": 7}' WHERE id = 2""")
    with session.reading(site.engine) as db:
        assert statistics.topic_readers(db) == {"agents": 1}


def test_a_paper_that_is_hidden_for_an_unknown_reason_stays_hidden(site: Installation) -> None:
    with session.reading(site.engine) as db:
        paper = reading.find(db, "2603.00001")
    hidden = "INSERT INTO hidings (paper_id, reason, words, by, at) VALUES (:n, 'mood', 'gloomy', 'x', :at)"
    spoil(site, hidden, n=paper.pk, at=NOW.replace(tzinfo=None))
    found = hiding_of(site, paper)
    assert found
    assert (found.reason, found.words) == (HideReason.OTHER, "gloomy")
    assert set(readable.take_left_out()) == {f"hiding of paper {paper.pk}"}


def test_what_a_digest_showed_may_be_damaged(site: Installation) -> None:
    run_round(site, NOW, fetch=False)
    spoil(site, "UPDATE deliveries SET shown = :cut WHERE subscriber_id = 2", cut=b"\1\0\0")
    assert [each.count for each in my_digests(site, 2)] == [1]
    (digest,) = personal_data.export(site, 2)["digests"]
    assert digest["papers"] == ["arxiv:2603.00001"]
    assert digest["reasons"] == {}

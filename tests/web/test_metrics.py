"""`/metrics`: what Prometheus reads of an installation, on both databases, by its own parser."""

import re
from collections.abc import Iterator
from datetime import timedelta
from math import inf
from pathlib import Path

import pytest
import yaml
from prometheus_client.parser import text_string_to_metric_families
from sqlalchemy import Engine, text

from digest.domain import DeliveryState, Role, SourceKind, SourceState
from digest.pipeline.community import tokens
from digest.pipeline.delivery.worker import deliver_due
from digest.pipeline.issues.open import open_due
from digest.pipeline.monitoring.metrics import MOST_SERIES, MOST_SOURCES, MOST_THREADS, Metrics
from digest.pipeline.subscriptions import admin
from digest.store import session, sources
from digest.store.monitoring import failures
from tests.builders import NOW, entry
from tests.installations import installation, join, store_entries
from tests.web_server import WebServer, serving

ADA = "ada@example.org"
ROOT = Path(__file__).parents[2]
Numbers = dict[tuple[str, ...], float]


@pytest.fixture
def web(engine: Engine, tmp_path: Path) -> Iterator[WebServer]:
    with serving(installation(engine, tmp_path), tmp_path) as server:
        store_entries(engine, [entry(title="Agents that plan")], seen_at=NOW - timedelta(hours=2))
        join(server.installation, ADA, topics=["agents"], filters=["agents"], now=NOW - timedelta(hours=2))
        yield server


def token(web: WebServer, scope: Role) -> str:
    admin.give_role(web.installation, ADA, scope, web.clock.now)
    made = tokens.create(web.installation, ADA, label="prometheus", scope=scope, now=web.clock.now)
    return f"Bearer {made[1]}"


def parsed(answer: str) -> dict[str, Numbers]:
    """The numbers by series name, then by the values of the labels; a series that comes twice is an error."""
    found: dict[str, Numbers] = {}
    for family in text_string_to_metric_families(answer):
        assert family.documentation
        assert family.type in {"gauge", "counter"}
        for sample in family.samples:
            values = tuple(sample.labels[name] for name in sorted(sample.labels))
            assert values not in found.setdefault(sample.name, {})
            found[sample.name][values] = sample.value
    return found


def scraped(web: WebServer, authorization: str) -> dict[str, Numbers]:
    answer = web.client(authorization=authorization).get("/metrics")
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"
    assert "@" not in answer.text
    return parsed(answer.text)


def add_sources(engine: Engine, *names: str) -> None:
    with session.transaction(engine) as db:
        for name in names:
            sources.add(db, name=name, kind=SourceKind.FEED, url="https://feed.example.org/rss")


def fetch(engine: Engine, name: str, *, succeeds: bool) -> None:
    """Note what came of asking a source."""
    later = NOW + timedelta(hours=1)
    with session.transaction(engine) as db:
        if succeeds:
            state = SourceState.FRESH
            sources.succeeded(
                db, name, now=NOW, state=state, etag=None, last_modified=None, next_fetch_at=later
            )
        else:
            sources.failed(db, name, now=NOW, error="HTTP 500", next_fetch_at=later)


def test_the_numbers_say_what_happened(web: WebServer, engine: Engine) -> None:
    add_sources(engine, 'a "feed" \\ of ours', "silent", "paused")
    for succeeds in (True, True, False, True, False, False):
        fetch(engine, 'a "feed" \\ of ours', succeeds=succeeds)
    with session.transaction(engine) as db:
        sources.pause(db, "paused")
        failures.note(db, "sign-up", "7", "KeyError", NOW)
    web.clock.move(hours=1)
    open_due(web.installation, web.clock.now)
    web.clock.move(minutes=10)
    deliver_due(web.installation, web.clock.now)
    found = scraped(web, token(web, Role.ADMIN))
    name = 'a "feed" \\ of ours'
    assert found["digest_source_fetches_total"][("read", name)] == 3
    assert found["digest_source_fetches_total"][("failed", name)] == 3
    assert found["digest_source_failures"][(name,)] == 2
    assert found["digest_source_last_success_age_seconds"][(name,)] == 70 * 60
    assert found["digest_source_last_success_age_seconds"][("silent",)] == inf
    assert ("paused",) not in found["digest_source_failures"]
    assert found["digest_sources"][("paused",)] == found["digest_sources"][("failing",)] == 1
    assert found["digest_issues"][()] == 1
    assert found["digest_deliveries"] == {(state,): state == "sent" for state in DeliveryState}
    assert found["digest_bounces"] == {("bounced",): 0, ("complained",): 0}
    assert found["digest_queue_age_seconds"] == {("digests",): 0, ("preparing",): 0, ("emails",): 0}
    assert found["digest_send_duration_seconds"][()] > 0
    assert found["digest_failures"][()] == 1
    assert set(found["digest_metrics_failed"].values()) == {0}


def test_what_waits_has_an_age(web: WebServer, engine: Engine) -> None:
    key = token(web, Role.ADMIN)
    web.clock.move(days=2)
    waits = scraped(web, key)
    assert waits["digest_queue_people"] == {("preparing",): 1, ("digests",): 0}
    assert waits["digest_queue_age_seconds"][("preparing",)] > 24 * 3600
    open_due(web.installation, web.clock.now)
    web.clock.move(minutes=30)
    waits = scraped(web, key)
    assert waits["digest_queue_people"] == {("preparing",): 0, ("digests",): 1}
    assert waits["digest_queue_age_seconds"][("digests",)] >= 30 * 60
    with engine.begin() as connection:
        connection.execute(text("UPDATE deliveries SET state = 'bounced'"))
    web.clock.move(minutes=30)
    assert scraped(web, key)["digest_bounces"] == {("bounced",): 1, ("complained",): 0}


def test_numbers_are_read_once_in_some_seconds(web: WebServer, engine: Engine) -> None:
    key = token(web, Role.ADMIN)
    before = scraped(web, key)
    add_sources(engine, "new")
    web.clock.move(seconds=4)
    assert scraped(web, key) == before
    web.clock.move(minutes=10)
    assert scraped(web, key)["digest_sources"][("new",)] == before["digest_sources"][("new",)] + 1


def test_hundreds_of_sources_are_no_more_than_two_hundred_series(engine: Engine, tmp_path: Path) -> None:
    from digest.web.health import text_of

    here = installation(engine, tmp_path)
    with session.transaction(engine) as db:
        for source in sources.listing(db):
            sources.remove(db, source.name)
    names = ["other", *(f"feed-{number}" for number in range(300))]
    add_sources(engine, *names)
    for name in names:
        fetch(engine, name, succeeds=False)
    threads = {f"thread-{number}": NOW for number in range(50)}
    found = parsed(text_of(Metrics(here).get(NOW, threads)).decode())
    assert sum(len(numbers) for numbers in found.values()) <= MOST_SERIES
    counted = found["digest_source_failures"]
    assert (len(counted), counted[("other",)]) == (MOST_SOURCES + 1, 301 - MOST_SOURCES)
    assert sum(counted.values()) == 301
    assert found["digest_source_last_success_age_seconds"][("other",)] == inf
    assert found["digest_sources"][("failing",)] == 301
    assert len(found["digest_heartbeat_age_seconds"]) == MOST_THREADS


def test_a_part_that_cannot_be_read_is_left_out_and_counted(web: WebServer, engine: Engine) -> None:
    key = token(web, Role.ADMIN)
    with engine.begin() as connection:
        connection.execute(text("ALTER TABLE failures RENAME TO failures_elsewhere"))
    found = scraped(web, key)
    assert not {"digest_failures", "digest_alarms"} & set(found)
    assert {part for part, number in found["digest_metrics_failed"].items() if number} == {("failures",)}
    assert found["digest_issues"][()] == 0
    with engine.begin() as connection:
        connection.execute(text("ALTER TABLE failures_elsewhere RENAME TO failures"))
    web.clock.move(minutes=10)
    found = scraped(web, key)
    assert found["digest_failures"][()] == 0
    assert set(found["digest_metrics_failed"].values()) == {0}


def test_a_row_in_a_strange_state_hides_no_other(web: WebServer, engine: Engine) -> None:
    join(web.installation, "bob@example.org", filters=["agents"], now=NOW - timedelta(hours=2))
    key = token(web, Role.ADMIN)
    web.clock.move(days=1)
    open_due(web.installation, web.clock.now)
    strange = "SET state = 'unheard of' WHERE id = (SELECT min(id) FROM deliveries)"
    with engine.begin() as connection:
        connection.execute(text(f"UPDATE deliveries {strange}"))
    found = scraped(web, key)
    with engine.begin() as connection:  # every test's ledger must add up in the end
        connection.execute(text("UPDATE deliveries SET state = 'queued' WHERE state = 'unheard of'"))
    assert sum(found["digest_deliveries"].values()) == 1
    assert set(found["digest_metrics_failed"].values()) == {0}


def test_only_an_admin_reads_the_numbers(web: WebServer) -> None:
    refused = web.client().get("/metrics")
    assert (refused.status_code, refused.text) == (401, "a token that works is needed\n")
    assert refused.headers["www-authenticate"].startswith("Bearer")
    for role in (Role.READER, Role.CURATOR):
        assert web.client(authorization=token(web, role)).get("/metrics").status_code == 403
    admins = web.client(authorization=token(web, Role.ADMIN))
    head = admins.head("/metrics")
    assert (head.status_code, head.content) == (200, b"")
    assert head.headers["cache-control"] == "no-store"
    assert admins.post("/metrics").status_code == 405
    admin.give_role(web.installation, ADA, Role.READER, web.clock.now)
    assert admins.get("/metrics").status_code == 403


def test_the_documented_scrape_is_one_that_is_answered() -> None:
    page = (ROOT / "docs/operating.md").read_text(encoding="utf-8")
    (block,) = re.findall(r"^```yaml\n(scrape_configs:.*?)^```", page, flags=re.MULTILINE | re.DOTALL)
    (job,) = yaml.safe_load(block)["scrape_configs"]
    assert job["scheme"] == "https"
    assert set(job["authorization"]) == {"credentials_file"}  # Prometheus says Bearer and asks for /metrics
    assert job["static_configs"][0]["targets"]

"""A row that this version can't read (a kind of a newer one, JSON of another shape) is left out, and stops
no page, digest or list; on both databases."""

from datetime import timedelta
from io import StringIO
from pathlib import Path

import pytest
from sqlalchemy import Engine, text

from digest.domain import SourceKind
from digest.errors import UnknownError
from digest.pipeline import failures
from digest.pipeline.catalog.search_index import catch_up
from digest.pipeline.installation import Installation
from digest.pipeline.monitoring.store_checks import examine_store
from digest.pipeline.runner import run_round
from digest.pipeline.subscriptions.lists.csv_export import export_subscribers
from digest.store import deliveries, readable, session, sources
from digest.store.community import audit, hidings, reports, tokens
from digest.store.papers import reading
from digest.store.sources import certificates
from digest.store.subscriptions import subscribers
from tests.builders import NOW, entry
from tests.installations import installation, join, outbox, store_entries

HOUR = timedelta(hours=1)
ADA, BOB = "ada@example.org", "bob@example.org"


@pytest.fixture
def site(engine: Engine, tmp_path: Path) -> Installation:
    papers = [entry("2603.00001", title="Agents that plan"), entry("2603.00002", title="Agents that walk")]
    store_entries(engine, papers, seen_at=NOW - 3 * HOUR)
    site = installation(engine, tmp_path)
    for email in (ADA, BOB):
        join(site, email)
    return site


def spoil(site: Installation, statement: str, **values: object) -> None:
    with site.engine.begin() as connection:
        assert connection.execute(text(statement), values).rowcount == 1


def set_aside(site: Installation) -> set[str]:
    return {each.item for each in failures.listing(site)}


@pytest.mark.parametrize(
    ("column", "value"), [("kind", "ssrn"), ("state", "asleep"), ("notes", '{"a": 1}'), ("notes", "null")]
)
def test_a_source_of_a_newer_version_stops_no_digest(
    site: Installation, tmp_path: Path, column: str, value: str
) -> None:
    with session.transaction(site.engine) as db:
        sources.add(db, name="newer", kind=SourceKind.FEED, url="http://127.0.0.1:9/feed")
    spoil(site, f"UPDATE sources SET {column} = :value WHERE name = 'newer'", value=value)
    done = run_round(site, NOW, fetch=False)
    assert not done.failed
    assert [mail["To"] for mail in outbox(tmp_path)] == [ADA, BOB]
    assert set_aside(site) == {"source newer"}
    checks = {each.check: each.detail for each in examine_store(site.engine, NOW, (), summaries=False)}
    assert "row source newer" in checks["failures"]


@pytest.mark.parametrize("column", ["authors", "categories", "keywords"])
@pytest.mark.parametrize("value", ["null", "7", '[["Ada"]]', '"Ada"'])
def test_a_paper_that_cannot_be_read_stops_no_other(
    site: Installation, tmp_path: Path, column: str, value: str
) -> None:
    spoil(site, f"UPDATE papers SET {column} = :value WHERE canonical_id LIKE '%00001'", value=value)
    done = run_round(site, NOW, fetch=False)
    assert not done.failed
    assert "row" in {each.part for each in failures.listing(site)}
    assert set_aside(site) == {"paper arxiv:2603.00001"}
    assert all("walk" in mail.as_string() and "plan" not in mail.as_string() for mail in outbox(tmp_path))
    assert len(outbox(tmp_path)) == 2
    catch_up(site)
    with session.reading(site.engine) as db:
        assert reading.find(db, "2603.00002").title == "Agents that walk"
        with pytest.raises(UnknownError, match="can't be read"):
            reading.find(db, "2603.00001")


@pytest.mark.parametrize(
    ("column", "value"), [("categories", "[1]"), ("missing", '{"a": 1}'), ("missing_from", "[]")]
)
def test_a_certificate_that_cannot_be_read_stops_no_digest(
    site: Installation, tmp_path: Path, column: str, value: str
) -> None:
    with session.transaction(site.engine) as db:
        known = sources.ensure(db, name="arxiv", kind=SourceKind.ARXIV)
        certificates.notice(db, known.id, [NOW.date(), NOW.date() - timedelta(days=1)], now=NOW)
    kept = {"missing": '["arxiv:2603.1"]', column: value}
    for name, each in kept.items():
        spoil(
            site,
            f"UPDATE certificates SET {name} = :value WHERE day = :day",
            value=each,
            day=NOW.date().isoformat(),
        )
    assert not run_round(site, NOW, fetch=False).failed
    assert len(outbox(tmp_path)) == 2
    with session.reading(site.engine) as db:
        assert len(certificates.listing(db, known.id)) == 1


def test_lists_leave_out_what_cannot_be_read(site: Installation) -> None:
    with session.reading(site.engine) as db:
        number = reading.find(db, "2603.00001").pk
    with site.engine.begin() as connection:
        connection.execute(
            text(
                "INSERT INTO reports (paper_id, about, network, words, at) VALUES (:n, :about, '', '', :at)"
            ),
            [{"n": number, "about": about, "at": NOW.replace(tzinfo=None)} for about in ("paper", "tone")],
        )
        connection.execute(
            text("INSERT INTO hidings (paper_id, reason, words, by, at) VALUES (:n, :reason, '', 'x', :at)"),
            [{"n": number, "reason": reason, "at": NOW.replace(tzinfo=None)} for reason in ("spam", "mood")],
        )
        connection.execute(
            text(
                "INSERT INTO api_tokens (token_hash, subscriber_id, label, scope, created_at)"
                " VALUES (:scope, 1, 'bot', :scope, :at)"
            ),
            [{"scope": scope, "at": NOW.replace(tzinfo=None)} for scope in ("reader", "owner")],
        )
    spoil(site, "UPDATE subscribers SET frequency = 'hourly', role = 'admin' WHERE email = :email", email=BOB)
    with session.reading(site.engine) as db:
        assert [each.about for each in reports.unsettled(db)] == ["paper"]
        assert [each.reason for _, _, each in hidings.listing(db)] == ["spam"]
        assert [each.scope for each in tokens.listing(db)] == ["reader"]
        assert [each.email for each in subscribers.listing(db)] == [ADA]
        assert subscribers.with_roles(db) == []
    assert len(readable.take_left_out()) == 4
    assert readable.take_left_out() == {}


def test_an_export_leaves_out_who_cannot_be_read(site: Installation) -> None:
    spoil(site, "UPDATE subscribers SET interests = '7' WHERE email = :email", email=BOB)
    out = StringIO()
    assert export_subscribers(site, out) == 1
    assert ADA in out.getvalue()
    assert BOB not in out.getvalue()
    assert list(readable.take_left_out()) == ["subscriber 2"]


def test_deliveries_and_acts_that_cannot_be_read_are_left_out_of_their_lists(site: Installation) -> None:
    run_round(site, NOW, fetch=False)
    spoil(site, "UPDATE deliveries SET state = 'lost' WHERE subscriber_id = 2")
    with session.transaction(site.engine) as db:
        for act in ("pick", "hide"):
            audit.record(db, site.actor, act, "paper:1", {"note": "a"}, {"note": "b"}, now=NOW)
    spoil(site, "UPDATE audit SET before = '7' WHERE act = 'hide'")
    with session.reading(site.engine) as db:
        assert [email for _, email in deliveries.listing(db)] == [ADA]
        assert [each.act for each in audit.listing(db, object_="paper:1")] == ["pick"]
    spoil(site, "UPDATE deliveries SET state = 'sent' WHERE state = 'lost'")  # each test's ledger adds up


def test_a_signal_of_a_newer_kind_stops_no_digest(site: Installation, tmp_path: Path) -> None:
    with session.reading(site.engine) as db:
        number = reading.find(db, "2603.00001").pk
    with site.engine.begin() as connection:
        connection.execute(
            text("INSERT INTO signals VALUES (:n, 'arxiv', :kind, :at, 7)"),
            [{"n": number, "kind": kind, "at": NOW - HOUR} for kind in ("upvotes", "smiles")],
        )
    done = run_round(site, NOW, fetch=False)
    assert not done.failed
    assert len(outbox(tmp_path)) == 2
    with session.reading(site.engine) as db:
        assert [each.kind for each in reading.find(db, "2603.00001").signals] == ["upvotes"]


def test_numbers_that_are_cut_short_stop_no_list_of_deliveries(site: Installation) -> None:
    run_round(site, NOW, fetch=False)
    spoil(site, "UPDATE deliveries SET papers = :cut WHERE subscriber_id = 2", cut=b"\1\0\0\0\2")
    with session.reading(site.engine) as db:
        found = {email: each.papers for each, email in deliveries.listing(db)}
    assert found[BOB] == (1,)
    assert len(found[ADA]) == 2

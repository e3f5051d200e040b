"""Moving a list of 10,000 here from listmonk: nobody who left is written to, and consent is on record."""

import csv
import io
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine

from digest.domain import DeliveryState, SubscriberStatus
from digest.pipeline.issues.open import open_due
from digest.pipeline.subscriptions.lists.csv_export import export_subscribers
from digest.pipeline.subscriptions.lists.csv_import import import_subscribers
from digest.pipeline.subscriptions.lists.list_formats import ListFormat
from digest.store import deliveries, session
from digest.store.monitoring import statistics
from digest.store.subscriptions import subscribers, suppressions
from digest.tokens import address_hashes
from tests.builders import NOW, entry
from tests.installations import installation, store_entries

PEOPLE = 10_000
QUEUED = DeliveryState.QUEUED
AGREED = "agreed on our listmonk list, 2024"
ACTIVE, UNSUBSCRIBED, SUPPRESSED = (
    SubscriberStatus.ACTIVE,
    SubscriberStatus.UNSUBSCRIBED,
    SubscriberStatus.SUPPRESSED,
)


def listmonk_export() -> str:
    """As listmonk writes it: one in ten unsubscribed, one in twenty blocklisted (bounces and complaints)."""
    out = io.StringIO()
    table = csv.writer(out)
    table.writerow(("uuid", "email", "name", "attributes", "status", "created_at", "updated_at"))
    for number in range(PEOPLE):
        status = "blocklisted" if number % 20 == 1 else "unsubscribed" if number % 10 == 0 else "enabled"
        joined = f"2024-05-{number % 28 + 1:02} 10:00:00.123456+00:00"
        table.writerow((number, f"Reader{number}@lab{number % 7}.example", "R", "{}", status, joined, joined))
    return out.getvalue()


@pytest.mark.parametrize("database_kind", ["sqlite"], indirect=True)
def test_a_list_of_ten_thousand_moves_here_and_nobody_who_left_is_written_to(
    engine: Engine, tmp_path: Path
) -> None:
    here = installation(engine, tmp_path)
    store_entries(engine, [entry()], seen_at=NOW - timedelta(hours=3))
    report = import_subscribers(
        here, listmonk_export(), now=NOW - timedelta(hours=12), consent=AGREED, form=ListFormat.LISTMONK
    )
    assert (report.added, report.errors) == (PEOPLE, [])
    assert not (tmp_path / "outbox").exists()  # an import mails nobody
    with session.reading(engine) as db:
        assert statistics.by_status(db) == {
            SubscriberStatus.PENDING: 0,
            ACTIVE: PEOPLE * 85 // 100,
            SubscriberStatus.PAUSED: 0,
            UNSUBSCRIBED: PEOPLE // 10,
            SUPPRESSED: PEOPLE // 20,
        }
        bounced = subscribers.get(db, "reader1@lab1.example")
        assert suppressions.among(db, address_hashes(bounced.email, here.keys))
        agreed = subscribers.consents(db, subscribers.get(db, "reader2@lab2.example").id)
        assert [consent.wording for consent in agreed] == [AGREED]
    open_due(here, NOW)
    with session.reading(engine) as db:
        written_to = {email for row, email in deliveries.listing(db, limit=PEOPLE) if row.state is QUEUED}
        statuses = {subscribers.get(db, email).status for email in sorted(written_to)[:50]}
        assert len(written_to) == PEOPLE * 85 // 100
        assert statuses == {ACTIVE}
        assert not {f"Reader{n}@lab{n % 7}.example" for n in range(0, PEOPLE, 10)} & written_to
        assert not {f"Reader{n}@lab{n % 7}.example" for n in range(1, PEOPLE, 20)} & written_to


def test_an_export_that_is_imported_elsewhere_is_exported_the_same(engine: Engine, tmp_path: Path) -> None:
    """On both databases: 1,000 readers of every status, with filters, quiet days and pauses."""
    here = installation(engine, tmp_path)
    lines = ["email,topics,filters,frequency,at,status,paused_until,joined_at,consent,consent_at"]
    states = ("active", "pending", "unsubscribed", "suppressed", "paused")
    for number in range(1000):
        status = states[number % 5]
        until = "2026-06-01T00:00:00Z" if status == "paused" else ""
        wants = f'llm,"mamba;au:""Ada {number % 9}""",weekly,07:{number % 60:02}'
        lines.append(
            f"r{number}@lab.example,{wants},{status},{until},2025-01-01T00:00:00.5Z,it's so,2025-01-02"
        )
    first, second = io.StringIO(), io.StringIO()
    assert import_subscribers(here, "\n".join(lines), now=NOW, consent=None).added == 1000
    assert export_subscribers(here, first) == 1000
    with session.transaction(engine) as db:
        for person in subscribers.listing(db, limit=1000):
            subscribers.erase(db, person.id)
    again = import_subscribers(here, first.getvalue(), now=NOW, consent=None)
    assert (again.added, again.errors) == (1000, [])
    export_subscribers(here, second)
    assert second.getvalue() == first.getvalue()

"""Moving a list of 10,000 here from listmonk: nobody who left is written to, and consent is on record."""

import csv
import io
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine, select, text

from digest.domain import DeliveryState, SubscriberStatus
from digest.pipeline.issues.open import open_due
from digest.pipeline.subscriptions.lists.csv_export import export_subscribers
from digest.pipeline.subscriptions.lists.csv_import import import_subscribers
from digest.pipeline.subscriptions.lists.list_formats import ListFormat
from digest.store import deliveries, session
from digest.store.monitoring import statistics
from digest.store.subscriptions import subscribers, suppressions
from digest.store.subscriptions.tables.consents import ConsentRow
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


MEMBERS = 40
MAILMAN, BUTTONDOWN, MAILCHIMP = ListFormat.MAILMAN, ListFormat.BUTTONDOWN, ListFormat.MAILCHIMP


def address(number: int) -> str:
    return f"reader{number}@lab.example"


def buttondown_export() -> str:
    """As Buttondown writes it: of ten, one has left, one can't be reached, one never confirmed."""
    kinds = {0: "unsubscribed", 1: "undeliverable", 2: "unactivated"}
    rows = [
        f"{address(n)},,{kinds.get(n % 10, 'regular')},2024-05-01T10:00:00Z,https://x.example/,tag"
        for n in range(MEMBERS)
    ]
    return "\n".join(["email,notes,type,creation_date,source,tags", *rows]) + "\n"


def mailchimp_exports() -> list[str]:
    """As Mailchimp's archive has them: a file of subscribers, one of who left, one of who bounced."""
    head = (
        "Email Address,First Name,MEMBER_RATING,OPTIN_TIME,OPTIN_IP,CONFIRM_TIME,CONFIRM_IP,LEID,EUID,NOTES"
    )
    when = '2,"2024-05-01 10:00:00",,"2024-05-01 10:05:00",192.0.2.7,1,ab,'
    files = []
    for name, own in (("", range(2, 10)), (",UNSUB_TIME", [0]), (",CLEAN_TIME", [1])):
        gone = ',"2025-01-01 00:00:00"' if name else ""
        rows = [f"{address(n)},R,{when}{gone}" for n in range(MEMBERS) if n % 10 in own]
        files.append("\n".join([head + name, *rows]) + "\n")
    return files


# Program → its files, and which of ten become what.
OTHERS = {
    MAILMAN: (["".join(f"Reader {n} <{address(n)}>\n" for n in range(MEMBERS))], {}),
    BUTTONDOWN: ([buttondown_export()], {0: UNSUBSCRIBED, 1: SUPPRESSED, 2: SubscriberStatus.PENDING}),
    MAILCHIMP: (mailchimp_exports(), {0: UNSUBSCRIBED, 1: SUPPRESSED}),
}


@pytest.mark.parametrize("form", OTHERS)
@pytest.mark.parametrize("database_kind", ["sqlite"], indirect=True)
def test_whoever_left_or_bounced_on_another_list_is_not_written_to_here(
    engine: Engine, tmp_path: Path, form: ListFormat
) -> None:
    here = installation(engine, tmp_path)
    store_entries(engine, [entry()], seen_at=NOW - timedelta(hours=3))
    files, became = OTHERS[form]
    wanted = {address(n): became.get(n % 10, ACTIVE) for n in range(MEMBERS)}
    for again in (False, True):  # the second time changes nothing
        added = 0
        for file in files:
            report = import_subscribers(here, file, now=NOW - timedelta(hours=12), consent=AGREED, form=form)
            assert (report.errors, report.updated) == ([], 0)
            added += report.added
        assert added == (0 if again else MEMBERS)
    assert not (tmp_path / "outbox").exists()
    open_due(here, NOW)
    with session.reading(engine) as db:
        assert {person.email: person.status for person in subscribers.listing(db)} == wanted
        written_to = {email for row, email in deliveries.listing(db) if row.state is QUEUED}
        assert written_to == {email for email, status in wanted.items() if status is ACTIVE}
        for email, status in wanted.items():
            is_shut = bool(suppressions.among(db, address_hashes(email, here.keys)))
            assert is_shut is (status is SUPPRESSED), email
            agreed = subscribers.consents(db, subscribers.get(db, email).id)
            assert agreed or status is not ACTIVE, email
            if form is MAILCHIMP:
                assert agreed[0].wording == "Mailchimp: confirmed 2024-05-01 10:05:00 UTC"


@pytest.mark.parametrize("database_kind", ["postgres"], indirect=True)
def test_postgres_knows_at_once_how_many_were_added(engine: Engine, tmp_path: Path) -> None:
    table = "email\n" + "".join(f"reader{number}@lab.example\n" for number in range(PEOPLE))
    report = import_subscribers(installation(engine, tmp_path), table, now=NOW, consent=AGREED)
    assert (report.added, report.errors) == (PEOPLE, [])
    with session.reading(engine) as db:
        query = select(ConsentRow.wording).where(ConsentRow.subscriber_id.in_(range(1, 501)))
        sql = query.compile(engine, compile_kwargs={"literal_binds": True})
        plan = "\n".join(db.scalars(text(f"EXPLAIN {sql}")))
    assert "ix_consents_subscriber_id" in plan, plan

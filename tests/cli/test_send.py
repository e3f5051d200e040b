"""`digest send ADDRESS --now`: today's digest at once, in the ledger, and nobody gets two."""

import re
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine

from digest.config import load
from digest.domain import DeliveryState, SubscriberStatus
from digest.errors import DeliveryError, RefusedError, UnknownError
from digest.pipeline.delivery.send_now import send_now
from digest.pipeline.delivery.worker import DeliveryWorker
from digest.pipeline.installation import Installation, open_installation
from digest.pipeline.issues.open import open_due
from digest.pipeline.mail.links import mail_links
from digest.pipeline.runner import run_round
from digest.store import deliveries, session
from digest.store.subscriptions import subscribers
from tests.builders import NOW, entry
from tests.commands import commands
from tests.installations import installation, join, outbox, store_entries

ADA = "ada@one.example"
DAY = timedelta(days=1)


@pytest.fixture
def here(engine: Engine, tmp_path: Path) -> Installation:
    """An hour before Ada's digest is due, with a paper to send and somebody else who is due then, too."""
    made = installation(engine, tmp_path)
    store_entries(engine, [entry()], seen_at=NOW - timedelta(hours=3))
    for name in (ADA, "bob@two.example"):
        join(made, name, now=NOW - DAY)
    return made


def deliver_all(here: Installation, now: object) -> None:
    open_due(here, now)  # type: ignore[arg-type]
    with DeliveryWorker(here) as worker:
        while worker.deliver_due(now):  # type: ignore[arg-type]
            pass


def test_a_digest_sent_by_hand_is_the_only_one_of_its_day(here: Installation, tmp_path: Path) -> None:
    early = NOW - timedelta(hours=2)
    sent = send_now(here, ADA, early)
    assert sent.delivery.state is DeliveryState.SENT
    assert len(sent.papers) == 1
    assert [mail["To"] for mail in outbox(tmp_path)] == [ADA]
    with session.reading(here.engine) as db:
        due = subscribers.get(db, ADA).next_due_at
    assert due
    assert due.date() == NOW.date() + DAY
    with pytest.raises(RefusedError, match="sent already"):
        send_now(here, ADA, early)
    deliver_all(here, NOW + timedelta(hours=4))
    assert sorted(mail["To"] for mail in outbox(tmp_path)) == [ADA, "bob@two.example"]


def test_where_there_is_nothing_to_send_nothing_is_written_and_papers_that_come_later_are_sent(
    engine: Engine, tmp_path: Path
) -> None:
    here = installation(engine, tmp_path)
    due = join(here, ADA, now=NOW - DAY).next_due_at
    with pytest.raises(RefusedError, match="nothing to send"):
        send_now(here, ADA, NOW)
    with session.reading(engine) as db:
        assert deliveries.listing(db) == []
        assert subscribers.get(db, ADA).next_due_at == due
    deliver_all(here, NOW + timedelta(hours=4))
    with session.reading(engine) as db:
        assert [row.state for row, _ in deliveries.listing(db)] == [DeliveryState.SKIPPED]
    store_entries(engine, [entry()], seen_at=NOW + timedelta(hours=5))
    assert send_now(here, ADA, NOW + timedelta(hours=6)).delivery.state is DeliveryState.SENT
    with pytest.raises(RefusedError, match="sent already"):
        send_now(here, ADA, NOW + timedelta(hours=6))
    assert [mail["To"] for mail in outbox(tmp_path)] == [ADA]


def test_a_digest_that_waits_is_delivered_before_its_time(here: Installation, tmp_path: Path) -> None:
    later = NOW + timedelta(hours=4)
    open_due(here, later)
    with session.transaction(here.engine) as db:
        (row,) = [row for row, email in deliveries.listing(db) if email == ADA]
    sent = send_now(here, ADA, later)
    assert (sent.delivery.id, sent.delivery.state) == (row.id, DeliveryState.SENT)
    assert [mail["To"] for mail in outbox(tmp_path)] == [ADA]


@pytest.mark.parametrize(
    ("status", "fix"),
    [(SubscriberStatus.PAUSED, "resume"), (SubscriberStatus.UNSUBSCRIBED, "resend-confirmation")],
)
@pytest.mark.parametrize("database_kind", ["sqlite"], indirect=True)
def test_nothing_goes_to_who_wants_no_mail(here: Installation, status: SubscriberStatus, fix: str) -> None:
    with session.transaction(here.engine) as db:
        subscribers.set_status(db, subscribers.get(db, ADA).id, status)
    with pytest.raises(RefusedError) as refused:
        send_now(here, ADA, NOW)
    assert fix in (refused.value.fix or "")
    with pytest.raises(UnknownError):
        send_now(here, "nobody@one.example", NOW)


@pytest.mark.parametrize("database_kind", ["sqlite"], indirect=True)
def test_a_server_that_is_away_leaves_the_digest_to_the_next_round(engine: Engine, tmp_path: Path) -> None:
    away = installation(engine, tmp_path, smtp_url="smtp://127.0.0.1:1")
    store_entries(engine, [entry()], seen_at=NOW - timedelta(hours=3))
    join(away, ADA, now=NOW - DAY)
    with pytest.raises(DeliveryError):
        send_now(away, ADA, NOW)
    there = installation(engine, tmp_path)
    run_round(there, NOW + timedelta(hours=1), fetch=False)
    assert [mail["To"] for mail in outbox(tmp_path)] == [ADA]


def test_the_command_says_what_it_would_do_and_what_it_did(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("DIGEST_DATA_DIR", str(tmp_path))
    digest = commands(capsys, now="2026-03-17T06:00:00Z")
    consent = ("--confirmed", "--consent", "asked")
    digest("subscribers", "add", ADA, "--quiet-days", *consent)
    assert digest("send", ADA)[0] == 2
    monkeypatch.setenv("DIGEST_MAIL_FROM", "papers@example.org")
    monkeypatch.setenv("DIGEST_POSTAL_ADDRESS", "1 Test Street")
    code, rehearsed, _ = digest("send", ADA, "--now", "--dry-run", "--json")
    assert (code, rehearsed["papers"]) == (0, [])
    assert digest("deliveries", "list", "--json")[1] == []
    code, row, _ = digest("send", ADA, "--now", "--json")
    assert (code, row["state"], row["email"]) == (0, "sent", ADA)
    code, _, err = digest("send", ADA, "--now")
    assert (code, "--why 2026-03-17" in err) == (7, True)


def test_a_preview_goes_to_any_address_with_links_that_are_nobody_s(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("DIGEST_DATA_DIR", str(tmp_path))
    monkeypatch.setenv("DIGEST_MAIL_FROM", "papers@example.org")
    monkeypatch.setenv("DIGEST_POSTAL_ADDRESS", "1 Test Street")
    digest = commands(capsys, now="2026-03-17T06:00:00Z")
    (tmp_path / "papers.jsonl").write_text('{"id": "2603.00001", "title": "Mamba"}\n')
    digest("papers", "import", str(tmp_path / "papers.jsonl"), "--kind", "jsonl")
    digest("subscribers", "add", ADA, "--filter", "mamba", "--confirmed", "--consent", "asked")
    code, sent, _ = digest("preview", ADA, "--to", "boss@example.org", "--json")
    assert (code, sent["state"]) == (0, "sent")
    (mail,) = outbox(tmp_path)
    assert mail["To"] == "boss@example.org"
    tokens = set(re.findall(r"/u/([A-Za-z0-9_-]+)", mail["List-Unsubscribe"]))
    assert tokens
    here = open_installation(load())
    with session.reading(here.engine) as db:
        assert deliveries.listing(db) == []
        own = mail_links(here, subscribers.get(db, ADA).id).unsubscribe
    here.engine.dispose()
    assert not any(token in own for token in tokens)
    assert digest("preview", ADA, "--to", "nobody")[0] == 2


def test_a_preview_is_opened_in_the_browser(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("DIGEST_DATA_DIR", str(tmp_path))
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr("tempfile.tempdir", None)
    browser = tmp_path / "browser"
    browser.write_text(f'#!/bin/sh\nprintf %s "$1" > {tmp_path}/opened\n')
    browser.chmod(0o755)
    monkeypatch.setenv("BROWSER", f"{browser} %s")
    digest = commands(capsys, now="2026-03-17T06:00:00Z")
    (tmp_path / "papers.jsonl").write_text('{"id": "2603.00001", "title": "Mamba"}\n')
    digest("papers", "import", str(tmp_path / "papers.jsonl"), "--kind", "jsonl")
    code, _, err = digest("preview", "--filter", "mamba", "--open")
    assert code == 0
    page = (tmp_path / "opened").read_text().removeprefix("file://")
    assert page in err
    assert "Mamba" in Path(page).read_text()

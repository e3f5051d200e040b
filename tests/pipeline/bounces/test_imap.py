"""Mails that came back, in a mailbox on a server: read, processed, and only then marked."""

import logging
import socket
import threading
import time
import traceback
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import Engine

from digest.domain import BounceKind, SubscriberStatus
from digest.errors import ConfigError, DeliveryError
from digest.pipeline import failures, runner
from digest.pipeline.bounces.imap import process_mailbox, take_in
from digest.pipeline.installation import Installation
from digest.store import session
from digest.store.subscriptions import subscribers
from tests.bounce_mails import came_back
from tests.builders import NOW
from tests.cli.conftest import NOW as TIME
from tests.commands import Command, commands
from tests.imap_server import PASSWORD, ImapServer
from tests.installations import installation
from tests.pipeline.bounces.test_maildir import ADA, returned, sent

sqlite_only = pytest.mark.parametrize("database_kind", ["sqlite"], indirect=True)
CLEAR, LOOK = {"\\Seen"}, {"\\Seen", "\\Flagged"}


@pytest.fixture
def server() -> Iterator[ImapServer]:
    with ImapServer() as running:
        yield running


def status(here: Installation) -> SubscriberStatus:
    with session.reading(here.engine) as db:
        return subscribers.get(db, ADA).status


@sqlite_only
def test_a_mailbox_is_read_and_each_mail_is_marked_once_it_is_processed(
    engine: Engine, tmp_path: Path, server: ImapServer, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    here, (mail,) = sent(engine, tmp_path)
    hard = server.put(returned("postfix-unknown-user", mail))
    person, forged = server.put(came_back("person")), server.put(came_back("forged"))
    seen: list[SubscriberStatus] = []
    server.on_fetch = lambda _number: seen.append(status(here))
    first = process_mailbox(here, server.url(), NOW, dry_run=True)
    assert [one.kind for one in first] == [BounceKind.HARD, BounceKind.UNKNOWN, BounceKind.FORGED]
    assert not any(mail.flags for mail in server.mails.values())
    assert process_mailbox(here, server.url(), NOW) == first
    assert [one.file for one in first] == [f"INBOX {number}" for number in (hard, person, forged)]
    active, gone = SubscriberStatus.ACTIVE, SubscriberStatus.SUPPRESSED
    assert seen == [active, active, active, active, gone, gone]
    assert [server.mails[n].flags for n in (hard, person, forged)] == [CLEAR, LOOK, LOOK]
    assert process_mailbox(here, server.url(), NOW) == []
    logged = caplog.text + "".join(server.asked)
    assert PASSWORD not in logged
    assert "w%C3%B6rd" not in logged


@sqlite_only
def test_a_mail_whose_processing_was_cut_off_is_read_again(
    engine: Engine, tmp_path: Path, server: ImapServer
) -> None:
    here, (mail,) = sent(engine, tmp_path)
    first, second = (server.put(returned("postfix-unknown-user", mail)) for _ in range(2))

    def cut(number: int) -> None:
        if number == second:
            server.stop()

    server.on_fetch = cut
    with pytest.raises(DeliveryError, match=r"127\.0\.0\.1") as lost:
        process_mailbox(here, server.url(), NOW)
    assert PASSWORD not in str(lost.value)
    assert status(here) is SubscriberStatus.SUPPRESSED
    assert (server.mails[first].flags, server.mails[second].flags) == (CLEAR, set())


@sqlite_only
def test_one_mail_that_is_gone_or_fails_stops_no_other(
    engine: Engine, tmp_path: Path, server: ImapServer
) -> None:
    here, (mail,) = sent(engine, tmp_path)
    gone, bad, last = server.put(b"x"), server.put(b"bad"), server.put(returned("postfix-full", mail))

    def trouble(number: int) -> None:
        server.mails.pop(gone, None)
        with engine.begin() as connection:  # something that nobody foresaw
            old, new = ("deliveries", "away") if number == bad else ("away", "deliveries")
            if number != gone:
                connection.exec_driver_sql(f"ALTER TABLE {old} RENAME TO {new}")

    server.on_fetch = trouble
    server.mails[bad].raw = returned("postfix-full", mail)
    done = process_mailbox(here, server.url(), NOW)
    assert [(one.file, one.kind) for one in done] == [
        (f"INBOX {bad}", BounceKind.UNKNOWN),
        (f"INBOX {last}", BounceKind.SOFT),
    ]
    assert (server.mails[bad].flags, server.mails[last].flags) == (LOOK, CLEAR)
    assert [failure.item for failure in failures.listing(here)] == [f"INBOX {bad}"]


@sqlite_only
def test_a_server_that_announces_more_than_was_asked_for_is_left(
    engine: Engine, tmp_path: Path, server: ImapServer
) -> None:
    server.put(b"x")
    server.announced = 10**9
    with pytest.raises(DeliveryError, match="abort"):
        process_mailbox(installation(engine, tmp_path), server.url(), NOW)


@sqlite_only
def test_mails_that_flood_the_mailbox_wait_for_the_next_time(
    engine: Engine, tmp_path: Path, server: ImapServer
) -> None:
    for _ in range(3):
        server.put(came_back("vacation"))
    assert len(process_mailbox(installation(engine, tmp_path), server.url(), NOW, seconds=0)) == 1


@sqlite_only
def test_an_older_way_to_log_in_is_known(engine: Engine, tmp_path: Path) -> None:
    with ImapServer(has_plain=False) as server:
        server.put(came_back("vacation"))
        done = process_mailbox(installation(engine, tmp_path), server.url("ascii"), NOW)
    assert [one.kind for one in done] == [BounceKind.IGNORED]


@sqlite_only
@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("{wrong}", "refuses the login"),
        ("{missing}", "no folder 'Nowhere'"),
        ("imap://host.example", "a user and a host"),
        ("pop://u:hidden@host.example", "imaps://"),
        ("imaps://u:hidden@host.example:x/", "can't be read"),
        ("imaps://u:hid%0Dden@host.example/", "control character"),
        ("imaps://u:hidden@host.example/Bücher", "printable ASCII"),
    ],
)
def test_what_can_not_be_used_is_told_without_the_password(
    engine: Engine, tmp_path: Path, server: ImapServer, url: str, says: str
) -> None:
    given = url.format(wrong=server.url("hidden"), missing=server.url(folder="Nowhere"))
    with pytest.raises(ConfigError, match=says) as caught:
        process_mailbox(installation(engine, tmp_path), given, NOW)
    told = "".join(traceback.format_exception(caught.value))
    assert "hid" not in told
    assert PASSWORD not in told


def test_the_command_reads_the_mailbox_of_the_settings(
    tmp_path: Path, server: ImapServer, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("DIGEST_DATA_DIR", str(tmp_path))
    digest: Command = commands(capsys, now=TIME)
    code, _, err = digest("bounces", "process", "--imap")
    assert (code, "DIGEST_BOUNCE_IMAP_URL=imaps://" in err) == (4, True)
    (tmp_path / "url").write_text(server.url())
    monkeypatch.setenv("DIGEST_BOUNCE_IMAP_URL_FILE", str(tmp_path / "url"))
    number = server.put(came_back("vacation"))
    code, done, _ = digest("bounces", "process", "--imap", "--json")
    assert (code, done) == (
        0,
        [{"file": f"INBOX {number}", "kind": "ignored", "email": done[0]["email"], "status": None}],
    )
    assert server.mails[number].flags == CLEAR
    assert digest("bounces", "process", "--imap", "x.eml")[0] == 2
    shown = digest("config", "show")[1]
    assert "w%C3%B6rd" not in str(shown)
    server.stop()
    code, _, err = digest("bounces", "process", "--imap")
    assert (code, "can't be used" in err) == (5, True)


@sqlite_only
def test_a_round_reads_the_mailbox_of_the_settings(
    engine: Engine, tmp_path: Path, server: ImapServer
) -> None:
    here, (mail,) = sent(engine, tmp_path, bounce_imap_url=server.url())
    number = server.put(returned("postfix-unknown-user", mail))
    assert not runner.run_round(here, NOW, fetch=False, steps=(), last=()).failed
    assert status(here) is SubscriberStatus.SUPPRESSED
    assert server.mails[number].flags == CLEAR
    assert server.url() not in repr(here)


@sqlite_only
def test_a_mailbox_that_cannot_be_read_stops_nothing_else_in_a_round_and_is_noted_until_it_can(
    engine: Engine, tmp_path: Path, server: ImapServer
) -> None:
    worked: list[str] = []
    other = runner.Step("other", lambda _this, _now: worked.append("other"))
    wrong = installation(engine, tmp_path, bounce_imap_url=server.url("wrong"))
    done = runner.run_round(wrong, NOW, fetch=False, steps=(other,), last=())
    assert worked == ["other"]
    assert isinstance(done.failed[runner.MAILBOX.name], ConfigError)
    assert done.delivery_error is None
    (noted,) = failures.listing(wrong)
    assert (noted.part, noted.item) == (failures.Part.READING, runner.MAILBOX.name)
    assert "refuses the login" in noted.error
    mended = replace(wrong, bounce_imap_url=server.url())
    assert not runner.run_round(mended, NOW, fetch=False, steps=(), last=()).failed
    assert failures.listing(wrong) == []


@sqlite_only
@pytest.mark.parametrize("greeting", [b"", b"* OK ready\r\n"], ids=["before its greeting", "after it"])
def test_a_server_that_sends_a_byte_now_and_then_is_left_in_time(
    engine: Engine, tmp_path: Path, greeting: bytes
) -> None:
    listening = socket.create_server(("127.0.0.1", 0))

    def drip() -> None:
        client, _ = listening.accept()
        with client, suppress(OSError):
            client.sendall(greeting)
            while True:
                client.sendall(b"*")
                time.sleep(0.05)

    thread = threading.Thread(target=drip, daemon=True)
    thread.start()
    port = listening.getsockname()[1]
    here = installation(engine, tmp_path, bounce_imap_url=f"imap://a:b@127.0.0.1:{port}/INBOX")
    began = time.monotonic()
    with listening, pytest.raises(DeliveryError):
        take_in(here, NOW, longest=0.4)
    assert time.monotonic() - began < 5
    thread.join(5)
    assert not thread.is_alive()  # its connection was closed

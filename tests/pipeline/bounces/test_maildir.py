"""The whole way of a mail that came back: sent, returned to its envelope sender, its row settled anew."""

import io
import json
import sys
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine

from digest.cli import main as run
from digest.domain import BounceKind, Delivery, DeliveryState, SubscriberStatus
from digest.errors import InputError
from digest.pipeline.bounces import maildir
from digest.pipeline.bounces.process import process
from digest.pipeline.delivery.worker import deliver_due
from digest.pipeline.installation import Installation
from digest.pipeline.issues.open import open_due, reports
from digest.pipeline.mail.build import return_address
from digest.pipeline.mail.links import Purpose, link
from digest.pipeline.monitoring.checks import Result
from digest.pipeline.monitoring.conditions import standing as standing_alarms
from digest.pipeline.monitoring.doctor import examine
from digest.pipeline.runner import run_round
from digest.pipeline.subscriptions import signup, transactional
from digest.pipeline.subscriptions.personal_data import erase
from digest.pipeline.subscriptions.signup import Visitor
from digest.pipeline.subscriptions.validate import read_interests, read_schedule
from digest.store import deliveries, session
from digest.store.deliveries import domain_limits
from digest.store.subscriptions import subscribers, suppressions
from digest.tokens import Keys, address_hash, address_hashes
from tests.bounce_mails import came_back
from tests.builders import NOW, entry
from tests.installations import installation, join, store_entries
from tests.smtp_server import Mail, SmtpServer

BOUNCES = "bounces@papers.example.org"
DAY = timedelta(days=1)
ADA = "ada@one.example"
SENT, BOUNCED, FAILED = DeliveryState.SENT, DeliveryState.BOUNCED, DeliveryState.FAILED
ACTIVE, SUPPRESSED, UNSUBSCRIBED = (
    SubscriberStatus.ACTIVE,
    SubscriberStatus.SUPPRESSED,
    SubscriberStatus.UNSUBSCRIBED,
)


def sent(engine: Engine, folder: Path, *, days: int = 1, **fields: object) -> tuple[Installation, list[Mail]]:
    """An installation that sent Ada a digest on so many days, through a real mail server; and the mails."""
    with SmtpServer() as server:
        options: dict[str, object] = {"smtp_url": server.url, "bounce_mail": BOUNCES}
        here = installation(engine, folder, **(options | fields))
        join(here, ADA)
        for day in range(days):
            now = NOW + day * DAY
            store_entries(engine, [entry(f"2603.0000{day + 1}")], seen_at=now - timedelta(hours=3))
            open_due(here, now)
            deliver_due(here, now)
        assert len(server.mails) == days
        return here, server.mails


def returned(name: str, mail: Mail) -> bytes:
    """The report `name` about a mail, to its envelope sender and with its header."""
    token = mail.sender.partition("@")[0].rpartition("+")[2]
    message_id = next(line for line in mail.content.splitlines() if line.lower().startswith(b"message-id:"))
    return came_back(name, token=token, message_id=message_id.split()[1].decode())


def row(engine: Engine, day: int = 0) -> Delivery:
    with session.reading(engine) as db:
        return sorted((d for d, _ in deliveries.listing(db)), key=lambda d: d.issue_date)[day]


def standing(here: Installation) -> tuple[SubscriberStatus, bool]:
    """Ada's status, and whether her address is suppressed."""
    with session.reading(here.engine) as db:
        suppressed = bool(suppressions.among(db, [address_hash(ADA, here.keys)]))
        return subscribers.get(db, ADA).status, suppressed


def snapshot(here: Installation) -> tuple[Delivery, tuple[SubscriberStatus, bool]]:
    return row(here.engine), standing(here)


# ---------------------------------------------------------------- envelope senders


def test_the_envelope_sender_of_a_digest_is_signed_and_its_header_is_not(
    engine: Engine, tmp_path: Path
) -> None:
    _, (mail,) = sent(engine, tmp_path)
    local, _, domain = mail.sender.partition("@")
    assert domain == "papers.example.org"
    assert local.startswith("bounces+")
    assert local == local.lower()
    assert len(local) <= 64
    assert mail.sender.encode() not in mail.content


@pytest.mark.parametrize("database_kind", ["sqlite"], indirect=True)
def test_without_an_address_for_bounces_the_envelope_sender_is_the_sender(
    engine: Engine, tmp_path: Path
) -> None:
    _, (mail,) = sent(engine, tmp_path, bounce_mail="")
    assert mail.sender == "papers@example.org"


# ---------------------------------------------------------------- what follows

# Report, its kind, then the row's state, Ada's status, whether her address is suppressed.
FOLLOWS = (
    ("postfix-unknown-user", BounceKind.HARD, BOUNCED, SUPPRESSED, True),
    ("gmail-no-such-user", BounceKind.HARD, BOUNCED, SUPPRESSED, True),
    ("exchange-not-found", BounceKind.HARD, BOUNCED, SUPPRESSED, True),
    ("qmail-no-mailbox", BounceKind.HARD, BOUNCED, SUPPRESSED, True),
    ("postfix-full", BounceKind.SOFT, BOUNCED, ACTIVE, False),
    ("postfix-gave-up", BounceKind.SOFT, BOUNCED, ACTIVE, False),
    ("exchange-our-fault", BounceKind.SOFT, FAILED, ACTIVE, False),
    ("postfix-delayed", BounceKind.DELAYED, SENT, ACTIVE, False),
    ("postfix-relayed", BounceKind.IGNORED, SENT, ACTIVE, False),
    ("vacation", BounceKind.IGNORED, SENT, ACTIVE, False),
    ("not-spam", BounceKind.IGNORED, SENT, ACTIVE, False),
    ("person", BounceKind.UNKNOWN, SENT, ACTIVE, False),
    ("complaint", BounceKind.COMPLAINT, DeliveryState.COMPLAINED, UNSUBSCRIBED, False),
    ("complaint-redacted", BounceKind.COMPLAINT, DeliveryState.COMPLAINED, UNSUBSCRIBED, False),
    ("forged", BounceKind.FORGED, SENT, ACTIVE, False),
    ("complaint-forged", BounceKind.FORGED, SENT, ACTIVE, False),
)


@pytest.mark.parametrize(("name", "kind", "state", "status", "suppressed"), FOLLOWS)
@pytest.mark.parametrize("database_kind", ["sqlite"], indirect=True)
def test_what_follows_from_a_report_follows_once(
    engine: Engine,
    tmp_path: Path,
    *,
    name: str,
    kind: BounceKind,
    state: DeliveryState,
    status: SubscriberStatus,
    suppressed: bool,
) -> None:
    here, (mail,) = sent(engine, tmp_path)
    dry = process(here, name, returned(name, mail), NOW + DAY, dry_run=True)
    assert (row(engine).state, standing(here)) == (SENT, (ACTIVE, False))
    done = process(here, name, returned(name, mail), NOW + DAY)
    assert done == dry
    assert (done.kind, done.email) == (kind, ADA)
    assert (row(engine).state, standing(here)) == (state, (status, suppressed))
    after = snapshot(here)
    assert process(here, name, returned(name, mail), NOW + 2 * DAY) == done
    assert snapshot(here) == after
    (report,) = reports(here, [row(engine).issue_id])
    assert sum(report.counts.values()) == report.audience == 1


@pytest.mark.parametrize("database_kind", ["sqlite"], indirect=True)
def test_a_domain_gets_less_when_three_readers_mails_come_back_for_our_fault(
    engine: Engine, tmp_path: Path
) -> None:
    people = [ADA, "bob@one.example", "cy@one.example"]
    with SmtpServer() as server:
        here = installation(engine, tmp_path, smtp_url=server.url, bounce_mail=BOUNCES)
        for person in people:
            join(here, person)
        store_entries(engine, [entry()], seen_at=NOW - timedelta(hours=3))
        open_due(here, NOW)
        deliver_due(here, NOW)
        for count, mail in enumerate(server.mails, 1):
            process(here, "x", returned("wrong-boundary", mail), NOW)
            with session.reading(engine) as db:
                slowed = domain_limits.troubled(db)
            assert [pace.domain for pace in slowed] == (["one.example"] if count == len(people) else [])
    with session.reading(engine) as db:
        assert [alarm.title for alarm in standing_alarms(db, NOW)] == ["one.example sends our mail back"]
        assert not [alarm for alarm in standing_alarms(db, NOW + 2 * DAY) if alarm.key.startswith("domain")]
        assert {person.status for person in subscribers.listing(db)} == {ACTIVE}


def test_the_words_of_the_server_stand_in_the_ledger(engine: Engine, tmp_path: Path) -> None:
    here, (mail,) = sent(engine, tmp_path)
    process(here, "x", returned("postfix-full", mail), NOW)
    assert row(engine).reply == "552 5.2.2 <ada@one.example>: the mailbox is over its quota"


@pytest.mark.parametrize("database_kind", ["sqlite"], indirect=True)
def test_a_message_id_is_sign_enough_where_nothing_else_is_signed(engine: Engine, tmp_path: Path) -> None:
    here, (mail,) = sent(engine, tmp_path, bounce_mail="")
    assert process(here, "x", returned("gmail-no-such-user", mail), NOW).kind is BounceKind.HARD
    assert standing(here) == (SUPPRESSED, True)


@pytest.mark.parametrize("database_kind", ["sqlite"], indirect=True)
def test_a_report_harms_its_own_reader_only_whomever_it_names(engine: Engine, tmp_path: Path) -> None:
    here, (mail,) = sent(engine, tmp_path)
    join(here, "eve@one.example")
    forged = returned("postfix-unknown-user", mail).replace(b"ada@one.example", b"eve@one.example")
    assert process(here, "x", forged, NOW).email == ADA
    with session.reading(engine) as db:
        assert subscribers.get(db, "eve@one.example").status is ACTIVE
    assert standing(here) == (SUPPRESSED, True)


@pytest.mark.parametrize("database_kind", ["sqlite"], indirect=True)
def test_a_report_under_an_old_key_counts(engine: Engine, tmp_path: Path) -> None:
    old, new = b"the key of last year, say", b"the key of this year, say"
    _, (mail,) = sent(engine, tmp_path, keys=Keys(old))
    here = installation(engine, tmp_path, keys=Keys(new, (old,)))
    assert process(here, "x", returned("postfix-unknown-user", mail), NOW).kind is BounceKind.HARD
    assert standing(here) == (SUPPRESSED, True)


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 1, 0), (0, 2, 4)])
def test_three_soft_bounces_of_five_issues_suppress_in_any_order(
    engine: Engine, tmp_path: Path, order: tuple[int, int, int]
) -> None:
    here, mails = sent(engine, tmp_path, days=5)
    *first, last = order
    for day in first:
        process(here, "x", returned("postfix-full", mails[day]), NOW + 6 * DAY)
        process(here, "again", returned("postfix-full", mails[day]), NOW + 6 * DAY)
    assert standing(here) == (ACTIVE, False)
    process(here, "x", returned("postfix-full", mails[last]), NOW + 6 * DAY)
    assert standing(here) == (SUPPRESSED, True)


def test_a_full_mailbox_that_is_told_at_once_counts_too(engine: Engine, tmp_path: Path) -> None:
    here, mails = sent(engine, tmp_path, days=2)
    process(here, "x", returned("postfix-full", mails[1]), NOW + 2 * DAY)
    with SmtpServer() as server:
        server.on("RCPT", "552 5.2.2 full")
        again = installation(engine, tmp_path, smtp_url=server.url)
        for day, found in ((2, (ACTIVE, False)), (3, (SUPPRESSED, True))):
            store_entries(engine, [entry(f"2603.0001{day}")], seen_at=NOW + day * DAY - timedelta(hours=3))
            open_due(again, NOW + day * DAY)
            deliver_due(again, NOW + day * DAY)
            assert standing(here) == found


@pytest.mark.parametrize("database_kind", ["sqlite"], indirect=True)
def test_soft_bounces_that_lie_apart_and_refusals_of_us_suppress_nobody(
    engine: Engine, tmp_path: Path
) -> None:
    here, mails = sent(engine, tmp_path, days=6)
    for day, name in enumerate(
        [
            "postfix-full",
            "exchange-our-fault",
            "postfix-full",
            "exchange-our-fault",
            "vacation",
            "postfix-full",
        ]
    ):
        process(here, "x", returned(name, mails[day]), NOW + 7 * DAY)
    assert standing(here) == (ACTIVE, False)


def test_a_report_whose_delivery_is_gone_still_suppresses_whom_it_was_sent_to(
    engine: Engine, tmp_path: Path
) -> None:
    here, _ = sent(engine, tmp_path)
    with session.reading(engine) as db:
        ada = subscribers.get(db, ADA)
    sender = return_address(here, ada.id, 999)
    old = came_back("postfix-unknown-user", token=sender.partition("@")[0].rpartition("+")[2])
    assert process(here, "x", old, NOW).email == ADA
    assert standing(here) == (SUPPRESSED, True)
    assert row(engine).state is SENT


def test_a_report_about_somebody_erased_changes_nothing(engine: Engine, tmp_path: Path) -> None:
    here, (mail,) = sent(engine, tmp_path)
    with session.reading(engine) as db:
        ada = subscribers.get(db, ADA)
    process(here, "x", returned("postfix-unknown-user", mail), NOW)
    erase(here, ada.id, NOW)
    assert process(here, "x", returned("postfix-full", mail), NOW).kind is BounceKind.SOFT
    with session.reading(engine) as db:
        assert suppressions.among(db, address_hashes(ADA, here.keys))


def test_who_complained_and_joined_again_stays_when_the_complaint_comes_once_more(
    engine: Engine, tmp_path: Path
) -> None:
    here, (mail,) = sent(engine, tmp_path)
    process(here, "x", returned("complaint", mail), NOW)
    with session.transaction(engine) as db:
        subscribers.set_status(db, subscribers.get(db, ADA).id, ACTIVE)
    process(here, "x", returned("complaint", mail), NOW)
    assert standing(here) == (ACTIVE, False)


def test_a_confirmation_mail_that_comes_back_suppresses_its_address(engine: Engine, tmp_path: Path) -> None:
    with SmtpServer() as server:
        here = installation(engine, tmp_path, smtp_url=server.url, bounce_mail=BOUNCES)
        chosen = read_interests(())
        signup.ask(
            here, email=ADA, interests=chosen, schedule=read_schedule(), visitor=Visitor("web"), now=NOW
        )
        signup.settle(here, NOW)
        transactional.deliver_due(here, NOW)
    (mail,) = server.mails
    assert process(here, "x", returned("postfix-unknown-user", mail), NOW).kind is BounceKind.HARD
    assert standing(here) == (SUPPRESSED, True)


def test_no_byte_of_a_report_is_too_much_for_the_database(engine: Engine, tmp_path: Path) -> None:
    here, (mail,) = sent(engine, tmp_path)
    odd = b"\x00\x01\x7f\x80\xff\xed\xa0\x80"
    named = (
        came_back("postfix-full", message_id="<1." + "0" * 32 + "@a") + b"<1." + b"0" * 32 + b"@" + odd + b">"
    )
    assert process(here, "x", named, NOW).kind is BounceKind.FORGED
    report = returned("postfix-full", mail).replace(b"552 5.2.2", b"552 5.2.2 " + odd)
    assert process(here, "x", report, NOW).kind is BounceKind.SOFT
    assert row(engine).reply.isprintable()
    assert row(engine).reply.startswith("552 5.2.2")


@pytest.mark.parametrize("database_kind", ["sqlite"], indirect=True)
def test_a_mail_that_asks_to_unsubscribe_does_and_a_forged_one_does_not(
    engine: Engine, tmp_path: Path
) -> None:
    here, _ = sent(engine, tmp_path)
    with session.reading(engine) as db:
        ada = subscribers.get(db, ADA)
    assert process(here, "x", came_back("unsubscribe", link="A" * 28), NOW).kind is BounceKind.FORGED
    other = link(here, Purpose.PAUSE, ada.id).rpartition("/")[2]
    assert process(here, "x", came_back("unsubscribe", link=other), NOW).kind is BounceKind.FORGED
    assert standing(here) == (ACTIVE, False)
    token = link(here, Purpose.UNSUBSCRIBE, ada.id).rpartition("/")[2]
    assert process(here, "x", came_back("unsubscribe", link=token), NOW).kind is BounceKind.UNSUBSCRIBE
    assert standing(here) == (UNSUBSCRIBED, False)


# ---------------------------------------------------------------- Maildir, files, standard input


def make_maildir(folder: Path, **mails: bytes) -> Path:
    for part in ("tmp", "new", "cur"):
        (folder / part).mkdir(parents=True)
    for name, raw in mails.items():
        (folder / "new" / name).write_bytes(raw)
    return folder


def inside(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}


@pytest.mark.parametrize("database_kind", ["sqlite"], indirect=True)
def test_a_maildir_is_put_in_order_and_nothing_in_it_is_lost(engine: Engine, tmp_path: Path) -> None:
    here, (mail,) = sent(engine, tmp_path)
    box = make_maildir(
        tmp_path / "box",
        a=returned("postfix-unknown-user", mail),
        b=returned("person", mail),
        c=returned("forged", mail),
        d=returned("vacation", mail),
    )
    (box / "cur" / "d:2,S").write_bytes(b"another of that name")
    (box / "new" / ".hidden").write_bytes(b"")
    dry = maildir.process_folder(here, box, NOW, dry_run=True)
    assert inside(box) == {"new/a", "new/b", "new/c", "new/d", "new/.hidden", "cur/d:2,S"}
    assert maildir.process_folder(here, box, NOW) == dry
    assert [(one.file, one.kind) for one in dry] == [
        ("a", BounceKind.HARD),
        ("b", BounceKind.UNKNOWN),
        ("c", BounceKind.FORGED),
        ("d", BounceKind.IGNORED),
    ]
    moved = inside(box)
    assert {"cur/a:2,S", "cur/d:2,S", ".unknown/new/b", ".unknown/new/c", "new/.hidden"} < moved
    assert len(moved) == 6
    assert maildir.process_folder(here, box, NOW) == []
    assert inside(box) == moved


@pytest.mark.parametrize("database_kind", ["sqlite"], indirect=True)
def test_a_round_takes_in_what_came_back_before_it_sends(engine: Engine, tmp_path: Path) -> None:
    box = tmp_path / "box"
    here, (mail,) = sent(engine, tmp_path, bounce_maildir=box)
    assert maildir.take_in(here, NOW) == 0
    make_maildir(box, a=returned("postfix-unknown-user", mail))
    store_entries(engine, [entry("2603.00009")], seen_at=NOW + DAY - timedelta(hours=3))
    run_round(here, NOW + DAY, fetch=False)
    assert standing(here) == (SUPPRESSED, True)
    assert inside(box) == {"cur/a:2,S"}
    with session.reading(engine) as db:
        assert len(deliveries.listing(db)) == 1


@pytest.mark.parametrize("database_kind", ["sqlite"], indirect=True)
def test_a_flood_is_read_for_a_while_and_then_waits(engine: Engine, tmp_path: Path) -> None:
    here = installation(engine, tmp_path)
    box = make_maildir(tmp_path / "box", a=b"Subject: a", b=b"Subject: b")
    assert [one.file for one in maildir.process_folder(here, box, NOW, seconds=0)] == ["a"]
    assert [one.file for one in maildir.process_folder(here, box, NOW)] == ["b"]


@pytest.mark.parametrize("database_kind", ["sqlite"], indirect=True)
def test_what_is_no_maildir_is_told(engine: Engine, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="is no Maildir"):
        maildir.process_folder(installation(engine, tmp_path), tmp_path / "nowhere", NOW)


Command = Callable[..., tuple[int, list[dict[str, str | None]]]]


@pytest.fixture
def command(
    database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Command:
    """`digest bounces process …`: its exit code and its JSON."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DIGEST_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("DIGEST_DATABASE_URL", database_url)
    monkeypatch.setenv("DIGEST_SECRET_KEY", "a key that only tests use")

    def call(*arguments: str, stdin: bytes = b"") -> tuple[int, list[dict[str, str | None]]]:
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin)))
        capsys.readouterr()
        code = run(["bounces", "process", *arguments, "--json"])
        out = capsys.readouterr().out
        return code, json.loads(out) if out else []

    return call


@pytest.mark.parametrize("database_kind", ["sqlite"], indirect=True)
def test_the_command_reads_files_and_leaves_them(engine: Engine, tmp_path: Path, command: Command) -> None:
    here, (mail,) = sent(engine, tmp_path)
    hard = tmp_path / "hard.eml"
    hard.write_bytes(returned("postfix-unknown-user", mail))
    told = [{"file": str(hard), "kind": "hard", "email": ADA, "status": "5.1.1"}]
    assert command(str(hard), "--dry-run") == (0, told)
    assert standing(here) == (ACTIVE, False)
    assert command(str(hard)) == (0, told)
    assert standing(here) == (SUPPRESSED, True)
    assert hard.exists()


@pytest.mark.parametrize("database_kind", ["sqlite"], indirect=True)
def test_a_pipe_is_kept_before_it_is_read(engine: Engine, tmp_path: Path, command: Command) -> None:
    here, (mail,) = sent(engine, tmp_path)
    code, told = command("-", stdin=returned("postfix-unknown-user", mail))
    assert (code, told[0]["file"], told[0]["kind"]) == (0, "-", "hard")
    assert command("-", stdin=b"what is this?")[1][0]["kind"] == "unknown"
    assert standing(here) == (SUPPRESSED, True)
    kept = sorted(path.partition("/")[0] for path in inside(tmp_path / "data" / "bounces"))
    assert kept == [".unknown", "cur"]
    checks = {each.check: each for each in examine(NOW, {})}
    assert checks["bounces"].detail == "mails that came back and weren't understood, or aren't about ours: 1"
    assert checks["bounces"].result is Result.WARN


@pytest.mark.parametrize("database_kind", ["sqlite"], indirect=True)
def test_the_command_reads_a_maildir_and_says_what_is_wrong(
    engine: Engine, tmp_path: Path, command: Command
) -> None:
    _, (mail,) = sent(engine, tmp_path)
    assert command() == (0, [])  # the Maildir of the settings isn't there before the first mail
    box = make_maildir(tmp_path / "box", a=returned("vacation", mail))
    assert command("--maildir", str(box)) == (
        0,
        [{"file": "a", "kind": "ignored", "email": ADA, "status": None}],
    )
    assert command("--maildir", str(box)) == (0, [])
    assert command("--maildir", str(tmp_path / "nowhere"))[0] == 2
    assert command(str(tmp_path / "nowhere.eml"))[0] == 2
    assert command("-", "--maildir", str(box))[0] == 2

"""What each answer of a mail server makes of the ledger, and of the recipient's domain; on both databases."""

import gc
from dataclasses import replace
from datetime import timedelta
from email import message_from_bytes, policy
from pathlib import Path
from weakref import ref

import pytest
from sqlalchemy import Engine

from digest.cli import main as run
from digest.domain import Delivery, DeliveryState, SkipReason, SubscriberStatus
from digest.errors import DeliveryError
from digest.pipeline.clock import Clock
from digest.pipeline.delivery import resolve
from digest.pipeline.delivery.worker import DeliveryWorker, deliver_due, sweep
from digest.pipeline.installation import Installation
from digest.pipeline.issues.open import open_due
from digest.pipeline.runner import run_round
from digest.store import deliveries, session
from digest.store.deliveries import domain_limits
from digest.store.subscriptions import subscribers, suppressions
from digest.throttle import Limits
from digest.tokens import Keys, address_hash
from tests.builders import NOW, entry
from tests.installations import installation, join, store_entries
from tests.smtp_server import Act, SmtpServer

SENT, DEFERRED, BOUNCED, FAILED, QUEUED, UNCERTAIN = (
    DeliveryState.SENT,
    DeliveryState.DEFERRED,
    DeliveryState.BOUNCED,
    DeliveryState.FAILED,
    DeliveryState.QUEUED,
    DeliveryState.UNCERTAIN,
)
MINUTE = timedelta(minutes=1)
SHORT = timedelta(seconds=4.5)  # a lease; a server that hangs is given up after two thirds of it
PHASES = ("MAIL", "RCPT", "DATA", "DOT")


def prepared(engine: Engine, folder: Path, url: str, *names: str, **fields: object) -> Installation:
    """An installation with an open issue for these people."""
    here = installation(engine, folder, smtp_url=url, **fields)
    store_entries(engine, [entry()], seen_at=NOW - timedelta(hours=3))
    for name in names or ("ada@one.example",):
        join(here, name)
    open_due(here, NOW)
    return here


def rows(engine: Engine) -> dict[str, Delivery]:
    with session.reading(engine) as db:
        return {email: row for row, email in deliveries.listing(db)}


def states(engine: Engine) -> dict[str, DeliveryState]:
    return {email: row.state for email, row in rows(engine).items()}


def pace(engine: Engine, domain: str) -> object:
    with session.reading(engine) as db:
        return domain_limits.known(db, {domain}).get(domain)


def recorded(here: Installation, email: str) -> tuple[DeliveryState, str, bool, bool]:
    """A row's state and its reply's code, whether the address is suppressed, whether the domain waits."""
    row = rows(here.engine)[email]
    with session.reading(here.engine) as db:
        status = subscribers.get(db, email).status
        suppressed = bool(suppressions.among(db, [address_hash(email, here.keys)]))
    assert status is (SubscriberStatus.SUPPRESSED if suppressed else SubscriberStatus.ACTIVE)
    return row.state, row.reply[:3], suppressed, pace(here.engine, email.partition("@")[2]) is not None


# ---------------------------------------------------------------- the table, through a real server


# What is said, the state that it becomes, whether the address is suppressed, whether its domain has to wait.
ANSWERS = (
    ("421 closing", DEFERRED, False, True),
    ("421 4.7.28 too fast", DEFERRED, False, True),
    ("450 busy", DEFERRED, False, False),
    ("450 4.7.1 greylisted", DEFERRED, False, True),
    ("451 4.3.0 later", DEFERRED, False, False),
    ("452 4.2.2 over quota", DEFERRED, False, False),
    ("454 4.7.0 no TLS now", DEFERRED, False, True),
    ("550 no", FAILED, False, False),
    ("550 5.1.1 nobody", BOUNCED, True, False),
    ("550 5.1.10 null MX", BOUNCED, True, False),
    ("550 5.7.1 not from you", FAILED, False, True),
    ("552 full", DEFERRED, False, False),
    ("552 5.2.2 full", BOUNCED, False, False),
    ("552 5.3.4 too big", FAILED, False, False),
    ("553 5.1.3 strange address", BOUNCED, True, False),
    ("554 5.7.26 no DMARC", FAILED, False, True),
    ("554 failed", FAILED, False, False),
)


@pytest.mark.parametrize("phase", PHASES)
@pytest.mark.parametrize(("said", "state", "suppressed", "halted"), ANSWERS)
@pytest.mark.parametrize("database_kind", ["sqlite"], indirect=True)
def test_each_answer_in_each_phase_becomes_its_state(
    engine: Engine,
    tmp_path: Path,
    phase: str,
    said: str,
    state: DeliveryState,
    *,
    suppressed: bool,
    halted: bool,
) -> None:
    with SmtpServer() as server:
        server.on(phase, said, times=1 if phase != "MAIL" or not said.startswith("421") else 2)
        here = prepared(engine, tmp_path, server.url)
        deliver_due(here, NOW)
    if phase == "MAIL" and state is BOUNCED:  # a refused sender says nothing of the recipient
        state, suppressed = FAILED, False
    assert recorded(here, "ada@one.example") == (state, said[:3], suppressed, halted)


@pytest.mark.parametrize("phase", ["RCPT", "DATA", "DOT"])  # at MAIL a server doesn't know whose turn it is
def test_all_answers_in_one_chunk_become_their_states(engine: Engine, tmp_path: Path, phase: str) -> None:
    answers = {f"reader@domain{number}.example": answer for number, answer in enumerate(ANSWERS)}
    with SmtpServer() as server:
        for recipient, (said, *_) in answers.items():
            server.on(phase, said, recipient=recipient)
        here = prepared(engine, tmp_path, server.url, *answers)
        deliver_due(here, NOW)
    wanted = {name: (state, said[:3], *rest) for name, (said, state, *rest) in answers.items()}
    assert {name: recorded(here, name) for name in answers} == wanted


@pytest.mark.parametrize("phase", PHASES)
@pytest.mark.parametrize("act", Act)
@pytest.mark.parametrize("database_kind", ["sqlite"], indirect=True)
def test_a_lost_line_is_a_doubt_only_after_the_body(
    engine: Engine, tmp_path: Path, phase: str, act: Act
) -> None:
    with SmtpServer() as server:
        server.on(phase, act)
        here = prepared(engine, tmp_path, server.url, lease=SHORT)
        deliver_due(here, NOW)
        assert states(engine) == {"ada@one.example": UNCERTAIN if phase == "DOT" else QUEUED}
        run_round(here, NOW + timedelta(hours=2), fetch=False)
    assert len(server.bodies) == (phase == "DOT")


def test_a_server_that_hangs_after_the_dot_leaves_one_doubt_and_nobody_gets_it_twice(
    engine: Engine, tmp_path: Path
) -> None:
    with SmtpServer() as server:
        server.on("DOT", Act.HANG, recipient="slow@one.example")
        here = prepared(engine, tmp_path, server.url, "slow@one.example", "b@two.example", lease=SHORT)
        deliver_due(here, NOW)
        assert states(engine) == {"slow@one.example": UNCERTAIN, "b@two.example": SENT}
        deliver_due(here, NOW + timedelta(hours=1))
    assert len(server.bodies) == 2


@pytest.mark.parametrize("database_kind", ["sqlite"], indirect=True)
def test_starttls_that_is_required_and_not_offered_sends_nothing_and_loses_nobody(
    engine: Engine, tmp_path: Path
) -> None:
    with SmtpServer() as server:
        url = server.url.replace("smtp://", "smtp+starttls://")
        here = prepared(engine, tmp_path, url, "ada@one.example", "bob@two.example")
        with pytest.raises(DeliveryError):
            deliver_due(here, NOW)
    assert states(engine) == {"ada@one.example": QUEUED, "bob@two.example": QUEUED}
    assert server.commands["MAIL"] == 0


@pytest.mark.parametrize("database_kind", ["sqlite"], indirect=True)
@pytest.mark.parametrize("options", [{"implicit_tls": True}, {"starttls": True}])
def test_a_wrong_certificate_sends_nothing_and_loses_nobody(
    engine: Engine, tmp_path: Path, options: dict[str, bool]
) -> None:
    with SmtpServer(**options) as server:  # type: ignore[arg-type] # options by name
        here = prepared(engine, tmp_path, server.url)
        with pytest.raises(DeliveryError):
            deliver_due(here, NOW)
    assert states(engine) == {"ada@one.example": QUEUED}


@pytest.mark.parametrize("database_kind", ["sqlite"], indirect=True)
def test_a_refused_login_sends_nothing_loses_nobody_and_counts_no_attempt_of_those_untried(
    engine: Engine, tmp_path: Path
) -> None:
    with SmtpServer(users={"me": "right"}) as server:
        url = server.url.replace("://", "://me:wrong@")
        here = prepared(engine, tmp_path, url, *(f"r{n}@one.example" for n in range(8)), smtp_connections=1)
        with pytest.raises(DeliveryError) as caught:
            deliver_due(here, NOW)
    assert "wrong" not in caught.value.message
    found = rows(engine).values()
    assert {row.state for row in found} == {QUEUED}
    assert sorted(row.attempts for row in found) == [0] * 7 + [1]
    assert server.connections == 1


@pytest.mark.parametrize("database_kind", ["sqlite"], indirect=True)
@pytest.mark.parametrize(("without", "state"), [((), SENT), (("SMTPUTF8",), FAILED)])
def test_an_address_beyond_ascii_needs_smtputf8(
    engine: Engine, tmp_path: Path, without: tuple[str, ...], state: DeliveryState
) -> None:
    with SmtpServer(without=without) as server:
        here = prepared(engine, tmp_path, server.url, "josé@one.example", "bob@two.example")
        deliver_due(here, NOW)
    assert states(engine) == {"josé@one.example": state, "bob@two.example": SENT}


@pytest.mark.parametrize("database_kind", ["sqlite"], indirect=True)
def test_an_international_domain_is_an_a_label_everywhere_and_needs_no_extension(
    engine: Engine, tmp_path: Path
) -> None:
    with SmtpServer(without=("SMTPUTF8", "8BITMIME", "SIZE")) as server:
        here = prepared(engine, tmp_path, server.url, "ada@bücher.example")
        deliver_due(here, NOW)
    (mail,) = server.mails
    assert mail.recipients == ("ada@xn--bcher-kva.example",)
    assert b"\r\nTo: ada@xn--bcher-kva.example\r\n" in mail.content
    assert mail.content.isascii()


@pytest.mark.parametrize("database_kind", ["sqlite"], indirect=True)
def test_an_international_domain_of_the_sender_is_an_a_label_too(engine: Engine, tmp_path: Path) -> None:
    with SmtpServer(without=("SMTPUTF8", "8BITMIME")) as server:
        here = prepared(engine, tmp_path, server.url, "ada@one.example")
        site = replace(here.site, mail_from="Zoë and Co <papers@bücher.example>")
        deliver_due(replace(here, site=site), NOW)
    (mail,) = server.mails
    assert mail.sender == "papers@xn--bcher-kva.example"
    assert mail.content.isascii()
    parsed = message_from_bytes(mail.content, policy=policy.default)
    assert str(parsed["From"]) == "Zoë and Co <papers@xn--bcher-kva.example>"


# ---------------------------------------------------------------- domains


def test_a_domain_that_asks_for_time_slows_down_while_others_go_on(engine: Engine, tmp_path: Path) -> None:
    busy = [f"r{n}@busy.example" for n in range(4)]
    others = [f"r{n}@other.example" for n in range(12)]
    with SmtpServer() as server:
        for email in busy:
            server.on("RCPT", "450 4.7.28 slow down", recipient=email, times=1)
        here = prepared(engine, tmp_path, server.url, *busy, *others)
        deliver_due(here, NOW)
        found = states(engine)
        assert {found[email] for email in others} == {SENT}
        assert server.commands["RCPT"] <= 12 + here.smtp_connections
        assert {found[email] for email in busy} == {QUEUED, DEFERRED}
        deliver_due(here, NOW + MINUTE / 2)
        assert len(server.mails) == 12
        for minutes in range(2, 40, 2):
            run_round(here, NOW + minutes * MINUTE, fetch=False)
            if len(server.mails) == 16:
                break
    assert set(states(engine).values()) == {SENT}


def test_a_domain_that_refuses_us_is_stopped_nobody_is_suppressed_and_a_probe_resumes_it(
    engine: Engine, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    theirs = [f"r{n}@strict.example" for n in range(10)]
    with SmtpServer() as server:
        server.on("DOT", "550 5.7.26 unauthenticated", times=2)
        here = prepared(engine, tmp_path, server.url, *theirs, smtp_connections=1)
        deliver_due(here, NOW)
        found = states(engine)
        assert sorted(found.values()) == [FAILED] + [QUEUED] * 9
        assert "strict.example refuses our mail" in caplog.text
        deliver_due(here, NOW + 5 * MINUTE)  # another process, say: the stop stands in the database
        assert len(server.bodies) == 1
        deliver_due(here, NOW + 31 * MINUTE)  # one message asks, and is refused
        assert len(server.bodies) == 2
        deliver_due(here, NOW + 62 * MINUTE)  # the next one is taken
        assert len(server.mails) == 1
        assert "strict.example takes our mail again" in caplog.text
        for minutes in range(63, 120, 5):
            deliver_due(here, NOW + minutes * MINUTE)
    assert sorted(states(engine).values()) == [FAILED] * 2 + [SENT] * 8
    with session.reading(engine) as db:
        assert {subscribers.get(db, email).status for email in theirs} == {SubscriberStatus.ACTIVE}


def test_a_rate_per_domain_survives_a_restart(engine: Engine, tmp_path: Path) -> None:
    people = [f"r{n}@one.example" for n in range(30)]
    with SmtpServer() as server:
        here = prepared(engine, tmp_path, server.url, *people, limits=Limits(domain=0.5))
        lease = timedelta(seconds=8)  # so that a worker waits no longer than two seconds
        here = installation(engine, tmp_path, smtp_url=server.url, limits=Limits(domain=0.5), lease=lease)
        for _ in range(3):
            deliver_due(here, NOW)  # each a process of its own
        assert 1 <= len(server.mails) <= 3
        assert {row.attempts for row in rows(engine).values() if row.state is QUEUED} == {0}


def test_all_mail_together_keeps_to_its_rate(engine: Engine, tmp_path: Path) -> None:
    people = [f"r{n}@d{n}.example" for n in range(20)]
    with SmtpServer() as server:
        limits, lease = Limits(everybody=2), timedelta(seconds=4)
        here = prepared(engine, tmp_path, server.url, *people, limits=limits, lease=lease)
        deliver_due(here, NOW)
        assert 1 <= len(server.mails) <= 5


# ---------------------------------------------------------------- last looks


def test_an_unsubscribe_inside_a_chunk_wins(engine: Engine, tmp_path: Path) -> None:
    with SmtpServer() as server:
        here = prepared(engine, tmp_path, server.url, "leaver@one.example", "stays@two.example")
        with DeliveryWorker(here) as delivery_worker:
            claimed = _claimed(here)
            ready = delivery_worker._prepare(claimed, Clock(NOW))
            with session.transaction(engine) as db:
                leaver = subscribers.get(db, "leaver@one.example")
                subscribers.set_status(db, leaver.id, SubscriberStatus.UNSUBSCRIBED)
            delivery_worker._runner.run(delivery_worker._hand_over(ready, Clock(NOW)))
        assert [mail.recipients for mail in server.mails] == [("stays@two.example",)]
        deliver_due(here, NOW + MINUTE)
    found = rows(engine)["leaver@one.example"]
    assert (found.state, found.reason) == (DeliveryState.SKIPPED, SkipReason.INACTIVE)


def test_a_worker_collects_what_it_drops_and_leaves_the_collector_as_it_was(
    engine: Engine, tmp_path: Path
) -> None:
    before = gc.get_threshold()
    with SmtpServer() as server:
        here = prepared(engine, tmp_path, server.url, "ada@one.example")
        with DeliveryWorker(here) as delivery_worker:
            assert gc.get_threshold()[0] > before[0]
            delivery_worker.deliver_due(NOW)
            (candidates,) = delivery_worker._builder._candidates._kept.values()
            corpus = ref(candidates.corpus)
            del candidates
            delivery_worker.deliver_due(NOW + MINUTE)
            assert corpus() is None
    assert gc.get_threshold() == before


def _claimed(here: Installation) -> list[Delivery]:
    with session.transaction(here.engine) as db:
        return deliveries.claim(db, now=NOW, limit=10, lease=here.lease)


def test_a_suppression_under_an_old_key_counts(engine: Engine, tmp_path: Path) -> None:
    old, new = b"the key of last year, say", b"the key of this year, say"
    with SmtpServer() as server:
        here = prepared(engine, tmp_path, server.url, "gone@one.example", keys=Keys(new, (old,)))
        with session.transaction(engine) as db:
            hashed = address_hash("gone@one.example", Keys(old))
            suppressions.add(db, hashed, reason="complained", now=NOW)
        deliver_due(here, NOW)
    assert states(engine) == {"gone@one.example": DeliveryState.SKIPPED}
    assert server.mails == []


# ---------------------------------------------------------------- by hand


def test_doubts_are_sent_again_or_taken_as_sent_only_by_hand(engine: Engine, tmp_path: Path) -> None:
    with SmtpServer() as server:
        server.on("DOT", Act.DROP, times=2)
        here = prepared(engine, tmp_path, server.url, "ada@one.example", "bob@two.example")
        deliver_due(here, NOW)
        found = resolve.pick(here, (), 1, resolve.DOUBTFUL, NOW)
        (ada, _), (bob, _) = found.rows
        assert resolve.mark_sent(here, [ada.id], NOW) == 1
        assert resolve.send_again(here, [ada.id, bob.id], resolve.DOUBTFUL, NOW) == 1
        deliver_due(here, NOW + MINUTE)
    assert set(states(engine).values()) == {SENT}
    assert len(server.mails) == 1


def test_the_sweep_settles_what_a_lost_worker_held(engine: Engine, tmp_path: Path) -> None:
    here = prepared(engine, tmp_path, "smtp://127.0.0.1:9", "ada@one.example")
    _claimed(here)
    assert sweep(here, NOW + here.lease) == 1
    assert states(engine) == {"ada@one.example": QUEUED}


def test_the_commands_count_ask_and_refuse(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert run(["deliveries", "resolve", "1"]) == 2
    assert run(["deliveries", "retry"]) == 2
    assert run(["deliveries", "retry", "7"]) == 3
    assert run(["deliveries", "domains", "--json"]) == 0
    assert capsys.readouterr().out.strip() == "[]"


@pytest.mark.parametrize("database_kind", ["sqlite"], indirect=True)
def test_without_a_terminal_a_doubt_is_resolved_only_with_yes(
    engine: Engine, database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DIGEST_DATABASE_URL", database_url)
    with SmtpServer() as server:
        server.on("DOT", Act.DROP)
        deliver_due(prepared(engine, tmp_path, server.url, "ada@one.example"), NOW)
    resolve = ["deliveries", "resolve", "--issue", "1", "--mark-sent"]
    assert run(resolve) == 7
    assert run([*resolve, "--dry-run"]) == 0
    assert states(engine) == {"ada@one.example": UNCERTAIN}
    assert run([*resolve, "--yes"]) == 0
    assert states(engine) == {"ada@one.example": SENT}

"""Alarms to the operator: told once, once more when over, through a real SMTP server; on both databases."""

import threading
from dataclasses import replace
from datetime import timedelta
from email.message import EmailMessage
from email.parser import BytesParser
from email.policy import SMTP
from pathlib import Path

import pytest
from sqlalchemy import Engine

from digest.domain import Alarm, SourceKind, SourceState
from digest.errors import ConfigError
from digest.pipeline.delivery.worker import deliver_due
from digest.pipeline.installation import Installation
from digest.pipeline.issues.open import open_due
from digest.pipeline.mail.outbox import LEASE
from digest.pipeline.monitoring.alarms import watch
from digest.pipeline.monitoring.checks import Result
from digest.pipeline.monitoring.doctor import examine
from digest.pipeline.runner import run_round
from digest.store import session, sources
from digest.store.monitoring import alarms
from tests.builders import NOW, entry
from tests.installations import installation, join, outbox, store_entries
from tests.smtp_server import Act, SmtpServer

HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)
OPERATOR = "operator@example.org"
QUIET_URL = "https://feed.example.org/none"  # never asked in these tests: it isn't due


def here(engine: Engine, folder: Path, **fields: object) -> Installation:
    return installation(engine, folder, **({"operator_mail": OPERATOR} | fields))


def source_is(engine: Engine, state: SourceState, name: str = "feed") -> None:
    """A source of this name is in that state, and isn't due."""
    with session.transaction(engine) as db:
        if name not in {source.name for source in sources.listing(db)}:
            sources.add(db, name=name, kind=SourceKind.FEED, url=QUIET_URL)
        later = NOW + timedelta(days=9)
        if state is SourceState.FAILING:
            sources.failed(db, name, now=NOW, error="HTTP 500", next_fetch_at=later)
        else:
            times = {"now": NOW, "next_fetch_at": later, "last_new_at": NOW - 9 * HOUR}
            sources.succeeded(db, name, state=state, etag=None, last_modified=None, **times)  # type: ignore[arg-type] # times


def remove(engine: Engine, name: str = "feed") -> None:
    with session.transaction(engine) as db:
        sources.remove(db, name)


def known(engine: Engine) -> dict[str, Alarm]:
    with session.reading(engine) as db:
        return {alarm.key: alarm for alarm in alarms.known(db)}


def mails(server: SmtpServer) -> list[EmailMessage]:
    parser = BytesParser(policy=SMTP.clone(raise_on_defect=True))
    return [parser.parsebytes(mail.content) for mail in server.mails]


def text(mail: EmailMessage) -> str:
    """The text part on one line."""
    return " ".join(mail.get_body(("plain",)).get_content().split())  # type: ignore[union-attr] # there is one


# ---------------------------------------------------------------- once, and again when it is over


def test_a_stalled_source_is_told_once_and_once_more_when_it_is_over(engine: Engine, tmp_path: Path) -> None:
    source_is(engine, SourceState.STALLED)
    with SmtpServer() as server:
        site = here(engine, tmp_path, smtp_url=server.url)
        for minute in range(4):
            watch(site, NOW + minute * MINUTE)
        (began,) = mails(server)
        source_is(engine, SourceState.FRESH)
        for minute in range(4):
            watch(site, NOW + HOUR + minute * MINUTE)
        _, over = mails(server)
    assert began["To"] == OPERATOR
    assert began["Subject"] == "Daily Papers: source feed is stalled"
    assert "Since 2026-03-17 08:00 UTC. Papers were expected and haven't come" in text(began)
    assert "digest sources fetch feed" in text(began)
    assert over["Subject"] == "Daily Papers: resolved: source feed is stalled"
    assert "From 2026-03-17 08:00 UTC to 2026-03-17 09:00 UTC. feed is fresh again." in text(over)
    assert known(engine) == {}


def test_many_processes_tell_of_one_alarm_once(engine: Engine, tmp_path: Path) -> None:
    with SmtpServer() as server:
        site = here(engine, tmp_path, smtp_url=server.url)
        source_is(engine, SourceState.STALLED)
        for state in (SourceState.STALLED, SourceState.FRESH):
            source_is(engine, state)
            at_once = [threading.Thread(target=watch, args=(site, NOW)) for _ in range(4)]
            for thread in at_once:
                thread.start()
            for thread in at_once:
                thread.join()
        assert len(server.mails) == 2


def test_alarms_of_one_moment_are_one_mail(engine: Engine, tmp_path: Path) -> None:
    names = ["a-feed", "b-feed", "c-feed"]
    for name in names:
        source_is(engine, SourceState.STALLED, name)
    with SmtpServer() as server:
        assert watch(here(engine, tmp_path, smtp_url=server.url), NOW) == len(names)
        (mail,) = mails(server)
    assert mail["Subject"] == "Daily Papers: source a-feed is stalled and 2 more"
    assert all(f"source {name} is stalled" in text(mail) for name in names)


def test_what_comes_back_after_it_was_over_is_told_again(engine: Engine, tmp_path: Path) -> None:
    with SmtpServer() as server:
        site = here(engine, tmp_path, smtp_url=server.url)
        for state in (SourceState.STALLED, SourceState.FRESH, SourceState.STALLED):
            source_is(engine, state)
            watch(site, NOW)
        assert [str(mail["Subject"])[:19] for mail in mails(server)] == [
            "Daily Papers: sourc",
            "Daily Papers: resol",
            "Daily Papers: sourc",
        ]


def test_without_an_address_nobody_is_told_and_doctor_knows(engine: Engine, tmp_path: Path) -> None:
    source_is(engine, SourceState.STALLED)
    site = here(engine, tmp_path, operator_mail="")
    assert watch(site, NOW) == 0
    assert outbox(tmp_path) == []
    assert known(engine).keys() == {"source:feed"}
    source_is(engine, SourceState.FRESH)
    watch(site, NOW)
    assert known(engine) == {}


# ---------------------------------------------------------------- when the mail server doesn't take it


def test_a_mail_server_that_is_down_makes_no_alarm_forgotten(engine: Engine, tmp_path: Path) -> None:
    source_is(engine, SourceState.STALLED)
    with SmtpServer() as server:
        url = server.url
    site = here(engine, tmp_path, smtp_url=url)
    assert watch(site, NOW) == 0
    assert known(engine)["source:feed"].reply
    with SmtpServer() as server:
        site = here(engine, tmp_path, smtp_url=server.url)
        assert watch(site, NOW + timedelta(seconds=30)) == 0  # it isn't asked all the time
        assert watch(site, NOW + 2 * MINUTE) == 1
        assert len(server.mails) == 1


def test_what_began_and_ended_while_the_mail_server_was_down_is_told_in_one_mail(
    engine: Engine, tmp_path: Path
) -> None:
    source_is(engine, SourceState.STALLED)
    with SmtpServer() as server:
        server.on("MAIL", "421 closing", times=2)
        site = here(engine, tmp_path, smtp_url=server.url)
        watch(site, NOW)
        assert server.mails == []
        source_is(engine, SourceState.FRESH)
        watch(site, NOW + HOUR)
        watch(site, NOW + 2 * HOUR)
        (mail,) = mails(server)
    assert str(mail["Subject"]).startswith("Daily Papers: resol")
    assert known(engine) == {}


@pytest.mark.parametrize("said", ["450 busy", "550 5.1.1 nobody", "554 5.7.1 no", Act.DROP])
def test_an_alarm_that_was_not_taken_or_is_in_doubt_is_told_again(
    engine: Engine, tmp_path: Path, said: str | Act
) -> None:
    source_is(engine, SourceState.STALLED)
    with SmtpServer() as server:
        server.on("DOT", said, times=1)
        site = here(engine, tmp_path, smtp_url=server.url)
        watch(site, NOW)
        assert known(engine)["source:feed"].told_at is None
        watch(site, NOW + 2 * MINUTE)
        assert known(engine)["source:feed"].told_at == NOW + 2 * MINUTE
        ids = {mail["Message-ID"] for mail in mails(server)}
        assert len(server.bodies) == 2
    assert len(ids) == 1


def test_a_worker_that_is_killed_while_telling_leaves_it_to_the_next(engine: Engine, tmp_path: Path) -> None:
    source_is(engine, SourceState.STALLED)
    with SmtpServer() as server:
        site = here(engine, tmp_path, smtp_url=server.url)
        watch(here(engine, tmp_path, operator_mail=""), NOW)
        with session.transaction(engine) as db:
            assert alarms.claim(db, now=NOW, limit=9, lease=LEASE)
        assert watch(site, NOW + LEASE / 2) == 0
        assert watch(site, NOW + LEASE) == 1


def test_what_stands_again_while_its_end_is_being_told_is_told_anew(engine: Engine, tmp_path: Path) -> None:
    source_is(engine, SourceState.STALLED)
    with SmtpServer() as server:
        site = here(engine, tmp_path, smtp_url=server.url)
        watch(site, NOW)
        source_is(engine, SourceState.FRESH)
        watch(here(engine, tmp_path, smtp_url="smtp://127.0.0.1:1"), NOW + HOUR)
        with session.transaction(engine) as db:
            claimed = alarms.claim(db, now=NOW + 2 * HOUR, limit=9, lease=LEASE)
        source_is(engine, SourceState.STALLED)
        watch(site, NOW + 2 * HOUR)
        with session.transaction(engine) as db:
            alarms.mark_notified(db, claimed, NOW + 2 * HOUR)
        assert watch(site, NOW + 2 * HOUR) == 1
        assert len(server.mails) == 2
    assert known(engine)["source:feed"].over_at is None


# ---------------------------------------------------------------- what is an alarm


def test_a_source_that_fails_for_a_moment_is_no_alarm_and_for_an_hour_is_one(
    engine: Engine, tmp_path: Path
) -> None:
    source_is(engine, SourceState.FAILING)
    site = here(engine, tmp_path)
    watch(site, NOW + HOUR - MINUTE)
    assert known(engine) == {}
    watch(site, NOW + HOUR)
    found = known(engine)["source:feed"]
    assert (found.title, found.since) == ("source feed can't be read", NOW)
    assert "HTTP 500" in found.detail


def test_a_source_that_goes_from_stalled_to_failing_is_one_alarm(engine: Engine, tmp_path: Path) -> None:
    site = here(engine, tmp_path)
    source_is(engine, SourceState.STALLED)
    watch(site, NOW)
    source_is(engine, SourceState.FAILING)
    watch(site, NOW + 2 * HOUR)
    assert len(outbox(tmp_path)) == 1
    assert known(engine)["source:feed"].title == "source feed can't be read"


def test_a_source_that_is_removed_is_over(engine: Engine, tmp_path: Path) -> None:
    site = here(engine, tmp_path)
    source_is(engine, SourceState.STALLED)
    watch(site, NOW)
    remove(engine)
    watch(site, NOW + MINUTE)
    assert any("it was removed" in text(mail) for mail in outbox(tmp_path))


def test_an_issue_that_is_not_out_an_hour_after_its_time_is_an_alarm_until_it_is(
    engine: Engine, tmp_path: Path
) -> None:
    store_entries(engine, [entry()], seen_at=NOW - 3 * HOUR)
    with SmtpServer() as server:
        site = here(engine, tmp_path, smtp_url=server.url)
        join(site, "ada@one.example")
        join(site, "bob@two.example")
        open_due(site, NOW)
        watch(site, NOW + HOUR)
        assert server.mails == []
        watch(site, NOW + HOUR + MINUTE)
        (late,) = mails(server)
        assert late["Subject"] == "Daily Papers: the issue of 2026-03-17 isn't out"
        assert "It was due at 2026-03-17 08:00 UTC; mails that wait to be sent: 2." in text(late)
        deliver_due(site, NOW + HOUR + 2 * MINUTE)
        watch(site, NOW + HOUR + 3 * MINUTE)
        over = mails(server)[-1]
    assert "Nothing of the issue of 2026-03-17 is late any more: 2 sent." in text(over)


def test_subscribers_for_whom_nothing_was_prepared_are_late_too(engine: Engine, tmp_path: Path) -> None:
    site = here(engine, tmp_path)
    join(site, "ada@one.example")
    watch(site, NOW + HOUR + MINUTE)
    assert "nothing was prepared: 1." in known(engine)["issue:2026-03-17"].detail


def test_mails_that_wait_for_their_turn_are_not_late(engine: Engine, tmp_path: Path) -> None:
    store_entries(engine, [entry()], seen_at=NOW - 3 * HOUR)
    with SmtpServer() as server:
        server.on("RCPT", "554 5.7.1 go away", times=1)
        site = here(engine, tmp_path, smtp_url=server.url, smtp_connections=1)
        join(site, "ada@one.example")
        join(site, "bob@one.example")
        open_due(site, NOW)
        deliver_due(site, NOW)
        watch(site, NOW + 20 * MINUTE)
        assert known(engine).keys() == {"domain:one.example"}


def test_a_domain_that_refuses_us_is_an_alarm_until_it_takes_mail(engine: Engine, tmp_path: Path) -> None:
    store_entries(engine, [entry()], seen_at=NOW - 3 * HOUR)
    with SmtpServer() as server:
        server.on("RCPT", "554 5.7.26 <bob@one.example> unauthenticated", recipient="bob@one.example")
        site = here(engine, tmp_path, smtp_url=server.url)
        join(site, "bob@one.example")
        run_round(site, NOW, fetch=False)
        (mail,) = mails(server)
        assert mail["Subject"] == "Daily Papers: one.example refuses our mail"
        assert "it said 554 5.7.26." in text(mail)
        assert "bob@" not in text(mail)
        join(site, "ada@one.example", now=NOW - HOUR)
        run_round(site, NOW + 31 * MINUTE, fetch=False)
        assert mails(server)[-1]["Subject"] == "Daily Papers: resolved: one.example refuses our mail"


# ---------------------------------------------------------------- nothing waits for an alarm


def test_a_round_delivers_first_and_tells_of_alarms_in_the_same_round(engine: Engine, tmp_path: Path) -> None:
    store_entries(engine, [entry()], seen_at=NOW - 3 * HOUR)
    source_is(engine, SourceState.STALLED)
    with SmtpServer() as server:
        site = here(engine, tmp_path, smtp_url=server.url)
        join(site, "ada@one.example")
        run_round(site, NOW + 2 * HOUR, fetch=False)
        assert [str(mail["To"]) for mail in mails(server)] == ["ada@one.example", OPERATOR]
    assert known(engine).keys() == {"source:feed"}


def test_a_round_that_cannot_send_digests_still_tells_the_operator(engine: Engine, tmp_path: Path) -> None:
    store_entries(engine, [entry()], seen_at=NOW - 3 * HOUR)
    with SmtpServer() as server:
        site = here(engine, tmp_path, smtp_url=server.url)
        join(site, "ada@one.example")
        nameless = replace(site, site=replace(site.site, postal_address=""))
        error = run_round(nameless, NOW + 2 * HOUR, fetch=False).delivery_error
        assert isinstance(error, ConfigError)
        assert "postal address" in error.message
        (mail,) = mails(server)
    assert mail["Subject"] == "Daily Papers: the issue of 2026-03-17 isn't out"


def test_hostile_words_of_a_source_stay_words(engine: Engine, tmp_path: Path) -> None:
    source_is(engine, SourceState.FAILING)
    with session.transaction(engine) as db:
        error = "<script>alert(1)</script>\r\nBcc: eve@example.org =?utf-8?q?x?= " + "long " * 1000
        sources.failed(db, "feed", now=NOW, error=error, next_fetch_at=NOW + 9 * HOUR)
    watch(here(engine, tmp_path), NOW + HOUR)
    (mail,) = outbox(tmp_path)
    assert mail["Bcc"] is None
    html = mail.get_body(("html",)).get_content()  # type: ignore[union-attr] # there is one
    assert "<script" not in html
    assert len(html) < 10_000


@pytest.mark.parametrize("database_kind", ["sqlite"], indirect=True)  # doctor reads what the store gives
def test_doctor_names_alarms_that_stand_and_those_that_nobody_can_be_told_of(
    engine: Engine, database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def alarm_check() -> tuple[Result, str]:
        found = next(check for check in examine(NOW, {}) if check.check == "alarms")
        return found.result, found.detail

    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DIGEST_DATABASE_URL", database_url)
    site = here(engine, tmp_path)
    assert alarm_check() == (Result.OK, "none stands")
    source_is(engine, SourceState.STALLED)
    watch(here(engine, tmp_path, smtp_url="smtp://127.0.0.1:1"), NOW)
    assert "source feed is stalled (since 2026-03-17 08:00 UTC); 1 can't be mailed" in alarm_check()[1]
    watch(site, NOW + HOUR)
    assert alarm_check() == (Result.WARN, "source feed is stalled (since 2026-03-17 08:00 UTC)")

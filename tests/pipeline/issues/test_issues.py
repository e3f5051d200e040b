"""The stages joined, on SQLite and on Postgres: who gets what, who gets nothing and why, and never twice."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine

from digest.domain import DeliveryState, SkipReason, SourceState, SubscriberStatus
from digest.errors import ConfigError, FilterError, InputError, UnknownError
from digest.pipeline.clock import Clock
from digest.pipeline.delivery.worker import CHUNK, DeliveryWorker, deliver_due
from digest.pipeline.issues.open import open_due
from digest.pipeline.issues.preview import preview
from digest.pipeline.mail.build import write
from digest.pipeline.runner import run_round
from digest.pipeline.subscriptions import personal_data
from digest.store import deliveries, session, sources
from digest.store.subscriptions import subscribers, suppressions
from digest.tokens import Keys, address_hash
from tests.builders import NOW, entry
from tests.installations import installation, join, outbox, store_entries
from tests.smtp_server import Act, SmtpServer

DAY = timedelta(days=1)
EARLIER = NOW - timedelta(hours=3)

MOE = entry("2603.00001", title="Sparse mixture of experts at scale", abstract="Experts that are routed.")
SURVEY = entry("2603.00002", title="A survey of mixture-of-experts models", abstract="We survey the field.")
ROBOT = entry(
    "2603.00003", title="Grasping with soft hands", categories=("cs.RO",), abstract="A robot grasps."
)


def states(engine: Engine) -> dict[str, tuple[DeliveryState, str]]:
    """By address: the state and reason of the last delivery."""
    with session.reading(engine) as db:
        return {email: (row.state, row.reason) for row, email in reversed(deliveries.listing(db))}


def test_each_subscriber_gets_what_they_asked_for_and_true_reasons(engine: Engine, tmp_path: Path) -> None:
    here = installation(engine, tmp_path)
    store_entries(engine, [MOE, SURVEY, ROBOT], seen_at=EARLIER)
    join(here, "all@example.org")
    join(here, "moe@example.org", filters=['"mixture of experts"'], exclude=["survey"])
    join(here, "none@example.org", filters=["topology"])
    report = run_round(here, NOW, fetch=False)
    assert [(i.audience, i.counts[DeliveryState.SENT]) for i in report.issues] == [(3, 2)]
    everything, moe = outbox(tmp_path)
    assert everything["To"] == "all@example.org"
    assert moe["Subject"].startswith("Sparse mixture of experts at scale")
    body = moe.get_body(("plain",))
    assert body is not None
    assert "“mixture of experts” in the title" in body.get_content()
    assert SURVEY.title not in body.get_content()
    assert states(engine)["none@example.org"] == (DeliveryState.SKIPPED, SkipReason.NO_MATCH)


def test_a_round_that_is_told_to_stop_ends_with_the_mails_at_hand(engine: Engine, tmp_path: Path) -> None:
    here = installation(engine, tmp_path)
    store_entries(engine, [MOE], seen_at=EARLIER)
    for number in range(CHUNK + 1):
        join(here, f"reader{number}@example.org")
    run_round(here, NOW, fetch=False, stopping=lambda: bool(outbox(tmp_path)))
    assert len(outbox(tmp_path)) == CHUNK
    run_round(here, NOW, fetch=False)
    assert len(outbox(tmp_path)) == CHUNK + 1


def test_the_same_round_again_sends_nothing(engine: Engine, tmp_path: Path) -> None:
    here = installation(engine, tmp_path)
    store_entries(engine, [MOE], seen_at=EARLIER)
    join(here, "all@example.org")
    run_round(here, NOW, fetch=False)
    assert run_round(here, NOW, fetch=False).issues == ()
    assert len(outbox(tmp_path)) == 1


def test_no_paper_comes_twice_over_successive_days(engine: Engine, tmp_path: Path) -> None:
    here = installation(engine, tmp_path)
    store_entries(engine, [MOE, SURVEY], seen_at=EARLIER)
    join(here, "all@example.org")
    run_round(here, NOW, fetch=False)
    store_entries(engine, [MOE, ROBOT], seen_at=NOW + DAY / 2)
    run_round(here, NOW + DAY, fetch=False)
    with session.reading(engine) as db:
        first, second = sorted(row.papers for row, _ in deliveries.listing(db))
    assert (len(first), len(second)) == (2, 1)
    assert not set(first) & set(second)


def test_a_paper_found_on_its_second_day_still_comes(engine: Engine, tmp_path: Path) -> None:
    here = installation(engine, tmp_path)
    store_entries(engine, [ROBOT], seen_at=NOW - DAY)
    join(here, "all@example.org")
    run_round(here, NOW, fetch=False)
    assert len(outbox(tmp_path)) == 1


@pytest.mark.parametrize(
    ("state", "reason"),
    [
        (SourceState.QUIET, SkipReason.QUIET),
        (SourceState.WAITING, SkipReason.STALE),
        (SourceState.FAILING, SkipReason.FAILING),
    ],
)
def test_a_day_without_papers_says_why(
    engine: Engine, tmp_path: Path, state: SourceState, reason: SkipReason
) -> None:
    here = installation(engine, tmp_path)
    with session.transaction(engine) as db:
        for source in sources.listing(db):
            sources.set_state(db, source.name, state)
    join(here, "all@example.org")
    run_round(here, NOW, fetch=False)
    assert states(engine) == {"all@example.org": (DeliveryState.SKIPPED, reason)}
    assert outbox(tmp_path) == []


def test_an_unsubscribe_during_the_run_wins(engine: Engine, tmp_path: Path) -> None:
    here = installation(engine, tmp_path)
    store_entries(engine, [MOE], seen_at=EARLIER)
    leaver = join(here, "leaver@example.org")
    join(here, "stays@example.org")
    open_due(here, NOW)
    with session.transaction(engine) as db:
        subscribers.set_status(db, leaver.id, SubscriberStatus.UNSUBSCRIBED)
    deliver_due(here, NOW)
    assert [mail["To"] for mail in outbox(tmp_path)] == ["stays@example.org"]
    assert states(engine)["leaver@example.org"] == (DeliveryState.SKIPPED, SkipReason.INACTIVE)


def test_somebody_erased_during_the_run_stops_nobody_else(engine: Engine, tmp_path: Path) -> None:
    here = installation(engine, tmp_path)
    store_entries(engine, [MOE], seen_at=EARLIER)
    gone = join(here, "gone@example.org")
    join(here, "stays@example.org")
    open_due(here, NOW)
    with session.transaction(engine) as db:
        claimed = deliveries.claim(db, now=NOW, limit=9, lease=DAY)
    personal_data.erase(here, gone.id, NOW)
    with DeliveryWorker(here) as delivery_worker:
        ready = delivery_worker._prepare(claimed, Clock(NOW))
    assert [each.subscriber.email for each in ready] == ["stays@example.org"]


def test_an_address_suppressed_after_the_issue_was_opened_gets_nothing(
    engine: Engine, tmp_path: Path
) -> None:
    here = installation(engine, tmp_path)
    store_entries(engine, [MOE], seen_at=EARLIER)
    join(here, "gone@example.org")
    open_due(here, NOW)
    with session.transaction(engine) as db:
        suppressions.add(db, address_hash("gone@example.org", here.keys), reason="complained", now=NOW)
    deliver_due(here, NOW)
    assert states(engine)["gone@example.org"] == (DeliveryState.SKIPPED, SkipReason.SUPPRESSED)


def test_people_who_are_due_days_late_get_one_digest(engine: Engine, tmp_path: Path) -> None:
    here = installation(engine, tmp_path)
    store_entries(engine, [MOE], seen_at=EARLIER)
    join(here, "late@example.org", now=NOW - DAY * 5)
    store_entries(engine, [ROBOT], seen_at=NOW - DAY * 4)
    run_round(here, NOW, fetch=False)
    run_round(here, NOW + timedelta(minutes=5), fetch=False)
    with session.reading(engine) as db:
        due = subscribers.get(db, "late@example.org").next_due_at
    assert due == NOW + DAY
    assert len(states(engine)) == 1
    assert len(outbox(tmp_path)) <= 1


def test_each_time_zone_has_its_own_morning(engine: Engine, tmp_path: Path) -> None:
    here = installation(engine, tmp_path)
    store_entries(engine, [MOE], seen_at=EARLIER - timedelta(hours=3))
    join(here, "paris@example.org", timezone="Europe/Paris", now=EARLIER)
    join(here, "london@example.org", timezone="Europe/London", now=EARLIER)
    run_round(here, NOW - timedelta(hours=1), fetch=False)
    assert [mail["To"] for mail in outbox(tmp_path)] == ["paris@example.org"]
    run_round(here, NOW, fetch=False)
    assert [mail["To"] for mail in outbox(tmp_path)] == ["london@example.org", "paris@example.org"]


def test_a_hard_bounce_suppresses_the_subscriber(engine: Engine, tmp_path: Path) -> None:
    with SmtpServer() as server:
        server.on("RCPT", "550 5.1.1 no such user", recipient="gone@example.org")
        here = installation(engine, tmp_path, smtp_url=server.url)
        store_entries(engine, [MOE], seen_at=EARLIER)
        join(here, "gone@example.org")
        join(here, "here@example.org")
        run_round(here, NOW, fetch=False)
    assert states(engine)["gone@example.org"][0] is DeliveryState.BOUNCED
    assert [mail.recipients for mail in server.mails] == [("here@example.org",)]
    with session.reading(engine) as db:
        assert subscribers.get(db, "gone@example.org").status is SubscriberStatus.SUPPRESSED
    run_round(here, NOW + DAY, fetch=False)
    assert len(states(engine)) == 2


def test_a_greylisted_mail_is_tried_again_and_arrives_once(engine: Engine, tmp_path: Path) -> None:
    with SmtpServer() as server:
        server.on("RCPT", "450 4.7.1 try again in 2 minutes", times=1)
        here = installation(engine, tmp_path, smtp_url=server.url)
        store_entries(engine, [MOE], seen_at=EARLIER)
        join(here, "grey@example.org")
        assert run_round(here, NOW, fetch=False).issues[0].counts[DeliveryState.DEFERRED] == 1
        run_round(here, NOW + timedelta(seconds=90), fetch=False)
        assert server.mails == []
        report = run_round(here, NOW + timedelta(minutes=3), fetch=False)
    assert report.issues[0].counts[DeliveryState.SENT] == 1
    assert len(server.mails) == 1


def test_a_line_that_drops_after_the_body_leaves_a_doubt_that_is_never_sent_again(
    engine: Engine, tmp_path: Path
) -> None:
    with SmtpServer() as server:
        server.on("DOT", Act.DROP)
        here = installation(engine, tmp_path, smtp_url=server.url)
        store_entries(engine, [MOE], seen_at=EARLIER)
        join(here, "doubt@example.org")
        report = run_round(here, NOW, fetch=False)
        assert report.issues[0].counts[DeliveryState.UNCERTAIN] == 1
        run_round(here, NOW + timedelta(hours=1), fetch=False)
    assert len(server.bodies) == 1


def test_a_mail_server_that_is_away_loses_nobody(engine: Engine, tmp_path: Path) -> None:
    with SmtpServer() as server:
        url = server.url
    here = installation(engine, tmp_path, smtp_url=url)
    store_entries(engine, [MOE], seen_at=EARLIER)
    join(here, "patient@example.org")
    report = run_round(here, NOW, fetch=False)
    assert report.delivery_error is not None
    assert report.issues[0].counts[DeliveryState.QUEUED] == 1
    later = installation(engine, tmp_path)
    assert run_round(later, NOW + timedelta(minutes=2), fetch=False).issues[0].counts[DeliveryState.SENT] == 1


def test_an_issue_that_waited_too_long_expires_with_its_reason(engine: Engine, tmp_path: Path) -> None:
    here = installation(engine, tmp_path)
    store_entries(engine, [MOE], seen_at=EARLIER)
    join(here, "asleep@example.org")
    open_due(here, NOW)
    deliver_due(here, NOW + timedelta(hours=21))
    state, reason = states(engine)["asleep@example.org"]
    assert state is DeliveryState.EXPIRED
    assert reason


def test_nothing_leaves_by_smtp_without_a_postal_address(engine: Engine, tmp_path: Path) -> None:
    from digest.render import Site

    site = Site("Daily Papers", "https://papers.example.org", "papers@example.org", "")
    here = installation(engine, tmp_path, smtp_url="smtp://127.0.0.1:9", site=site)
    with pytest.raises(ConfigError, match="postal address"):
        deliver_due(here, NOW)


def test_a_preview_shows_what_is_then_sent(engine: Engine, tmp_path: Path) -> None:
    here = installation(engine, tmp_path)
    store_entries(engine, [MOE, SURVEY, ROBOT], seen_at=EARLIER)
    reader = join(here, "ada@example.org", filters=["experts"])
    digest = preview(here, reader, NOW).digest
    assert digest is not None
    shown = write(here, digest)
    run_round(here, NOW, fetch=False)
    (mail,) = outbox(tmp_path)
    assert mail["Subject"] == shown.subject
    parts = [mail.get_body((kind,)) for kind in ("plain", "html")]
    bodies = [part.get_content().rstrip("\n") for part in parts if part]
    assert bodies == [shown.text.rstrip("\n"), shown.html.rstrip("\n")]


def test_an_unknown_topic_comes_with_the_nearest(engine: Engine, tmp_path: Path) -> None:
    here = installation(engine, tmp_path)
    with pytest.raises(UnknownError) as caught:
        join(here, "ada@example.org", topics=["lllm"])
    assert caught.value.fix == "did you mean llm?"


def test_a_filter_that_cannot_be_read_subscribes_nobody(engine: Engine, tmp_path: Path) -> None:
    here = installation(engine, tmp_path)
    with pytest.raises(FilterError):
        join(here, "ada@example.org", filters=['"unbalanced'])
    with session.reading(engine) as db:
        assert subscribers.listing(db) == []


def test_a_suppressed_address_stays_so_when_the_key_is_rotated(engine: Engine, tmp_path: Path) -> None:
    here = installation(engine, tmp_path)
    with session.transaction(engine) as db:
        suppressions.add(db, address_hash("gone@example.org", here.keys), reason="complained", now=NOW)
    keys = Keys(b"a newer key that only tests use", (here.keys.current,))
    with pytest.raises(InputError, match="must not be written to"):
        join(replace(here, keys=keys), "gone@example.org")


def test_an_address_subscribes_once(engine: Engine, tmp_path: Path) -> None:
    here = installation(engine, tmp_path)
    join(here, "ada@example.org")
    with pytest.raises(InputError, match="subscribed already"):
        join(here, "Ada@EXAMPLE.org")

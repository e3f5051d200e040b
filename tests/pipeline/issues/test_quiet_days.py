"""Days without papers: who wants a mail gets one, once, and its reason is true."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from pathlib import Path

import pytest
from sqlalchemy import Engine

from digest.domain import (
    DeliveryState,
    Frequency,
    Schedule,
    SkipReason,
    SourceKind,
    SourceState,
    Subscriber,
    SubscriberStatus,
)
from digest.pipeline.delivery.worker import deliver_due
from digest.pipeline.installation import Installation
from digest.pipeline.issues.open import open_due
from digest.pipeline.issues.preview import preview
from digest.pipeline.mail.build import write
from digest.pipeline.runner import run_round
from digest.pipeline.subscriptions import preferences
from digest.store import deliveries, session, sources
from digest.store.subscriptions import subscribers
from tests.builders import NOW, entry
from tests.installations import installation, join, outbox, store_entries
from tests.smtp_server import SmtpServer

DAY = timedelta(days=1)
SATURDAY = datetime(2026, 3, 21, 8, tzinfo=UTC)
THANKSGIVING = datetime(2026, 11, 26, 8, tzinfo=UTC)
GRASP = entry("2603.00003", title="Grasping with soft hands", abstract="A robot grasps.")


def wanting(here: Installation, email: str, *, now: datetime = NOW, **chosen: object) -> Subscriber:
    """Somebody due at `now` who wants a mail on quiet days."""
    joined = join(here, email, now=now - timedelta(hours=1), **chosen)  # type: ignore[arg-type] # by name
    preferences.save(
        here, joined.id, joined.interests, replace(joined.schedule, quiet_days=True), now - DAY / 24
    )
    return replace(joined, schedule=replace(joined.schedule, quiet_days=True))


def say(engine: Engine, state: SourceState) -> None:
    """Every source says this of itself."""
    with session.transaction(engine) as db:
        for source in sources.listing(db):
            sources.set_state(db, source.name, state)


def text(mail: EmailMessage) -> str:
    """The text part on one line."""
    body = mail.get_body(("plain",))
    assert body is not None
    return " ".join(str(body.get_content()).split())


def test_only_who_asked_for_it_gets_a_mail_on_a_quiet_day(engine: Engine, tmp_path: Path) -> None:
    here = installation(engine, tmp_path)
    store_entries(engine, [GRASP], seen_at=NOW - timedelta(hours=3))
    wanting(here, "told@example.org", filters=["topology"])
    join(here, "spared@example.org", filters=["topology"])
    run_round(here, NOW, fetch=False)
    run_round(here, NOW + timedelta(minutes=5), fetch=False)
    (mail,) = outbox(tmp_path)
    assert mail["To"] == "told@example.org"
    assert mail["Subject"] == "No papers today"
    assert "None of today’s papers match your topics and filters." in text(mail)
    with session.reading(engine) as db:
        rows = {email: row for row, email in deliveries.listing(db)}
    told, spared = rows["told@example.org"], rows["spared@example.org"]
    assert (told.state, told.reason, told.papers) == (DeliveryState.SENT, SkipReason.NO_MATCH, ())
    assert (spared.state, spared.reason) == (DeliveryState.SKIPPED, SkipReason.NO_MATCH)


def test_a_quiet_day_is_previewed_as_it_is_sent(engine: Engine, tmp_path: Path) -> None:
    here = installation(engine, tmp_path)
    say(engine, SourceState.QUIET)
    reader = wanting(here, "told@example.org", now=SATURDAY, filters=["topology"])
    found = preview(here, reader, SATURDAY)
    assert found.skip_reason is SkipReason.QUIET
    assert found.digest is not None
    written = write(here, found.digest)
    run_round(here, SATURDAY, fetch=False)
    (mail,) = outbox(tmp_path)
    assert mail["Subject"] == written.subject
    for part, shown in (("plain", written.text), ("html", written.html)):
        body = mail.get_body((part,))
        assert body is not None
        assert str(body.get_content()) == shown


@pytest.mark.parametrize(
    ("now", "state", "sentences"),
    [
        (
            SATURDAY,
            SourceState.QUIET,
            [
                "There are no new papers today: the sources announced none.",
                "arXiv announces no papers at weekends; the next ones are due on Monday 23 March.",
            ],
        ),
        (
            THANKSGIVING,
            SourceState.QUIET,
            ["arXiv announces no papers on its holidays; the next ones are due on Friday 27 November."],
        ),
        (NOW, SourceState.QUIET, ["There are no new papers today: the sources announced none."]),
        (
            NOW,
            SourceState.STALLED,
            ["Papers were expected today but haven’t been announced yet. They will follow."],
        ),
        (NOW, SourceState.FAILING, ["not every source could be read.", "arXiv could not be read today"]),
    ],
)
def test_the_reason_is_the_true_one(
    engine: Engine, tmp_path: Path, now: datetime, state: SourceState, sentences: list[str]
) -> None:
    here = installation(engine, tmp_path)
    say(engine, state)
    wanting(here, "told@example.org", now=now)
    run_round(here, now, fetch=False)
    (mail,) = outbox(tmp_path)
    for sentence in sentences:
        assert sentence in text(mail)
    if now is NOW:
        assert "weekends" not in text(mail)
        assert "holidays" not in text(mail)


def test_papers_that_came_before_yesterday_are_no_papers_of_today(engine: Engine, tmp_path: Path) -> None:
    here = installation(engine, tmp_path)
    store_entries(engine, [GRASP], seen_at=SATURDAY - timedelta(hours=30))
    say(engine, SourceState.QUIET)
    reader = wanting(here, "told@example.org", now=SATURDAY, filters=["topology"])
    assert preview(here, reader, SATURDAY).skip_reason is SkipReason.QUIET
    weekly = replace(reader, schedule=Schedule(Frequency.WEEKLY, weekday=5, quiet_days=True))
    found = preview(here, weekly, SATURDAY)
    assert found.skip_reason is SkipReason.NO_MATCH
    assert found.digest is not None
    assert found.digest.notes[0] == "None of this week’s papers match your topics and filters."


def test_the_reason_survives_a_delay(engine: Engine, tmp_path: Path) -> None:
    with SmtpServer() as server:
        here = installation(engine, tmp_path, smtp_url=server.url)
        say(engine, SourceState.STALLED)
        wanting(here, "told@example.org")
        server.on("RCPT", "450 4.2.0 later", times=1)
        run_round(here, NOW, fetch=False)
        say(engine, SourceState.FRESH)  # it came after all, an hour too late
        deliver_due(here, NOW + timedelta(hours=1))
    with session.reading(engine) as db:
        ((row, _),) = deliveries.listing(db)
    assert (row.state, row.reason, row.attempts) == (DeliveryState.SENT, SkipReason.STALE, 2)


def test_who_changes_their_mind_meanwhile_gets_nothing(engine: Engine, tmp_path: Path) -> None:
    here = installation(engine, tmp_path)
    say(engine, SourceState.QUIET)
    reader = wanting(here, "told@example.org")
    open_due(here, NOW)
    with session.transaction(engine) as db:
        subscribers.save(db, reader.id, schedule=Schedule())
    deliver_due(here, NOW)
    with session.reading(engine) as db:
        ((row, _),) = deliveries.listing(db)
    assert (row.state, row.reason) == (DeliveryState.SKIPPED, SkipReason.QUIET)
    assert outbox(tmp_path) == []


def test_who_mutes_all_that_was_promised_is_told_that_nothing_matched(engine: Engine, tmp_path: Path) -> None:
    here = installation(engine, tmp_path)
    store_entries(engine, [GRASP], seen_at=NOW - timedelta(hours=3))
    reader = wanting(here, "told@example.org")
    open_due(here, NOW)
    preferences.mute(here, reader.id, "robot", NOW)
    deliver_due(here, NOW)
    (mail,) = outbox(tmp_path)
    assert "None of today’s papers match your topics" in text(mail)
    assert GRASP.title not in text(mail)


def test_a_quiet_day_tells_nobody_who_left(engine: Engine, tmp_path: Path) -> None:
    here = installation(engine, tmp_path)
    reader = wanting(here, "gone@example.org")
    open_due(here, NOW)
    with session.transaction(engine) as db:
        subscribers.set_status(db, reader.id, SubscriberStatus.UNSUBSCRIBED)
    deliver_due(here, NOW)
    assert outbox(tmp_path) == []


def test_a_journal_that_fell_silent_is_not_why_a_day_is_quiet(engine: Engine, tmp_path: Path) -> None:
    here = installation(engine, tmp_path)
    join(here, "all@example.org")
    with session.transaction(engine) as db:
        sources.add(db, name="journal", kind=SourceKind.FEED, url="https://journal.example.org/rss")
    say(engine, SourceState.QUIET)
    with session.transaction(engine) as db:
        sources.set_state(db, "journal", SourceState.STALLED)
    run_round(here, NOW, fetch=False)
    with session.reading(engine) as db:
        ((row, _),) = deliveries.listing(db)
    assert row.reason == SkipReason.QUIET

"""Joining and leaving: double opt-in with its record, the caps, notices, what people change, erasure."""

import re
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine, inspect, text

from digest.domain import Frequency, Interests, Schedule, SignalKind, SubscriberStatus
from digest.errors import InputError
from digest.pipeline.community import votes
from digest.pipeline.installation import Installation
from digest.pipeline.mail.links import Purpose, link
from digest.pipeline.subscriptions import personal_data, preferences, rate_limits, signup, transactional
from digest.pipeline.subscriptions.expiry import keep_up
from digest.pipeline.subscriptions.signup import Confirmation, Visitor
from digest.pipeline.subscriptions.validate import read_address
from digest.store import session
from digest.store.subscriptions import signups, subscribers
from digest.store.subscriptions import transactional as stored
from digest.store.subscriptions.addresses import mailbox
from digest.store.subscriptions.transactional import TransactionalKind
from digest.tokens import Keys
from tests.builders import NOW, entry
from tests.installations import installation, join, outbox, store_entries

VISITOR = Visitor("web", "192.0.2.7", "Browser/1", nonce="nonce of a browser")
ELSEWHERE = Visitor("web", "198.51.100.9", "Phone/2")


@pytest.fixture
def site(engine: Engine, tmp_path: Path) -> Installation:
    return installation(engine, tmp_path)


def ask(site: Installation, email: str, *, now: object = NOW, visitor: Visitor = VISITOR) -> timedelta | None:
    return signup.ask(
        site,
        email=email,
        interests=Interests(filters=("agents",)),
        schedule=Schedule(),
        visitor=visitor,
        now=now,  # type: ignore[arg-type] # a datetime
    )


def work(site: Installation, now: object = NOW) -> None:
    """What a process does after the answers."""
    signup.settle(site, now)  # type: ignore[arg-type] # a datetime
    while transactional.deliver_due(site, now):  # type: ignore[arg-type] # the same
        pass


def tokens(folder: Path) -> list[str]:
    """The tokens of all confirmation links in the outbox."""
    texts = [mail.get_body(("plain",)).get_content() for mail in outbox(folder)]  # type: ignore[union-attr]
    return [token for body in texts for token in re.findall(r"/confirm/([\w-]{28})", body)]


def status(site: Installation, email: str) -> SubscriberStatus | None:
    with session.reading(site.engine) as db:
        found = subscribers.find(db, email)
        return found.status if found else None


def test_a_request_is_confirmed_by_the_link_that_was_mailed(site: Installation, tmp_path: Path) -> None:
    ask(site, "ada@example.org")
    work(site)
    assert status(site, "ada@example.org") is SubscriberStatus.PENDING
    (token,) = tokens(tmp_path)
    later = NOW + timedelta(minutes=5)
    assert signup.confirm(site, token, ELSEWHERE, later, pressed=False) is Confirmation.ASK
    assert status(site, "ada@example.org") is SubscriberStatus.PENDING
    assert signup.confirm(site, token, ELSEWHERE, later, pressed=True) is Confirmation.DONE
    assert signup.confirm(site, token, ELSEWHERE, later, pressed=False) is Confirmation.DONE
    with session.reading(site.engine) as db:
        ada = subscribers.get(db, "ada@example.org")
        (record,) = subscribers.consents(db, ada.id)
    assert ada.status is SubscriberStatus.ACTIVE
    assert ada.interests.filters == ("agents",)
    assert ada.next_due_at is not None
    assert record.at == later
    assert record.wording == signup.WORDING
    assert record.details["wording_version"] == signup.WORDING_VERSION
    assert record.details["asked_at"] == NOW.isoformat()
    assert (record.details["asked_ip"], record.details["asked_user_agent"]) == ("192.0.2.7", "Browser/1")
    assert (record.details["confirmed_ip"], record.details["confirmed_user_agent"]) == (
        "198.51.100.9",
        "Phone/2",
    )
    assert record.details["same_browser"] is False


def test_the_browser_that_asked_confirms_by_opening_the_link(site: Installation, tmp_path: Path) -> None:
    ask(site, "ada@example.org")
    work(site)
    (token,) = tokens(tmp_path)
    assert signup.confirm(site, token, VISITOR, NOW, pressed=False) is Confirmation.DONE
    assert status(site, "ada@example.org") is SubscriberStatus.ACTIVE


@pytest.mark.parametrize("late", [timedelta(hours=48, seconds=1), timedelta(days=6)])
def test_a_confirmation_link_ends_after_two_days(site: Installation, tmp_path: Path, late: timedelta) -> None:
    ask(site, "ada@example.org")
    work(site)
    (token,) = tokens(tmp_path)
    assert signup.confirm(site, token, VISITOR, NOW + late, pressed=True) is Confirmation.OVER
    assert status(site, "ada@example.org") is SubscriberStatus.PENDING


def test_forged_and_foreign_tokens_confirm_nothing(site: Installation, tmp_path: Path) -> None:
    ask(site, "ada@example.org")
    work(site)
    (token,) = tokens(tmp_path)
    with session.reading(site.engine) as db:
        number = signups.of_address(db, "ada@example.org")[0].id
    strangers = [
        link(site, purpose, number).rpartition("/")[2] for purpose in Purpose if purpose != "confirm"
    ]
    other_key = Installation(
        **{name: getattr(site, name) for name in site.__slots__} | {"keys": Keys(b"x" * 32)}
    )
    strangers += [
        link(other_key, Purpose.CONFIRM, number).rpartition("/")[2],
        token[:-1],
        token[::-1],
        "",
        "é",
    ]
    for stranger in strangers:
        assert signup.confirm(site, stranger, VISITOR, NOW, pressed=True) is Confirmation.OVER
    assert status(site, "ada@example.org") is SubscriberStatus.PENDING


def test_links_survive_a_rotation_of_the_key(site: Installation, tmp_path: Path) -> None:
    ask(site, "ada@example.org")
    work(site)
    (token,) = tokens(tmp_path)
    fields = {name: getattr(site, name) for name in site.__slots__}
    rotated = Installation(**fields | {"keys": Keys(b"a newer key that tests use", (site.keys.current,))})
    assert signup.confirm(rotated, token, ELSEWHERE, NOW, pressed=True) is Confirmation.DONE


def test_somebody_subscribed_is_told_so_once_a_day_and_keeps_what_they_chose(
    site: Installation, tmp_path: Path
) -> None:
    join(site, "ada@example.org", filters=["quantum"])
    for minutes in (0, 30, 600):
        ask(site, "Ada@Example.org", now=NOW + timedelta(minutes=minutes))
        work(site, NOW + timedelta(minutes=minutes))
    (mail,) = outbox(tmp_path)
    assert "/confirm/" not in str(mail)
    with session.reading(site.engine) as db:
        assert subscribers.get(db, "ada@example.org").interests.filters == ("quantum",)


def test_confirming_never_downgrades_anybody(site: Installation, tmp_path: Path) -> None:
    ask(site, "ada@example.org")
    work(site)
    (token,) = tokens(tmp_path)
    signup.confirm(site, token, VISITOR, NOW, pressed=True)
    with session.reading(site.engine) as db:
        ada = subscribers.get(db, "ada@example.org")
    preferences.pause(site, ada.id, NOW + timedelta(days=3), NOW)
    preferences.save(site, ada.id, Interests(filters=("robots",)), Schedule(Frequency.WEEKLY), NOW)
    assert signup.confirm(site, token, VISITOR, NOW, pressed=True) is Confirmation.DONE
    with session.reading(site.engine) as db:
        again = subscribers.get(db, "ada@example.org")
    assert (again.status, again.interests.filters) == (SubscriberStatus.PAUSED, ("robots",))


def test_a_suppressed_address_is_never_mailed(site: Installation, tmp_path: Path) -> None:
    ada = join(site, "ada@example.org")
    personal_data.erase(site, ada.id, NOW)
    ask(site, "ada@example.org")
    work(site)
    assert outbox(tmp_path) == []
    assert status(site, "ada@example.org") is None
    with session.reading(site.engine) as db:
        assert signups.of_address(db, "ada@example.org") == []


def test_one_victim_gets_three_mails_a_day_and_five_a_month_at_most(
    site: Installation, tmp_path: Path
) -> None:
    spellings = [
        "ada.love@gmail.com",
        "adalove+x@gmail.com",
        "a.d.a.love@googlemail.com",
        "ADALOVE@gmail.com",
    ]
    got = []
    for day in range(30):
        for quarter in range(4):
            moment = NOW + timedelta(days=day, minutes=15 * quarter)
            ask(site, spellings[quarter], now=moment, visitor=Visitor("web", f"192.0.{day}.{quarter}"))
            work(site, moment)
        keep_up(site, moment)
        got.append(len(outbox(tmp_path)))
    assert got[0] == 3
    assert got[-1] == 5


def test_the_operator_shares_the_caps_of_the_web(site: Installation, tmp_path: Path) -> None:
    ask(site, "ada@example.org")
    work(site)
    with session.transaction(site.engine) as db:
        ada = subscribers.get(db, "ada@example.org")
        assert not signup.invite(site, db, ada, NOW + timedelta(minutes=9))
        assert signup.invite(site, db, ada, NOW + timedelta(minutes=10))
    ask(site, "ada@example.org", now=NOW + timedelta(minutes=12))
    work(site, NOW + timedelta(minutes=12))
    assert len(outbox(tmp_path)) == 2


def test_a_network_may_ask_so_often_and_no_more(site: Installation) -> None:
    one = [ask(site, f"a{n}@example.org", visitor=Visitor("web", f"2001:db8::{n:x}")) for n in range(1000)]
    assert sum(wait is None for wait in one) == site.signups_per_hour
    assert one[-1] == timedelta(hours=1)
    wide = [ask(site, f"b{n}@example.org", visitor=Visitor("web", f"192.0.2.{n % 250}")) for n in range(1000)]
    assert sum(wait is None for wait in wide) == site.signups_per_hour * rate_limits.WIDER
    assert ask(site, "c@example.org", visitor=VISITOR, now=NOW + timedelta(minutes=61)) is None


def test_a_flood_of_confirmations_waits_and_rings_an_alarm(
    engine: Engine, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    site = installation(engine, tmp_path, confirmations_per_hour=3)
    for n in range(5):
        ask(site, f"a{n}@example.org", visitor=Visitor("web", f"192.0.{n}.1"))
    work(site)
    assert len(outbox(tmp_path)) == 3
    assert "alarm: 3 confirmations" in caplog.text
    work(site, NOW + timedelta(minutes=61))
    assert len(outbox(tmp_path)) == 5


def test_what_nobody_confirmed_is_gone_after_seven_days(site: Installation) -> None:
    ask(site, "ada@example.org")
    work(site)
    with session.transaction(site.engine) as db:
        subscribers.add(
            db,
            email="imported@example.org",
            status=SubscriberStatus.PENDING,
            interests=Interests(),
            schedule=Schedule(),
            now=NOW,
            due=None,
        )
    keep_up(site, NOW + timedelta(days=6))
    assert status(site, "ada@example.org") is SubscriberStatus.PENDING
    keep_up(site, NOW + timedelta(days=8))
    assert status(site, "ada@example.org") is None
    assert status(site, "imported@example.org") is SubscriberStatus.PENDING


def test_leaving_stops_the_links_of_open_requests_and_can_be_undone(
    site: Installation, tmp_path: Path
) -> None:
    ask(site, "ada@example.org")
    work(site)
    ask(site, "ada@example.org", now=NOW + timedelta(minutes=20))
    work(site, NOW + timedelta(minutes=20))
    first, second = tokens(tmp_path)
    signup.confirm(site, first, VISITOR, NOW, pressed=True)
    with session.reading(site.engine) as db:
        ada = subscribers.get(db, "ada@example.org")
    preferences.leave(site, ada.id, NOW, goodbye=True)
    preferences.leave(site, ada.id, NOW, goodbye=True)
    assert signup.confirm(site, second, VISITOR, NOW, pressed=True) is Confirmation.OVER
    assert status(site, "ada@example.org") is SubscriberStatus.UNSUBSCRIBED
    work(site)
    assert len([m for m in outbox(tmp_path) if "/u/" in m.get_body(("plain",)).get_content()]) == 1  # type: ignore[union-attr]
    preferences.resubscribe(site, ada.id, NOW)
    assert status(site, "ada@example.org") is SubscriberStatus.ACTIVE
    with session.reading(site.engine) as db:
        assert subscribers.consents(db, ada.id)[-1].how == "came back by the link in a mail"


def test_nobody_comes_back_who_never_confirmed(site: Installation) -> None:
    ask(site, "ada@example.org")
    work(site)
    with session.reading(site.engine) as db:
        ada = subscribers.get(db, "ada@example.org")
    preferences.leave(site, ada.id, NOW, goodbye=False)
    preferences.resubscribe(site, ada.id, NOW)
    assert status(site, "ada@example.org") is SubscriberStatus.UNSUBSCRIBED


def test_a_pause_and_a_mute_end_by_themselves(site: Installation) -> None:
    ada = join(site, "ada@example.org", exclude=["survey"])
    preferences.mute(site, ada.id, "Mixture of Experts", NOW)
    preferences.mute(site, ada.id, "survey", NOW)  # excluded for good already
    preferences.pause(site, ada.id, NOW + timedelta(days=2), NOW)
    with pytest.raises(InputError, match="a year from now"):
        preferences.pause(site, ada.id, NOW - timedelta(days=1), NOW)
    (muted,) = preferences.muted(site, ada.id)
    keep_up(site, NOW + timedelta(days=1))
    known = preferences.person(site, ada.id)
    assert known is not None
    assert known.interests.exclude == ("survey", muted)
    assert known.status is SubscriberStatus.PAUSED
    keep_up(site, NOW + timedelta(days=7))
    known = preferences.person(site, ada.id)
    assert known is not None
    assert known.interests.exclude == ("survey",)
    assert known.status is SubscriberStatus.ACTIVE
    assert known.next_due_at is not None
    assert known.next_due_at > NOW + timedelta(days=7)


def test_a_mute_outlives_a_change_of_preferences(site: Installation) -> None:
    ada = join(site, "ada@example.org")
    preferences.mute(site, ada.id, "agents", NOW)
    preferences.save(site, ada.id, Interests(exclude=("survey",)), Schedule(), NOW)
    known = preferences.person(site, ada.id)
    assert known is not None
    assert known.interests.exclude == ("survey", "agents")
    preferences.unmute(site, ada.id, "agents", NOW)
    known = preferences.person(site, ada.id)
    assert known is not None
    assert known.interests.exclude == ("survey",)


def test_a_vote_counts_once_and_can_be_taken_back(site: Installation) -> None:
    store_entries(site.engine, [entry("2603.00001")])
    ada, bob = join(site, "ada@example.org"), join(site, "bob@example.org")
    paper = votes.paper(site, "2603.00001")
    for number in (ada.id, ada.id, bob.id):
        votes.vote(site, number, paper, NOW)
    assert votes.paper(site, "2603.00001").latest(SignalKind.VOTERS) == 2
    votes.vote(site, ada.id, paper, NOW + timedelta(minutes=1), back=True)
    assert votes.paper(site, "2603.00001").latest(SignalKind.VOTERS) == 1
    assert votes.has_voted(site, bob.id, paper)


def test_an_erased_person_is_in_no_table(site: Installation, tmp_path: Path) -> None:
    store_entries(site.engine, [entry("2603.00001")])
    ask(site, "ada@example.org")
    work(site)
    signup.confirm(site, tokens(tmp_path)[0], VISITOR, NOW, pressed=True)
    with session.reading(site.engine) as db:
        ada = subscribers.get(db, "ada@example.org")
    votes.vote(site, ada.id, votes.paper(site, "2603.00001"), NOW)
    preferences.mute(site, ada.id, "agents", NOW)
    ask(site, "ada@example.org")  # one more request that nobody looked at
    exported = personal_data.export(site, ada.id)
    assert [row["paper"] for row in exported["votes"]] == ["arxiv:2603.00001"]
    assert len(exported["requests"]) == 2
    personal_data.erase(site, ada.id, NOW)
    with site.engine.connect() as connection:
        for table in inspect(site.engine).get_table_names():
            rows = connection.execute(text(f"SELECT * FROM {table}")).all()
            assert "ada@" not in repr(rows).lower(), table
        assert connection.execute(text("SELECT reason FROM suppressions")).scalars().all() == ["erased"]
        assert connection.execute(text("SELECT count(*) FROM votes")).scalar() == 0
    assert personal_data.export(site, ada.id) == {}


def test_a_notice_is_sent_once_whoever_asks_for_it(site: Installation, tmp_path: Path) -> None:
    ask(site, "ada@example.org")
    signup.settle(site, NOW)
    with session.transaction(site.engine) as db:
        (held,) = stored.claim(db, now=NOW, limit=9, lease=timedelta(minutes=15))
    assert transactional.deliver_due(site, NOW) == 0
    with session.transaction(site.engine) as db:
        assert stored.begin_sending(db, held, now=NOW, lease=timedelta(minutes=15))
    later = NOW + timedelta(minutes=16)
    assert (
        transactional.deliver_due(site, later) == 0
    )  # its worker was lost after the body: a doubt, not a mail
    with session.reading(site.engine) as db:
        assert stored.of_subscriber(db, held.subscriber_id)[0].state == "uncertain"
    assert outbox(tmp_path) == []


def test_a_confirmation_that_is_not_wanted_any_more_is_not_sent(site: Installation, tmp_path: Path) -> None:
    ask(site, "ada@example.org")
    signup.settle(site, NOW)
    assert transactional.deliver_due(site, NOW + timedelta(hours=49)) == 1
    assert outbox(tmp_path) == []


def test_who_waits_long_for_the_first_digest_gets_todays_with_the_welcome(
    site: Installation, tmp_path: Path
) -> None:
    store_entries(site.engine, [entry("2603.00001", title="Agents that wait")])
    weekly = Schedule(Frequency.WEEKLY, weekday=0)  # NOW is a Tuesday
    for email, schedule in (("daily@example.org", Schedule()), ("weekly@example.org", weekly)):
        signup.ask(site, email=email, interests=Interests(), schedule=schedule, visitor=VISITOR, now=NOW)
    work(site)
    for token in tokens(tmp_path):
        signup.confirm(site, token, VISITOR, NOW, pressed=True)
    work(site)
    shown = {
        str(mail["To"]): "Agents that wait" in mail.get_body(("plain",)).get_content()  # type: ignore[union-attr]
        for mail in outbox(tmp_path)
        if "/confirm/" not in mail.get_body(("plain",)).get_content()  # type: ignore[union-attr]
    }
    assert shown == {"daily@example.org": False, "weekly@example.org": True}


@pytest.mark.parametrize(
    ("spelling", "same"),
    [
        ("ada+lists@example.org", "ada@example.org"),
        ("A.D.A@gmail.com", "ada@gmail.com"),
        ("a.da+x@googlemail.com", "ada@gmail.com"),
        ("a.da@example.org", "a.da@example.org"),
        ("+odd@example.org", "+odd@example.org"),
        ("a-d_a.+x@pm.me", "ada@proton.me"),
        ("ada@protonmail.com", "ada@proton.me"),
        ("shop@ada.fastmail.com", "ada@fastmail.com"),
        ("ada+x@fastmail.com", "ada@fastmail.com"),
        ("ada@www.example.org", "ada@www.example.org"),
        ("ada@me.com", "ada@icloud.com"),
        ("ada-books@yahoo.co.uk", "ada@yahoo.co.uk"),
        ("ada-books@example.org", "ada-books@example.org"),
        ("ada@\uff27\uff2d\uff21\uff29\uff2c.com", "ada@gmail.com"),  # full width
        ("\uff21da@gmail.com", "ada@gmail.com"),
        ("ada@gma\u0456l.com", "ada@gmail.com"),  # a Cyrillic letter
        ("ada@xn--gmal-xpa.com", "ada@gma\u00edl.com"),
    ],
)
def test_spellings_of_one_mailbox_count_as_one(spelling: str, same: str) -> None:
    assert mailbox(spelling) == same


@pytest.mark.parametrize("local", ["a" * 65, "é" * 33])
def test_an_address_of_more_than_64_bytes_before_the_at_is_refused(local: str) -> None:
    with pytest.raises(InputError, match="64 bytes"):
        read_address(f"{local}@example.org")
    assert read_address(f"{local[:32]}@example.org")


def test_every_kind_of_notice_has_its_caps() -> None:
    counted_elsewhere = {TransactionalKind.PROPOSAL, TransactionalKind.QUEUE}
    assert set(rate_limits.CAPS) | counted_elsewhere == set(TransactionalKind)

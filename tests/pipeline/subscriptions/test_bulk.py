"""Acts on many: what they do is what the same act does to one after another, in far fewer statements."""

from collections.abc import Callable
from datetime import date, timedelta
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, select, update

from digest.domain import Frequency, SubscriberStatus
from digest.pipeline.installation import Installation
from digest.pipeline.subscriptions import admin, personal_data, preferences
from digest.pipeline.subscriptions.lists import acts
from digest.pipeline.subscriptions.lists.acts import Act, Planned
from digest.pipeline.subscriptions.lists.bulk import MOST_IN_A_ROW, act_on_all
from digest.pipeline.subscriptions.where import choose
from digest.store import session
from digest.store.community.tables.audit import AuditRow
from digest.store.subscriptions import snapshots, subscribers, suppressions
from digest.store.subscriptions.tables.attempts import AttemptRow
from digest.store.subscriptions.tables.notices import NoticeRow
from digest.store.subscriptions.tables.signups import SignupRow
from digest.store.subscriptions.tables.subscribers import SubscriberRow
from digest.tokens import address_hashes
from tests.builders import NOW
from tests.installations import installation, join
from tests.statements import statements

DAY = date(2026, 5, 1)
UNTIL = NOW + timedelta(days=20)
CHANGES: dict[str, dict[str, Any]] = {
    "weekly": {"frequency": "weekly", "at": "09:30"},
    "never": {"frequency": "never"},
    "filters": {"add_filters": ["ti:sheep"], "exclude": ["cat:cs.CL"]},
    "roles": {"role": "curator", "language": "de"},
}
PEOPLE = st.lists(
    st.tuples(
        st.sampled_from(SubscriberStatus),
        st.sampled_from(Frequency),
        st.sampled_from(["UTC", "Europe/Paris", "Pacific/Auckland"]),
        st.sampled_from([(), ("llm",), ("llm", "rag")]),
        st.booleans(),  # mutes something
        st.booleans(),  # asked to be subscribed once more, and didn't confirm
        st.booleans(),  # has the address of another mailbox with a tag
    ),
    max_size=6,
)
sqlite_only = pytest.mark.parametrize("database_kind", ["sqlite"], indirect=True)
_domains = count()


@pytest.fixture
def here(engine: Engine, tmp_path: Path) -> Installation:
    return installation(engine, tmp_path)


def add(here: Installation, domain: str, people: list[tuple[Any, ...]]) -> list[int]:
    """Add people as they were drawn; returns their numbers."""
    numbers: list[int] = []
    for place, (status, frequency, timezone, topics, mutes, asked, tagged) in enumerate(people):
        name = f"p0+{place}" if tagged else f"p{place}"
        made = join(here, f"{name}@{domain}", topics=topics, timezone=timezone, filters=[f"ti:word{place}"])
        with session.transaction(here.engine) as db:
            paused = UNTIL if status is SubscriberStatus.PAUSED else None
            left = NOW - timedelta(days=1) if status is SubscriberStatus.UNSUBSCRIBED else None
            values = {"frequency": frequency, "status": status, "paused_until": paused, "left_at": left}
            db.execute(update(SubscriberRow).where(SubscriberRow.id == made.id).values(**values))
            if asked:
                row = db.get(SubscriberRow, made.id)
                assert row
                asked_for = {"interests": row.interests, "schedule": {}, "at": NOW, "how": "web"}
                known = {"email": row.email, "email_key": row.email_key, "subscriber_id": made.id}
                words = {"wording": "", "wording_version": "", "ip": "", "user_agent": "", "browser": ""}
                db.add(SignupRow(**asked_for, **known, **words, decided_at=NOW))
        if mutes:
            preferences.mute(here, made.id, "ti:goats", NOW)
        numbers.append(made.id)
    return numbers


def kept(here: Installation, numbers: list[int], emails: list[str], since: int) -> list[Any]:
    """All that is kept of people, and of what was done since an act, without their numbers."""
    with session.reading(here.engine) as db:
        state = snapshots.snapshots(db, numbers)
        told = list(db.scalars(select(NoticeRow.subscriber_id).where(NoticeRow.subscriber_id.in_(numbers))))
        asked = list(db.scalars(select(SignupRow.subscriber_id).where(SignupRow.subscriber_id.in_(numbers))))
        done = list(db.scalars(select(AuditRow).where(AuditRow.id > since).order_by(AuditRow.id)))
        hashes = [address_hashes(email, here.keys)[0] for email in emails]
        counted = len(db.scalars(select(AttemptRow.hash)).all())
        suppressed = suppressions.among(db, hashes)
    objects = {f"subscriber:{number}": place for place, number in enumerate(numbers)}
    return [
        [{**state[number], "email": ""} if number in state else None for number in numbers],
        sorted(numbers.index(number) for number in told),
        sorted(numbers.index(number) for number in asked if number is not None),
        [(each.act, objects.get(each.object, each.object), each.before, each.after) for each in done],
        [each in suppressed for each in hashes],
        counted,
    ]


def last_act(here: Installation) -> int:
    with session.reading(here.engine) as db:
        return max(db.scalars(select(AuditRow.id)), default=0)


def one_by_one(here: Installation, numbers: list[int], act: str) -> None:
    """Do to each what the commands for one do."""
    for number in numbers:
        match act:
            case "pause":
                person = preferences.person(here, number)
                assert person
                preferences.pause(here, number, admin.pause_until(person, DAY), NOW)
            case "resume":
                preferences.resume(here, number, NOW)
            case "leave" | "leave with a goodbye":
                preferences.leave(here, number, NOW, goodbye=act != "leave")
            case "erase":
                personal_data.erase(here, number, NOW)
            case _:
                person = preferences.person(here, number)
                assert person
                edit = admin.planned(here, person, CHANGES[act])
                if edit.changed:
                    admin.carry_out(here, edit, NOW)


ACTS: dict[str, Callable[[Installation], Act[Any]]] = {
    "pause": lambda _here: acts.pausing(DAY, NOW),
    "resume": lambda _here: acts.resuming(NOW),
    "leave": lambda _here: acts.leaving(NOW, goodbye=False),
    "leave with a goodbye": lambda _here: acts.leaving(NOW, goodbye=True),
    "erase": lambda _here: acts.erasing(NOW),
    **{name: lambda here, name=name: acts.editing(here, CHANGES[name], NOW) for name in CHANGES},  # type: ignore[misc]
}


@sqlite_only  # Postgres runs all acts below
@pytest.mark.parametrize("act", ACTS)
@settings(max_examples=3, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(people=PEOPLE)
def test_an_act_on_many_does_what_it_does_to_one_after_another(
    here: Installation, act: str, people: list[tuple[Any, ...]]
) -> None:
    results = []
    for way in ("many", "one"):
        domain = f"{way}{next(_domains)}.example"
        numbers = add(here, domain, people)
        with session.reading(here.engine) as db:
            known = subscribers.by_ids(db, numbers)
            counted = len(db.scalars(select(AttemptRow.hash)).all())
        emails = [known[number].email for number in numbers]
        since = last_act(here)
        if way == "many":
            chosen = choose(here, [f"domain={domain}"])
            report = act_on_all(here, chosen, ACTS[act](here))
            assert not report.failed
            assert report.changed + report.unchanged == len(people)
        else:
            one_by_one(here, numbers, act)
        *found, attempts = kept(here, numbers, emails, since)
        results.append([*found, attempts - counted])
    assert results[0] == results[1]


@pytest.fixture
def crowd(here: Installation) -> Installation:
    for place in range(12):
        zone = "Europe/Paris" if place % 2 else "UTC"
        join(here, f"p{place}@one.example", topics=["llm"], filters=[f"ti:w{place}"], timezone=zone)
    return here


@pytest.mark.parametrize("act", [act for act in ACTS if act != "roles"])  # roles end sessions
def test_the_statements_of_an_act_do_not_grow_with_the_people(crowd: Installation, act: str) -> None:
    if act == "resume":
        act_on_all(crowd, choose(crowd, ["status=active"]), ACTS["pause"](crowd))
    few, many = (
        choose(crowd, [f"email={text}"])
        for text in ("p1", "@one")  # p1, p10 and p11; then everybody
    )
    doing = ACTS[act](crowd)

    def needed(chosen: Any) -> int:
        with statements(crowd.engine) as made:
            assert act_on_all(crowd, chosen, doing).failed == 0
        return len(made)

    first = needed(few)
    assert needed(many) <= first + 4


@sqlite_only
def test_a_row_that_cannot_be_read_stops_nobody_else_and_can_leave(crowd: Installation) -> None:
    odd = update(SubscriberRow).where(SubscriberRow.email == "p3@one.example")
    with session.transaction(crowd.engine) as db:
        db.execute(odd.values(timezone="Nowhere/Else"))
    everybody = choose(crowd, ["domain=one.example"])
    report = act_on_all(crowd, everybody, ACTS["pause"](crowd))
    assert (report.changed, report.failed) == (11, 1)
    assert [email for email, _ in report.errors] == ["p3@one.example"]
    report = act_on_all(crowd, everybody, ACTS["leave"](crowd))
    assert (report.changed, report.failed) == (12, 0)


@sqlite_only
def test_an_act_that_fails_for_everybody_ends_and_blames_nobody(crowd: Installation) -> None:
    for place in range(MOST_IN_A_ROW):
        join(crowd, f"q{place}@two.example")
    tried: list[int] = []

    def write(_here: Installation, _db: session.Session, planned: Planned[bool]) -> None:
        tried.append(len(planned))
        raise RuntimeError("a fault of ours")

    with pytest.raises(RuntimeError):
        act_on_all(crowd, choose(crowd, ["status=active"]), Act(lambda _person: True, write))
    assert tried.count(1) == MOST_IN_A_ROW

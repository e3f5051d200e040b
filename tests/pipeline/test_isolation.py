"""One bad thing stops only itself: a step, a sign-up, a subscriber, a delivery; on both databases."""

import json
import time
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine, text

from digest.domain import DeliveryState, Interests, Schedule
from digest.pipeline import runner
from digest.pipeline.failures import retry
from digest.pipeline.installation import Installation
from digest.pipeline.issues.open import open_due
from digest.pipeline.monitoring.alarms import watch
from digest.pipeline.monitoring.checks import Result
from digest.pipeline.monitoring.store_checks import examine_store
from digest.pipeline.runner import Round, Step, run_round
from digest.pipeline.subscriptions.signup import Visitor, ask, settle
from digest.store import deliveries, session
from digest.store.columns import pack
from digest.store.monitoring import alarms, failures
from digest.store.monitoring.failures import Failure
from tests.builders import NOW, entry
from tests.installations import installation, join, outbox, store_entries

HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)
ADA, BOB, EVE = "ada@example.org", "bob@example.org", "eve@example.org"


def here(engine: Engine, folder: Path, **fields: object) -> Installation:
    store_entries(engine, [entry()], seen_at=NOW - 3 * HOUR)
    return installation(engine, folder, **fields)


def signs_up(site: Installation, email: str, now: datetime = NOW - HOUR) -> None:
    ask(site, email=email, interests=Interests(), schedule=Schedule(), visitor=Visitor("web"), now=now)


def spoil(engine: Engine, statement: str, **values: object) -> None:
    """Change a row as no part of the program would."""
    with engine.begin() as connection:
        assert connection.execute(text(statement), values).rowcount == 1


def failing(engine: Engine) -> dict[tuple[str, str], Failure]:
    with session.reading(engine) as db:
        return {(each.part, each.item): each for each in failures.listing(db)}


def recipients(folder: Path) -> list[str]:
    return [str(mail["To"]) for mail in outbox(folder)]


def detail(engine: Engine, now: datetime, check: str = "failures") -> tuple[Result, str]:
    (found,) = (each for each in examine_store(engine, now, (), summaries=False) if each.check == check)
    return found.result, found.detail


# ---------------------------------------------------------------- steps


def broken(step: Step, error: Exception) -> Step:
    def work(_round: Round, _now: datetime) -> None:
        raise error

    return replace(step, work=work)


def watched(step: Step, calls: list[str]) -> Step:
    def work(this: Round, now: datetime) -> None:
        calls.append(step.name)
        step.work(this, now)

    return replace(step, work=work)


ALL = (runner.FETCH, runner.SUMMARIES, runner.SIGNALS, *runner.STEPS, *runner.LAST)


@pytest.mark.parametrize("name", [step.name for step in ALL])
def test_no_step_of_a_round_stops_another(engine: Engine, tmp_path: Path, name: str) -> None:
    error = OverflowError("10^400")
    site = here(engine, tmp_path)
    with engine.begin() as connection:
        connection.execute(text("DELETE FROM sources"))
    join(site, ADA)
    signs_up(site, BOB)
    calls: list[str] = []

    def fitted(steps: Sequence[Step]) -> list[Step]:
        return [broken(step, error) if step.name == name else watched(step, calls) for step in steps]

    done = run_round(
        site,
        NOW,
        steps=fitted(runner.STEPS),
        fetching=fitted((runner.FETCH, runner.SUMMARIES, runner.SIGNALS)),
        last=fitted(runner.LAST),
    )
    assert sorted(calls) == sorted(step.name for step in ALL if step.name != name)
    assert done.failed == {name: error}
    assert failing(engine).keys() == {("step", name)}
    expected = {
        "issues": [BOB],
        "deliveries": [BOB],
        "sign-ups": [ADA],
        "transactional emails": [ADA],
    }
    assert recipients(tmp_path) == expected.get(name, [ADA, BOB])
    result, told = detail(engine, NOW)
    assert result is Result.WARN
    assert f"step {name}" in told
    again = run_round(site, NOW + MINUTE, fetch=False)  # what was in the way is gone
    assert not again.failed
    assert recipients(tmp_path) == [ADA, BOB]


def test_each_step_takes_the_time_anew(engine: Engine, tmp_path: Path) -> None:
    times: list[datetime] = []

    def work(_round: Round, now: datetime) -> None:
        times.append(now)
        time.sleep(1.1)

    run_round(here(engine, tmp_path), NOW, fetch=False, steps=[Step(str(n), work) for n in range(3)], last=())
    assert times == sorted(set(times))
    assert times[0] == NOW


# ---------------------------------------------------------------- sign-ups


def test_a_signup_that_cannot_be_decided_is_set_aside_and_stops_no_other(
    engine: Engine, tmp_path: Path
) -> None:
    site = here(engine, tmp_path)
    for email in (ADA, EVE, BOB):
        signs_up(site, email)
    spoil(
        engine, "UPDATE signups SET schedule = :value WHERE email = :email", value='{"at": "no"}', email=EVE
    )
    for minute in range(3):
        settle(site, NOW + minute * MINUTE)
    done = run_round(site, NOW + 5 * MINUTE, fetch=False)
    assert not done.failed
    assert recipients(tmp_path) == [ADA, BOB]
    ((part, item),) = failing(engine)
    assert part == "sign-up"
    failure = failing(engine)[part, item]
    assert failure.count == 1  # it isn't tried again and again
    assert failure.error.startswith("KeyError")
    with engine.connect() as connection:
        row = connection.execute(text("SELECT set_aside_at, error FROM signups WHERE email = :e"), {"e": EVE})
        at, error = row.one()
    assert at is not None
    assert error == failure.error
    result, told = detail(engine, NOW + 5 * MINUTE)
    assert result is Result.WARN
    assert f"sign-up {item}" in told
    assert "@" not in told


def test_a_set_aside_signup_can_be_taken_up_again(engine: Engine, tmp_path: Path) -> None:
    site = here(engine, tmp_path)
    signs_up(site, EVE)
    with engine.connect() as connection:
        kept = connection.execute(text("SELECT schedule FROM signups")).scalar_one()
    spoil(engine, "UPDATE signups SET schedule = :value", value='{"at": "no"}')
    settle(site, NOW)
    spoil(
        engine,
        "UPDATE signups SET schedule = :value",
        value=kept if isinstance(kept, str) else json.dumps(kept),
    )
    assert retry(site, NOW) == 1
    assert settle(site, NOW) == 1
    assert failing(engine) == {}


# ---------------------------------------------------------------- subscribers

SPOILT = {
    "a time zone that is gone": ("timezone = :value", "Atlantis/Deep"),
    "a frequency of a newer version": ("frequency = :value", "hourly"),
    "interests cut short": ("packed = :value", b"\0\0\0\0"),
    "no interests": ("packed = :value", b""),
    "a filter whose place would take gigabytes": ("packed = :value", pack((0, 0, 20, 2**31 - 1))),
    "an exclusion of the lowest number": ("packed = :value", pack((0, 0, 20, -(2**31)))),
    "a saved paper whose place would take gigabytes": ("saved = :value", pack((2**31 - 1,))),
}


@pytest.mark.parametrize("what", SPOILT)
def test_a_subscriber_who_cannot_be_read_stops_nobody_else(engine: Engine, tmp_path: Path, what: str) -> None:
    site = here(engine, tmp_path)
    people = [join(site, f"reader{n}@example.org") for n in range(9)]
    bad = people[4]
    change, value = SPOILT[what]
    spoil(engine, f"UPDATE subscribers SET {change} WHERE id = :id", value=value, id=bad.id)
    done = run_round(site, NOW, fetch=False)
    assert not done.failed
    assert len(recipients(tmp_path)) == 8
    assert bad.email not in recipients(tmp_path)
    assert failing(engine).keys() == {("subscriber", str(bad.id))}
    with session.reading(engine) as db:  # still due: they are tried again for an hour
        assert deliveries.of_subscriber(db, bad.id) == []
    run_round(site, NOW + 90 * MINUTE, fetch=False)
    with session.reading(engine) as db:
        (row,) = deliveries.of_subscriber(db, bad.id)
    assert row.state is DeliveryState.FAILED
    assert "couldn't be prepared" in row.reason
    with session.reading(engine) as db:
        assert not deliveries.due_cohorts(db, NOW + 2 * HOUR)
        assert all(account.wrong == "" for account in deliveries.accounts(db))


def test_a_subscriber_who_can_be_read_again_gets_their_digest(engine: Engine, tmp_path: Path) -> None:
    site = here(engine, tmp_path)
    ada = join(site, ADA)
    spoil(engine, "UPDATE subscribers SET frequency = 'hourly'")
    run_round(site, NOW, fetch=False)
    assert failing(engine).keys() == {("subscriber", str(ada.id))}
    spoil(engine, "UPDATE subscribers SET frequency = 'daily'")
    run_round(site, NOW + 5 * MINUTE, fetch=False)
    assert recipients(tmp_path) == [ADA]
    assert failing(engine) == {}


def test_a_topic_that_cannot_be_read_stops_no_digest(engine: Engine, tmp_path: Path) -> None:
    site = here(engine, tmp_path)
    join(site, ADA)
    join(site, BOB, topics=("agents",), filters=("cat:cs.CL",))
    join(site, EVE, topics=("agents",))
    spoil(engine, "UPDATE topics SET expression = '((' WHERE slug = 'agents'")
    done = run_round(site, NOW, fetch=False)
    assert not done.failed
    assert recipients(tmp_path) == [ADA, BOB]
    assert failing(engine).keys() == {("row", "topic agents")}
    assert detail(engine, NOW)[0] is not Result.OK


def test_a_cohort_that_cannot_be_opened_stops_no_other(engine: Engine, tmp_path: Path) -> None:
    site = here(engine, tmp_path)
    join(site, ADA, at="07:00", now=NOW - 2 * HOUR)
    join(site, BOB, at="08:00")
    spoil(engine, "UPDATE subscribers SET frequency = 'hourly' WHERE email = :email", email=ADA)
    open_due(site, NOW)
    run_round(site, NOW, fetch=False)
    assert recipients(tmp_path) == [BOB]


# ---------------------------------------------------------------- deliveries and emails


def test_a_delivery_that_cannot_be_prepared_stops_no_other(engine: Engine, tmp_path: Path) -> None:
    site = here(engine, tmp_path)
    people = [join(site, f"reader{n}@example.org") for n in range(5)]
    open_due(site, NOW)
    spoil(
        engine,
        "UPDATE subscribers SET interests = :value WHERE id = :id",
        value='{"filters": 7}',
        id=people[2].id,
    )
    done = run_round(site, NOW, fetch=False)
    assert not done.failed
    assert len(recipients(tmp_path)) == 4
    with session.reading(engine) as db:
        (row,) = deliveries.of_subscriber(db, people[2].id)
    assert row.state is DeliveryState.DEFERRED
    assert failing(engine).keys() == {("delivery", str(row.id))}
    spoil(
        engine,
        "UPDATE subscribers SET interests = :value WHERE id = :id",
        value='{"filters": []}',
        id=people[2].id,
    )
    run_round(site, NOW + 5 * MINUTE, fetch=False)
    assert len(recipients(tmp_path)) == 5
    assert failing(engine) == {}


def test_an_email_that_cannot_be_written_stops_no_other(engine: Engine, tmp_path: Path) -> None:
    site = here(engine, tmp_path)
    for email in (EVE, ADA, BOB):
        signs_up(site, email)
    settle(site, NOW)
    spoil(engine, "UPDATE subscribers SET status = 'asleep' WHERE email = :email", email=EVE)
    done = run_round(site, NOW, fetch=False)
    assert not done.failed
    assert recipients(tmp_path) == [ADA, BOB]
    assert {part for part, _ in failing(engine)} == {"row", "transactional email"}
    spoil(engine, "UPDATE subscribers SET status = 'pending' WHERE email = :email", email=EVE)
    run_round(site, NOW + 5 * MINUTE, fetch=False)
    assert recipients(tmp_path) == [ADA, BOB, EVE]
    assert {part for part, _ in failing(engine)} == {"row"}  # which is forgotten after some days


@pytest.mark.parametrize("spoilt", [True, False])
def test_a_pause_that_cannot_end_stops_no_other(engine: Engine, tmp_path: Path, spoilt: bool) -> None:
    site = here(engine, tmp_path)
    ada, bob = join(site, ADA), join(site, BOB)
    with engine.begin() as connection:
        connection.execute(text("UPDATE subscribers SET status = 'paused', paused_until = created_at"))
    if spoilt:
        spoil(engine, "UPDATE subscribers SET timezone = 'Atlantis/Deep' WHERE id = :id", id=ada.id)
    done = run_round(site, NOW, fetch=False)
    assert not done.failed
    with engine.connect() as connection:
        rows = connection.execute(text("SELECT id, status FROM subscribers"))
        states = {row.id: row.status for row in rows}
    assert states[bob.id] == "active"
    assert states[ada.id] == ("paused" if spoilt else "active")
    assert bool(failing(engine)) == spoilt


# ---------------------------------------------------------------- alarms


def test_the_operator_is_told_of_what_was_set_aside_and_when_it_is_over(
    engine: Engine, tmp_path: Path
) -> None:
    site = here(engine, tmp_path, operator_mail="operator@example.org")
    signs_up(site, EVE)
    spoil(engine, "UPDATE signups SET schedule = :value", value='{"at": "no"}')
    run_round(site, NOW, fetch=False)
    (began,) = outbox(tmp_path)
    assert began["Subject"] == "Daily Papers: sign-up 1 failed and was set aside"
    assert "eve@" not in began.as_string()
    run_round(site, NOW + 25 * HOUR, fetch=False)
    subjects = [str(mail["Subject"]) for mail in outbox(tmp_path)]
    assert "Daily Papers: resolved: sign-up 1 failed and was set aside" in subjects


def test_a_kind_of_alarm_that_cannot_be_looked_at_is_an_alarm_and_stops_no_other(
    engine: Engine, tmp_path: Path
) -> None:
    site = here(engine, tmp_path, operator_mail="operator@example.org")
    join(site, ADA, now=NOW - 2 * timedelta(days=1))
    with engine.begin() as connection:
        connection.execute(text("ALTER TABLE notices RENAME TO notices_gone"))
    watch(site, NOW)
    with session.reading(engine) as db:
        assert {alarm.key for alarm in alarms.known(db)} == {"blind:emails", "issue:2026-03-16"}


# ---------------------------------------------------------------- what is kept of failures


def test_failures_are_bounded_and_hold_no_address(engine: Engine) -> None:
    with session.transaction(engine) as db:
        for number in range(failures.MOST + 5):
            failures.note(db, "source", str(number), "x" * 9_999, NOW)
    with session.reading(engine) as db:
        kept = failures.listing(db)
    assert len(kept) == failures.MOST + 1
    assert next(each for each in kept if each.item == failures.OTHERS).count == 5
    assert max(len(each.error) for each in kept) == 500

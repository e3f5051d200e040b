"""The ledger: nobody lost, nobody twice, every doubt counted; on both databases, with rivals."""

import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from functools import partial
from typing import Any

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.orm import Session

from digest.domain import (
    Delivery,
    DeliveryState,
    Frequency,
    Interests,
    Issue,
    Schedule,
    Source,
    SourceKind,
    SubscriberStatus,
)
from digest.store import deliveries, papers, session
from digest.store.columns import pack
from digest.store.deliveries import NewDelivery, Outcome
from digest.store.subscriptions import subscribers
from tests.builders import NOW, entry

TODAY = date(2026, 3, 17)
LEASE = timedelta(minutes=15)
TOMORROW = (NOW + timedelta(days=1), TODAY + timedelta(days=1))


@pytest.fixture
def db(engine: Engine) -> Iterator[Session]:
    with session.transaction(engine) as opened:
        yield opened


def join(db: Session, *names: str, due: tuple[datetime, date] = (NOW, TODAY)) -> list[int]:
    """Add active subscribers who are due."""
    return [
        subscribers.add(
            db,
            email=f"{name}@example.org",
            status=SubscriberStatus.ACTIVE,
            interests=Interests(),
            schedule=Schedule(),
            now=NOW,
            due=due,
        ).id
        for name in names
    ]


def today(db: Session) -> Issue:
    return deliveries.open_issue(db, due_at=NOW, date=TODAY, now=NOW)


def new(issue: Issue, subscriber_id: int, **fields: Any) -> NewDelivery:
    row = NewDelivery(issue.id, subscriber_id, issue.date, DeliveryState.QUEUED, papers=(3, 1, 2),
                      message_id=f"<{issue.id}.{subscriber_id}@example.org>")  # fmt: skip
    return row._replace(**fields)


def queue(db: Session, *names: str) -> list[int]:
    """Record one queued delivery for each new subscriber; returns the deliveries' ids."""
    issue = today(db)
    people = join(db, *names)
    deliveries.record(db, [new(issue, number) for number in people], dict.fromkeys(people, TOMORROW))
    return sorted(row.id for row, _ in deliveries.listing(db, limit=1000))


def claim(db: Session, now: datetime = NOW, limit: int = 100) -> list[Delivery]:
    return deliveries.claim(db, now=now, limit=limit, lease=LEASE)


def settle(db: Session, row: Delivery, state: DeliveryState, now: datetime = NOW, **fields: Any) -> bool:
    """Whether the outcome was written."""
    held = deliveries.holds(db, row.id, row.claim_token)
    given: dict[str, Any] = {"reply": "250 ok", "reason": "", "next_attempt_at": now} | fields
    one = Outcome(row.id, row.claim_token, state, attempts=row.attempts, **given)
    before = the_one(db, row.id)
    deliveries.settle(db, [one], now)
    assert held == (the_one(db, row.id) != before)
    return held


def begin(db: Session, row: Delivery, now: datetime = NOW) -> bool:
    stale = now - timedelta(hours=20)
    return deliveries.begin_sending(db, [row], now=now, lease=LEASE, due_after=stale) == {row.id}


def the_one(db: Session, delivery_id: int) -> Delivery:
    (row,) = [row for row, _ in deliveries.listing(db, limit=1000) if row.id == delivery_id]
    return row


def the_row(db: Session) -> Delivery:
    ((row, _),) = deliveries.listing(db)
    return row


# ---------------------------------------------------------------- who is due


def test_those_due_together_are_a_cohort(db: Session) -> None:
    earlier, tokyo = NOW - timedelta(hours=8), TODAY + timedelta(days=1)
    people = join(db, "ada", "alan")
    join(db, "grace", due=(earlier, TODAY))
    join(db, "edsger", due=(NOW, tokyo))
    join(db, "later", due=TOMORROW)
    assert deliveries.due_cohorts(db, NOW) == [(earlier, TODAY), (NOW, TODAY), (NOW, tokyo)]
    assert list(deliveries.due_page(db, NOW, TODAY, limit=9).ids) == people


def test_a_page_holds_packed_interests_and_schedules(db: Session) -> None:
    weekly = Schedule(Frequency.WEEKLY, time(17, 30), "Asia/Tokyo", weekday=4)
    (ada,) = join(db, "ada")
    subscribers.save(db, ada, schedule=weekly, interests=Interests(min_upvotes=5, top=1, max_papers=7))
    join(db, "alan")
    page = deliveries.due_page(db, NOW, TODAY, limit=9)
    assert page.schedules == [weekly, Schedule()]
    assert list(page.packed) == [pack([5, 1, 7]), pack([0, 0, 20])]


@pytest.mark.parametrize("status", [s for s in SubscriberStatus if s is not SubscriberStatus.ACTIVE])
def test_who_is_not_active_is_not_due(db: Session, status: SubscriberStatus) -> None:
    (ada,) = join(db, "ada")
    subscribers.set_status(db, ada, status)
    assert deliveries.due_cohorts(db, NOW) == []
    assert not deliveries.due_page(db, NOW, TODAY, limit=9)


def test_a_cohort_is_read_page_by_page(db: Session) -> None:
    people = join(db, *"abcde")
    pages, after = [], 0
    while page := deliveries.due_page(db, NOW, TODAY, after_id=after, limit=2):
        pages.append(list(page.ids))
        after = page.ids[-1]
    assert pages == [people[:2], people[2:4], people[4:]]


def test_an_issue_is_opened_once(db: Session) -> None:
    first = today(db)
    again = deliveries.open_issue(db, due_at=NOW, date=TODAY, now=NOW + timedelta(hours=1))
    other = deliveries.open_issue(
        db, due_at=NOW + timedelta(hours=1), date=TODAY, now=NOW + timedelta(hours=1)
    )
    assert again == first == Issue(first.id, TODAY, NOW, NOW)
    assert deliveries.issues(db) == [other, first]
    assert deliveries.issues_by_id(db, [first.id, 999]) == [first]


# ---------------------------------------------------------------- recording


def test_recording_writes_the_rows_and_moves_the_subscribers(db: Session) -> None:
    issue = today(db)
    ada, alan = join(db, "ada", "alan")
    skipped = new(issue, alan, state=DeliveryState.SKIPPED, reason="nothing matched", papers=())
    deliveries.record(db, [new(issue, ada), skipped], {ada: TOMORROW, alan: TOMORROW})
    assert deliveries.due_cohorts(db, NOW) == []
    assert deliveries.due_cohorts(db, TOMORROW[0]) == [TOMORROW]
    found = {email: row for row, email in deliveries.listing(db, issue_id=issue.id)}
    assert found["ada@example.org"].papers == (3, 1, 2)
    assert found["ada@example.org"].state is DeliveryState.QUEUED
    assert found["alan@example.org"].reason == "nothing matched"
    counts = deliveries.counts(db, issue.id)
    assert set(counts) == set(DeliveryState)
    assert counts[DeliveryState.QUEUED] == counts[DeliveryState.SKIPPED] == 1
    assert sum(counts.values()) == 2


def test_a_subscriber_gets_one_row_a_day_however_often_it_is_recorded(db: Session) -> None:
    first, second = today(db), deliveries.open_issue(db, due_at=NOW + timedelta(hours=1), date=TODAY, now=NOW)
    (ada,) = join(db, "ada")
    deliveries.record(db, [new(first, ada)], {ada: TOMORROW})
    deliveries.record(db, [new(first, ada, papers=(9,))], {ada: TOMORROW})
    deliveries.record(db, [new(second, ada, papers=(9,))], {})
    assert the_row(db).papers == (3, 1, 2)


def test_a_late_scheduler_does_not_move_somebody_twice(db: Session) -> None:
    issue = today(db)
    (ada,) = join(db, "ada")
    deliveries.record(db, [new(issue, ada)], {ada: TOMORROW})
    overmorrow = (TOMORROW[0] + timedelta(days=1), TOMORROW[1] + timedelta(days=1))
    deliveries.record(db, [new(issue, ada)], {ada: overmorrow})
    assert subscribers.by_ids(db, [ada])[ada].next_due_at == TOMORROW[0]


def test_two_schedulers_at_once_make_one_issue_and_one_row_each(engine: Engine) -> None:
    with session.transaction(engine) as db:
        people = join(db, *(f"reader{n}" for n in range(60)))

    def schedule() -> None:
        with session.transaction(engine) as db:
            issue = today(db)
        for start in range(0, 60, 20):
            chunk = people[start : start + 20]
            with session.transaction(engine) as db:
                deliveries.record(db, [new(issue, n) for n in chunk], dict.fromkeys(chunk, TOMORROW))

    _at_once(schedule, schedule, schedule)
    with session.reading(engine) as db:
        (issue,) = deliveries.issues(db)
        assert deliveries.counts(db, issue.id)[DeliveryState.QUEUED] == 60
        assert deliveries.due_cohorts(db, NOW) == []


# ---------------------------------------------------------------- claiming


def test_a_claim_takes_the_longest_waiting_first_and_each_once(db: Session) -> None:
    ids = queue(db, *"abc")
    first = claim(db, limit=2)
    assert [row.id for row in first] == ids[:2]
    assert {(row.state, row.attempts) for row in first} == {(DeliveryState.QUEUED, 1)}
    assert len({row.claim_token for row in first}) == 1
    assert first[0].claim_token
    assert [row.id for row in claim(db)] == ids[2:]
    assert claim(db) == []


def test_rivals_never_get_the_same_row(engine: Engine) -> None:
    with session.transaction(engine) as db:
        ids = queue(db, *(f"reader{n}" for n in range(120)))
    claimed: list[list[int]] = []

    def work() -> None:
        while True:
            with session.transaction(engine) as db:
                rows = claim(db, limit=7)
            if not rows:
                return
            claimed.append([row.id for row in rows])

    _at_once(work, work, work, work)
    assert sorted(number for rows in claimed for number in rows) == ids


@pytest.mark.parametrize("database_kind", ["postgres"], indirect=True)  # on SQLite writers take turns
def test_an_open_claim_does_not_hold_up_a_rival(engine: Engine) -> None:
    with session.transaction(engine) as db:
        ids = queue(db, *"abcd")
    with session.transaction(engine) as one, session.transaction(engine) as other:
        assert [row.id for row in claim(one, limit=2)] == ids[:2]
        assert [row.id for row in claim(other, limit=2)] == ids[2:]


def test_a_deferred_row_comes_again_at_its_time(db: Session) -> None:
    queue(db, "ada")
    (row,) = claim(db)
    again = NOW + timedelta(minutes=5)
    assert settle(db, row, DeliveryState.DEFERRED, reply="451 later", next_attempt_at=again)
    assert claim(db, now=again - timedelta(seconds=1)) == []
    (second,) = claim(db, now=again)
    assert (second.id, second.attempts, second.reply) == (row.id, 2, "451 later")


def test_the_claim_query_walks_its_own_index(engine: Engine) -> None:
    query = (
        "SELECT id FROM deliveries WHERE state IN ('queued', 'deferred') AND next_attempt_at <= :now"
        " AND lease_until IS NULL ORDER BY next_attempt_at, id LIMIT 100"
    )
    explain = "EXPLAIN QUERY PLAN"
    with engine.connect() as connection:
        if engine.dialect.name == "postgresql":
            connection.execute(text("SET enable_seqscan = off"))  # which is quicker over a table without rows
            explain = "EXPLAIN"
        plan = str(connection.execute(text(f"{explain} {query}"), {"now": NOW}).all())
    assert "ix_deliveries_waiting" in plan
    assert "TEMP B-TREE" not in plan
    assert "Sort" not in plan


# ---------------------------------------------------------------- from claim to outcome


@pytest.mark.parametrize(
    "state", [DeliveryState.SENT, DeliveryState.BOUNCED, DeliveryState.FAILED, DeliveryState.UNCERTAIN]
)
def test_an_outcome_ends_the_claim(db: Session, state: DeliveryState) -> None:
    queue(db, "ada")
    (row,) = claim(db)
    assert begin(db, row, NOW)
    assert the_row(db).state is DeliveryState.SENDING
    assert settle(db, row, state, reply="the server's words", reason="ours")
    kept = the_row(db)
    assert (kept.state, kept.reply, kept.reason, kept.claim_token) == (
        state,
        "the server's words",
        "ours",
        "",
    )
    assert not settle(db, row, DeliveryState.FAILED)
    assert claim(db, now=NOW + timedelta(days=1)) == []


def test_who_does_not_hold_the_claim_changes_nothing(db: Session) -> None:
    queue(db, "ada")
    (row,) = claim(db)
    for token in ("", "somebody else's"):
        assert not begin(db, replace(row, claim_token=token))
        assert not settle(db, replace(row, claim_token=token), DeliveryState.SENT)
    assert the_row(db) == row


def test_sending_begins_only_once_and_only_within_the_lease(db: Session) -> None:
    queue(db, "ada", "alan")
    ada, alan = claim(db)
    assert begin(db, ada, NOW)
    assert not begin(db, ada, NOW)
    assert not begin(db, alan, NOW + LEASE)


def test_a_row_nobody_holds_cannot_be_settled_with_an_empty_token(db: Session) -> None:
    (number,) = queue(db, "ada")
    deliveries.settle(db, [Outcome(number, "", DeliveryState.SENT, "", "", 1, NOW)], NOW)
    assert the_row(db).state is DeliveryState.QUEUED


def test_a_servers_reply_may_hold_anything(db: Session) -> None:
    queue(db, "ada")
    (row,) = claim(db)
    assert settle(db, row, DeliveryState.SENT, reply="250 \0 \udcff ok")
    assert the_row(db).reply == "250 \ufffd \ufffd ok"


# ---------------------------------------------------------------- lost workers


def test_a_claim_of_a_lost_worker_goes_back_and_its_old_holder_is_refused(db: Session) -> None:
    queue(db, "ada")
    (lost,) = claim(db)
    over = NOW + LEASE
    assert deliveries.sweep(db, over - timedelta(seconds=1)) == 0
    assert deliveries.sweep(db, over) == 1
    assert not settle(db, lost, DeliveryState.SENT)
    (again,) = claim(db, now=over)
    assert (again.id, again.attempts) == (lost.id, 2)
    assert again.claim_token != lost.claim_token


def test_a_message_lost_after_its_body_was_begun_is_uncertain_and_never_sent_again(db: Session) -> None:
    queue(db, "ada")
    (row,) = claim(db)
    begin(db, row, NOW)
    assert deliveries.sweep(db, NOW + timedelta(minutes=14)) == 0  # a server may take ten minutes
    assert deliveries.sweep(db, NOW + timedelta(minutes=15)) == 1
    kept = the_row(db)
    assert kept.state is DeliveryState.UNCERTAIN
    assert "after the body was begun" in kept.reason
    assert claim(db, now=NOW + timedelta(days=1)) == []


def test_a_row_that_takes_its_workers_down_is_put_aside(db: Session) -> None:
    queue(db, "ada")
    now = NOW
    for attempt in range(1, 5):
        (row,) = claim(db, now=now)
        assert row.attempts == attempt
        now += LEASE
    assert claim(db, now=now) == []
    kept = the_row(db)
    assert kept.state is DeliveryState.FAILED
    assert kept.reason.startswith("quarantined")


def test_outcomes_between_lost_workers_start_the_count_again(db: Session) -> None:
    queue(db, "ada")
    now = NOW
    for _ in range(6):
        claim(db, now=now)
        now += LEASE
        (row,) = claim(db, now=now)
        assert settle(db, row, DeliveryState.DEFERRED, now=now)
    assert the_row(db).state is DeliveryState.DEFERRED


# ---------------------------------------------------------------- too late, and doubts


def test_an_old_issue_expires_but_not_what_a_worker_holds(db: Session) -> None:
    ids = queue(db, *"abc")
    (held,) = claim(db, limit=1)
    later = NOW + timedelta(minutes=1)
    assert deliveries.expire(db, before=NOW, now=later) == 0
    assert deliveries.expire(db, before=NOW + timedelta(seconds=1), now=later) == 2
    states = {row.id: row.state for row, _ in deliveries.listing(db)}
    assert states == dict.fromkeys(ids, DeliveryState.EXPIRED) | {held.id: DeliveryState.QUEUED}
    assert settle(db, held, DeliveryState.SENT)


def test_only_the_operator_ends_a_doubt(db: Session) -> None:
    ids = queue(db, "ada", "alan", "grace")
    ada, alan, grace = claim(db)
    doubt = {DeliveryState.UNCERTAIN}
    assert deliveries.again(db, ids, among=doubt, now=NOW) == []
    for row in (ada, alan):
        settle(db, row, DeliveryState.UNCERTAIN)
    assert [row.id for row in claim(db, now=NOW + timedelta(days=1))] == [grace.id]
    assert deliveries.mark_sent(db, [ada.id, grace.id], NOW) == [ada.id]
    assert deliveries.again(db, ids, among=doubt, now=NOW) == [alan.id]
    assert the_one(db, ada.id).state is DeliveryState.SENT
    assert [row.id for row in claim(db)] == [alan.id]


def test_a_row_that_took_two_workers_down_is_claimed_alone(db: Session) -> None:
    bad, *_ = queue(db, *"abc")
    now = NOW
    for _ in range(2):
        claim(db, now=now, limit=1)
        now += LEASE
    assert bad not in [row.id for row in claim(db, now=now)]
    assert [row.id for row in claim(db, now=now)] == [bad]


def test_who_unsubscribed_after_the_claim_is_not_marked(db: Session) -> None:
    queue(db, "ada", "alan")
    ada, alan = claim(db)
    subscribers.set_status(db, ada.subscriber_id, SubscriberStatus.UNSUBSCRIBED)
    stale = NOW - timedelta(hours=20)
    marked = deliveries.begin_sending(db, [ada, alan], now=NOW, lease=LEASE, due_after=stale)
    assert marked == {alan.id}


def test_a_message_of_a_stale_issue_is_not_marked(db: Session) -> None:
    queue(db, "ada")
    (ada,) = claim(db)
    late = NOW + timedelta(seconds=1)
    assert deliveries.begin_sending(db, [ada], now=NOW, lease=LEASE, due_after=late) == set()


def test_accounts_add_up_and_tell_when_they_do_not(db: Session) -> None:
    queue(db, "ada", "alan")
    (account,) = deliveries.accounts(db)
    assert (account.rows, account.people, account.wrong) == (2, 2, "")
    db.execute(text("UPDATE deliveries SET state = 'lost'"))
    (account,) = deliveries.accounts(db)
    assert "states that don't exist: lost" in account.wrong
    db.execute(text("UPDATE deliveries SET state = 'sent'"))


# ---------------------------------------------------------------- what was sent


def test_papers_count_as_sent_where_they_came_or_may_still_come(db: Session) -> None:
    issue = today(db)
    states = list(DeliveryState)
    people = join(db, *states)
    deliveries.record(db, [new(issue, n, papers=(n,)) for n in people], {})
    for row, state in zip(claim(db), states, strict=True):
        settle(db, row, state)
    sent = deliveries.papers_sent(db, people, since=NOW)
    counted = {state for state, number in zip(states, people, strict=True) if sent.get(number) == {number}}
    assert counted == {"queued", "sending", "sent", "deferred", "uncertain", "complained"}
    assert deliveries.papers_sent(db, people, since=NOW + timedelta(seconds=1)) == {}
    history = partial(deliveries.history, db, NOW, TODAY, after_id=0)
    came = history(last_id=people[-1], since=NOW)
    assert came == [(number, pack([number])) for number in people if sent.get(number)]
    assert history(last_id=people[-1], since=NOW + timedelta(seconds=1)) == []
    assert history(last_id=people[0], since=NOW) == came[:1]
    assert deliveries.history(db, *TOMORROW, after_id=0, last_id=people[-1], since=NOW) == []


def test_a_paper_that_was_merged_since_counts_as_sent_under_both_numbers(db: Session) -> None:
    source = Source("arxiv", SourceKind.ARXIV, "")
    papers.store_entries(
        db,
        source,
        [replace(entry(key="doi", doi="10.5555/abc"), arxiv_id=None), entry(key="arxiv")],
        seen_at=NOW,
    )
    old, kept = papers.find(db, "10.5555/abc").pk, papers.find(db, "2603.00001").pk
    issue = today(db)
    (ada,) = join(db, "ada")
    deliveries.record(db, [new(issue, ada, papers=(old,))], {})
    papers.store_entries(db, source, [entry(key="both", doi="10.5555/abc")], seen_at=NOW)
    assert deliveries.papers_sent(db, [ada], since=NOW) == {ada: {old, kept}}


def test_a_subscribers_deliveries_come_newest_first(db: Session) -> None:
    (ada,) = join(db, "ada")
    days = [TODAY - timedelta(days=n) for n in range(3)]
    for day in days:
        issue = deliveries.open_issue(db, due_at=datetime(2026, 3, day.day, 8, tzinfo=UTC), date=day, now=NOW)
        deliveries.record(db, [new(issue, ada)], {})
    assert [row.issue_date for row in deliveries.of_subscriber(db, ada)] == days
    assert len(deliveries.of_subscriber(db, ada, limit=2)) == 2


def test_the_listing_is_cut_by_issue_state_and_number(db: Session) -> None:
    ids = queue(db, *"abc")
    settle(db, claim(db, limit=1)[0], DeliveryState.SENT)
    assert [row.id for row, _ in deliveries.listing(db, state=DeliveryState.QUEUED)] == [ids[2], ids[1]]
    assert [row.id for row, _ in deliveries.listing(db, limit=1)] == [ids[2]]
    assert deliveries.listing(db, issue_id=999) == []


def _at_once(*works: Callable[[], None]) -> None:
    failures: list[BaseException] = []

    def run(work: Callable[[], None]) -> None:
        try:
            work()
        except BaseException as error:  # told to the test below
            failures.append(error)

    threads = [threading.Thread(target=run, args=(work,)) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []


def test_the_deliveries_of_a_paper_are_found_by_whole_numbers(db: Session) -> None:
    """A number whose bytes lie across two others isn't among them."""
    issue, lists = today(db), ((7, 258), (0x00010000, 0x00000200), (9,))
    people = join(db, "ada", "bob", "cyd")
    rows = [new(issue, who, papers=papers) for who, papers in zip(people, lists, strict=True)]
    deliveries.record(db, rows, {})
    counts, found = deliveries.with_paper(db, 258, TODAY, TODAY, limit=5)
    assert counts == {DeliveryState.QUEUED: 1}
    assert [email for _, email in found] == ["ada@example.org"]
    assert deliveries.with_paper(db, 0x02000001, TODAY, TODAY, limit=5) == ({}, [])

"""Subscribers, their interests and consents, and suppressed addresses."""

import contextlib
import random
import struct
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from digest.domain import Frequency, Interests, Schedule, Subscriber, SubscriberStatus, Topic
from digest.errors import FilterError, InputError, UnknownError
from digest.filters import MAX_BYTES, canonical, parse, parse_stored
from digest.store import session
from digest.store.columns import pack, unpack
from digest.store.subscriptions import addresses, interests, subscribers, suppressions
from digest.store.subscriptions.selection import Condition, Field, OneOf
from digest.store.subscriptions.subscribers import Consent
from digest.store.subscriptions.tables.subscribers import SubscriberRow
from tests.builders import NOW

DUE = (NOW + timedelta(hours=1), date(2026, 3, 17))
WISHES = Interests(
    ("llm", "vision"), ("mamba", "ti:diffusion"), ("survey",), min_upvotes=5, top=3, max_papers=12
)


@pytest.fixture
def db(engine: Engine) -> Iterator[Session]:
    with session.transaction(engine) as opened:
        yield opened


def add(db: Session, email: str = "Ada@Example.org", **fields: Any) -> Subscriber:
    defaults: dict[str, Any] = {
        "status": SubscriberStatus.ACTIVE,
        "interests": Interests(),
        "schedule": Schedule(),
        "now": NOW,
        "due": DUE,
    }
    return subscribers.add(db, email=email, **(defaults | fields))


# ---------------------------------------------------------------- people


def test_what_is_added_is_what_is_found(db: Session) -> None:
    schedule = Schedule(Frequency.WEEKLY, time(7, 30), "Europe/Paris", weekday=4)
    added = add(db, interests=WISHES, schedule=schedule, consent="at the desk, 2026-03-17")
    assert (
        added == subscribers.get(db, "ada@example.org") == subscribers.by_ids(db, [added.id, 999])[added.id]
    )
    assert (added.email, added.interests, added.schedule) == ("Ada@Example.org", WISHES, schedule)
    assert (added.created_at, added.confirmed_at, added.next_due_at) == (NOW, NOW, DUE[0])


def test_two_spellings_of_an_address_are_one_subscriber(db: Session) -> None:
    add(db, "Ada@Bücher.example")
    for spelling in ("ada@bücher.example", "ADA@XN--BCHER-KVA.EXAMPLE", " ada@BÜCHER.example "):
        assert subscribers.exists(db, spelling)
        with pytest.raises(InputError, match="subscribed already"):
            add(db, spelling)
    assert not subscribers.exists(db, "ada@bucher.example")


def test_an_unknown_address_is_answered_with_the_nearest(db: Session) -> None:
    add(db)
    with pytest.raises(UnknownError, match=r"no subscriber 'ada@exmaple\.org'") as caught:
        subscribers.get(db, "ada@exmaple.org")
    assert "Ada@Example.org" in caught.value.fix
    for nonsense in ("", "@", "NUL \0@\0", "half \ud800"):
        with pytest.raises(UnknownError):
            subscribers.get(db, nonsense)


def test_the_number_of_somebody_who_is_gone_is_not_given_again(db: Session) -> None:
    gone = add(db).id
    db.delete(db.get_one(SubscriberRow, gone))
    db.flush()
    assert add(db).id > gone


def test_people_are_listed_by_status_and_text_page_by_page(db: Session) -> None:
    people = [add(db, f"{name}@example.org").id for name in ("ada", "alan", "grace", "100%_sure")]
    subscribers.set_status(db, people[1], SubscriberStatus.PAUSED)

    def listed(*where: Condition, **how: int) -> list[int]:
        return [s.id for s in subscribers.listing(db, where, **how)]

    assert listed() == people
    assert listed(OneOf(Field.STATUS, (SubscriberStatus.PAUSED,))) == [people[1]]
    assert listed(OneOf(Field.EMAIL, ("A@Ex",))) == [people[0]]
    assert listed(OneOf(Field.EMAIL, ("%_",))) == [people[3]]
    assert listed(after_id=people[0], limit=2) == people[1:3]


def test_saving_changes_what_is_given_and_leaves_the_rest(db: Session) -> None:
    ada = add(db, interests=WISHES)
    later = (NOW + timedelta(days=1), date(2026, 3, 18))
    subscribers.save(db, ada.id, schedule=Schedule(Frequency.WEEKDAYS), due=later)
    saved = subscribers.get(db, ada.email)
    assert (saved.interests, saved.schedule.frequency, saved.next_due_at) == (
        WISHES,
        Frequency.WEEKDAYS,
        later[0],
    )
    subscribers.save(db, ada.id, interests=Interests(filters=("rag",)))
    saved = subscribers.get(db, ada.email)
    assert (saved.interests.filters, saved.next_due_at) == (("rag",), later[0])
    with pytest.raises(KeyError):
        subscribers.save(db, 999)


def test_every_filter_that_is_accepted_is_stored_and_read_back(db: Session) -> None:
    signs = st.sampled_from("ab 大ß'\"()|-=*:.\x00\x1f\x85\ud800\ufffe\U0001f600\u202e\u200dΐ")
    fields = st.sampled_from(["", "id:x:", "source:", "org:", "keyword:", "au:", "doi:10.1000/"])
    accepted: set[str] = set()

    @settings(max_examples=300)
    @given(fields, st.text(st.one_of(signs, st.characters()), max_size=30))
    def collect(field: str, text: str) -> None:
        with contextlib.suppress(FilterError):
            accepted.add(canonical(parse(field + text)))

    collect()
    letters = random.Random(7)
    for length in range(500, 660, 10):  # random Chinese letters: nothing that an index could compress
        long = "".join(chr(letters.randrange(0x4E00, 0x9FA5)) for _ in range(length))
        with contextlib.suppress(FilterError):
            accepted.add(canonical(parse(f'"{long}"')))
    longest = max(len(text.encode()) for text in accepted)
    assert MAX_BYTES - 100 < longest <= MAX_BYTES
    assert len(accepted) > 50
    wanted = tuple(sorted(accepted))
    ada = add(db, interests=Interests(filters=wanted))
    db.flush()
    db.expire_all()
    kept = subscribers.get(db, ada.email).interests.filters
    assert kept == wanted
    assert all(canonical(parse_stored(text)) == text for text in kept)


def test_a_pause_has_an_end_and_is_over_with_any_other_status(db: Session) -> None:
    ada = add(db)
    subscribers.set_status(db, ada.id, SubscriberStatus.PAUSED, paused_until=DUE[0])
    assert subscribers.get(db, ada.email).paused_until == DUE[0]
    subscribers.set_status(db, ada.id, SubscriberStatus.UNSUBSCRIBED)
    gone = subscribers.get(db, ada.email)
    assert (gone.status, gone.paused_until) == (SubscriberStatus.UNSUBSCRIBED, None)


def test_confirming_keeps_the_consent_and_makes_due(db: Session) -> None:
    ada = add(db, status=SubscriberStatus.PENDING, due=None)
    assert (ada.confirmed_at, ada.next_due_at) == (None, None)
    consent = Consent(NOW, "Yes, mail me.", "web", {"address": "192.0.2.1"})
    subscribers.confirm(db, ada.id, consent, due=DUE)
    confirmed = subscribers.get(db, ada.email)
    assert (confirmed.status, confirmed.confirmed_at, confirmed.next_due_at) == ("active", NOW, DUE[0])
    assert subscribers.consents(db, ada.id) == [consent]


def test_consents_add_up_oldest_first(db: Session) -> None:
    ada = add(db, consent="signed up at the desk")
    second = Consent(NOW + timedelta(days=1), "new terms", "web")
    subscribers.add_consent(db, ada.id, second)
    assert [c.wording for c in subscribers.consents(db, ada.id)] == ["signed up at the desk", "new terms"]
    assert subscribers.consents(db, ada.id)[1] == second


@given(st.text(max_size=30))
def test_the_key_of_an_address_never_raises_and_is_stable(text: str) -> None:
    assert addresses.key(addresses.key(text)) == addresses.key(text)


def test_folding_an_address_does_not_change_its_domain() -> None:
    assert addresses.key("a@straße.example") != addresses.key("a@strasse.example")


# ---------------------------------------------------------------- interests


def test_interests_are_packed_as_the_numbers_of_distinct_filters(db: Session) -> None:
    ada = add(db, interests=WISHES)
    ids = interests.filter_ids(db, ["topic:llm", "topic:vision", "mamba", "ti:diffusion", "survey"])
    packed = db.scalars(select(SubscriberRow.packed).where(SubscriberRow.id == ada.id)).one()
    assert packed == (
        *(WISHES.min_upvotes, WISHES.top, WISHES.max_papers),
        ids["topic:llm"],
        ids["topic:vision"],
        ids["mamba"],
        ids["ti:diffusion"],
        -ids["survey"],
    )
    subscribers.save(db, ada.id, interests=Interests(filters=("mamba",)))
    packed = db.scalars(select(SubscriberRow.packed).where(SubscriberRow.id == ada.id)).one()
    assert packed == (0, 0, 20, ids["mamba"])


def test_a_filter_is_one_row_however_many_share_it(db: Session) -> None:
    first = interests.filter_ids(db, ["mamba", "rag", "mamba"])
    assert interests.filter_ids(db, ["rag", "state space"])["rag"] == first["rag"]
    assert interests.filter_texts(db, [first["rag"], 999]) == {first["rag"]: "rag"}
    assert len(set(interests.filter_ids(db, [f"word{n}" for n in range(1200)]).values())) == 1200


def test_interests_kept_by_an_older_version_have_todays_defaults() -> None:
    assert interests.from_json({"filters": ["rag"]}) == Interests(filters=("rag",))
    assert interests.from_json(interests.as_json(WISHES)) == WISHES


@given(st.lists(st.integers(-(2**31), 2**31 - 1)))
def test_packing_is_lossless_and_little_endian(numbers: list[int]) -> None:
    assert unpack(pack(numbers)) == tuple(numbers)
    assert pack([1, -2]) == struct.pack("<ii", 1, -2)


# ---------------------------------------------------------------- topics


def test_shipped_topics_come_up_to_date_but_an_edit_of_the_operator_stays(db: Session) -> None:
    llm, vision = Topic("llm", "LLMs", "llm", "Language"), Topic("vision", "Vision", "cat:cs.CV")
    interests.ship_topics(db, [llm, vision])
    edited = Topic("llm", "Our LLMs", "llm OR gpt*", "Language")
    interests.save_topic(db, edited)
    newer = Topic("vision", "Vision", "cat:cs.CV OR cat:eess.IV")
    interests.ship_topics(db, [llm, newer])
    assert interests.topics(db) == [edited, newer]
    assert interests.topic(db, "llm") == edited
    with pytest.raises(UnknownError, match="no topic 'vison'") as caught:
        interests.topic(db, "vison")
    assert "vision" in caught.value.fix


# ---------------------------------------------------------------- suppressions


def test_a_suppressed_address_is_found_until_it_is_removed(db: Session) -> None:
    assert suppressions.add(db, "hash1", reason="550 5.1.1", now=NOW)
    assert not suppressions.add(db, "hash1", reason="again", now=datetime(2027, 1, 1, tzinfo=UTC))
    assert suppressions.among(db, ["hash1", "hash2"]) == {"hash1"}
    assert suppressions.among(db, []) == set()
    assert suppressions.remove(db, ["hash1", "under an old key"])
    assert not suppressions.remove(db, ["hash1"])
    assert suppressions.among(db, ["hash1"]) == set()


@given(st.from_regex(r"[A-Za-z0-9._+-]{1,20}@[A-Za-z0-9-]{1,20}(\.[A-Za-z0-9-]{1,12}){1,2}", fullmatch=True))
def test_the_quick_way_to_a_key_leads_where_the_long_one_does(email: str) -> None:
    assert addresses.key(email) == addresses.key(f" {email}")

"""The law of every door: what is accepted can be stored and read back, on both databases."""

from itertools import count
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, text

from digest.domain import Interests, Schedule
from digest.errors import FilterError, InputError
from digest.match import unpack
from digest.pipeline.installation import Installation
from digest.pipeline.issues.preview import preview
from digest.pipeline.subscriptions import preferences
from digest.pipeline.subscriptions.signup import Visitor, ask, settle
from digest.pipeline.subscriptions.validate import read_address, read_interests
from digest.store import deliveries, session
from digest.store.monitoring import failures
from digest.store.subscriptions import interests, subscribers
from digest.words.characters import cleaned, flaw
from tests.builders import NOW, entry
from tests.installations import installation, store_entries

LONG = "".join(chr(0x4E00 + (n * 7919) % 20_000) for n in range(860))  # 2,580 bytes that don't compress
numbers = count(1)
shapes = st.sampled_from(("{}", '"{}"', "id:{}", "doi:10.1101/{}", "ti:{}", "au:{}", "={}", "{}*", "a OR {}"))
characters = st.one_of(
    st.characters(),
    st.characters(min_codepoint=0x4E00, max_codepoint=0x9FFF),
    st.sampled_from("\0\x07\x85\ud800\udfff\ufffe\ufdd0\u202e\u0301\U0001f600"),
)
typed = st.builds(
    lambda shape, word, times: shape.format(word * times),
    shapes,
    st.text(characters, min_size=1, max_size=40),
    st.sampled_from((1, 1, 1, 20, 60)),
)


@pytest.fixture
def site(engine: Engine, tmp_path: Path) -> Installation:
    store_entries(engine, [entry()])
    return installation(engine, tmp_path, signups_per_hour=10**6, confirmations_per_hour=10**6)


@settings(
    max_examples=50,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(filter_text=typed)
@example(filter_text="id:a:b\0")
@example(filter_text=LONG)
def test_a_filter_that_the_parser_accepts_survives_the_database(
    engine: Engine, site: Installation, filter_text: str
) -> None:
    with session.transaction(engine) as db:
        try:
            wanted = read_interests(interests.topics(db), filters=[filter_text])
        except FilterError:
            return
    email = f"reader{next(numbers)}@example.org"
    visitor = Visitor("web", user_agent=filter_text)
    ask(site, email=email, interests=wanted, schedule=Schedule(), visitor=visitor, now=NOW)
    settle(site, NOW)
    with session.reading(engine) as db:
        assert failures.listing(db) == []
        reader = subscribers.get(db, email)
        assert reader.interests == wanted
        (packed,), _ = deliveries.packed_interests(db, [reader.id])
        ids = unpack([packed]).wanted.items.tolist()
        assert tuple(interests.filter_texts(db, ids).values()) == wanted.filters
    preview(site, reader, NOW)
    preferences.mute(site, reader.id, wanted.filters[0], NOW)
    assert wanted.filters[0] in preferences.muted(site, reader.id)


@given(st.text(characters))
def test_a_text_without_a_flaw_is_kept_as_it_is(value: str) -> None:
    if not flaw(value):
        value.encode()
        assert cleaned(value) == value
        assert "\0" not in value


@pytest.mark.parametrize(
    ("value", "told"),
    [
        ("a\0b", "U+0000, a control character, at character 2"),
        ("\x85", "U+0085, a control character, at character 1"),
        ("ab\ud800", "U+D800, half of a surrogate pair, at character 3"),
        ("\ufffe", "U+FFFE, which is no character, at character 1"),
        ("\U0010ffff", "U+10FFFF, which is no character, at character 1"),
    ],
)
def test_a_flaw_is_named_with_its_place(value: str, told: str) -> None:
    assert flaw(value) == f"holds {told}"


@pytest.mark.parametrize("value", ["", "a\tb\r\n", "Ünïcödé 漢字 👩‍🔬", "\u202e", "\ufffd"])
def test_usual_text_has_no_flaw(value: str) -> None:
    assert flaw(value) == ""


@pytest.mark.parametrize("value", ["a\0@example.org", "a\ud800@example.org", "a@exa\x07mple.org"])
def test_an_address_with_a_flaw_is_refused(value: str) -> None:
    with pytest.raises(InputError, match=r"U\+"):
        read_address(value)


@pytest.mark.parametrize("value", ["id:a:b\0", "\ud800", "x" * (interests.LONGEST + 1)])
def test_the_store_is_the_last_guard(engine: Engine, value: str) -> None:
    for wanted in (Interests(filters=(value,)), Interests(exclude=(value,))):
        with pytest.raises(InputError), session.transaction(engine) as db:
            interests.as_json(wanted)
        with pytest.raises(InputError), session.transaction(engine) as db:
            interests.packed(db, wanted)
    with engine.connect() as connection:
        assert connection.execute(text("SELECT count(*) FROM filters")).scalar_one() == 0


def test_texts_that_others_wrote_are_kept_with_a_mark_for_what_no_database_keeps(engine: Engine) -> None:
    with session.transaction(engine) as db:
        note = failures.note(db, "source", "a\0b", "\ud800", NOW)
    assert (note.item, note.error) == ("a\ufffdb", "\ufffd")

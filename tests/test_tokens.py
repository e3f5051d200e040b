"""Signed links, address hashes, Message-IDs."""

import re
from datetime import UTC, datetime, timedelta
from email import message_from_string, policy

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest.errors import ConfigError, TokenError
from digest.tokens import (
    Keys,
    address_hash,
    address_hashes,
    is_signed_text,
    message_id,
    sign,
    sign_envelope,
    sign_text,
    sign_until,
    verify,
    verify_envelope,
    verify_until,
)

KEYS = Keys(b"an invented key of some length")
OTHER = Keys(b"another invented key, also long")
subscriber_ids = st.integers(0, 2**40 - 1)
purposes = st.sampled_from(("unsubscribe", "preferences", "view", ""))


@given(purposes, subscriber_ids)
def test_a_token_gives_its_subscriber_back(purpose: str, subscriber_id: int) -> None:
    assert verify(purpose, sign(purpose, subscriber_id, KEYS), KEYS) == subscriber_id


@given(subscriber_ids)
def test_an_unsubscribe_url_has_at_most_74_characters_without_escapes(subscriber_id: int) -> None:
    url = f"https://papers.example.org/u/{sign('unsubscribe', subscriber_id, KEYS)}"
    assert len(url) <= 74
    assert re.fullmatch(r"https://papers\.example\.org/u/[A-Za-z0-9_-]+", url)


@given(purposes, purposes, subscriber_ids)
def test_a_token_serves_one_purpose_only(purpose: str, other: str, subscriber_id: int) -> None:
    token = sign(purpose, subscriber_id, KEYS)
    if purpose != other:
        with pytest.raises(TokenError):
            verify(other, token, KEYS)


@given(subscriber_ids, st.integers(0, 27), st.sampled_from("ABab09-_"))
def test_a_token_with_any_other_character_is_refused(subscriber_id: int, place: int, letter: str) -> None:
    token = sign("unsubscribe", subscriber_id, KEYS)
    changed = token[:place] + letter + token[place + 1 :]
    if changed != token:
        with pytest.raises(TokenError):
            verify("unsubscribe", changed, KEYS)


@given(st.text())
def test_any_other_text_is_refused(text: str) -> None:
    with pytest.raises(TokenError):
        verify("unsubscribe", text, KEYS)


@pytest.mark.parametrize("tail", ["=", " ", "\n", "A", "%3D"])
def test_a_token_with_something_behind_it_is_refused(tail: str) -> None:
    with pytest.raises(TokenError):
        verify("unsubscribe", sign("unsubscribe", 7, KEYS) + tail, KEYS)


def test_a_cut_off_token_is_refused_with_what_to_do() -> None:
    with pytest.raises(TokenError) as caught:
        verify("unsubscribe", sign("unsubscribe", 7, KEYS)[:-1], KEYS)
    assert "whole link" in caught.value.fix


def test_a_token_of_an_old_key_still_works_after_rotation() -> None:
    token = sign("unsubscribe", 7, KEYS)
    rotated = Keys(OTHER.current, old=(KEYS.current,))
    assert verify("unsubscribe", token, rotated) == 7
    assert sign("unsubscribe", 7, rotated) == sign("unsubscribe", 7, OTHER)
    with pytest.raises(TokenError):
        verify("unsubscribe", token, OTHER)


def test_neighbouring_ids_share_nothing_that_could_be_counted() -> None:
    first, second = sign("unsubscribe", 1, KEYS), sign("unsubscribe", 2, KEYS)
    assert first[:8] != second[:8]
    assert sign("unsubscribe", 1, KEYS) == first


def test_a_short_key_is_refused_and_a_key_is_never_shown() -> None:
    with pytest.raises(ConfigError):
        Keys(b"short")
    with pytest.raises(ConfigError):
        Keys(KEYS.current, old=(b"",))
    assert "invented" not in repr(KEYS)


def test_an_address_has_one_hash_whatever_its_case_and_none_without_the_key() -> None:
    assert address_hash(" Ada@Example.org\n", KEYS) == address_hash("ada@example.org", KEYS)
    assert address_hash("ada@example.org", KEYS) != address_hash("ada@example.org", OTHER)
    assert address_hash("ada@example.org", KEYS) != address_hash("eda@example.org", KEYS)
    assert re.fullmatch(r"[0-9a-f]{32}", address_hash("ada@example.org", KEYS))


def test_hashes_kept_under_an_old_key_are_found() -> None:
    kept = address_hash("ada@example.org", KEYS)
    assert address_hashes("ada@example.org", Keys(OTHER.current, old=(KEYS.current,)))[1] == kept


def test_a_message_id_is_the_same_each_time_and_different_for_each_subscriber_and_issue() -> None:
    made = {message_id(i, s, KEYS, "papers.example.org") for i in (1, 11) for s in (1, 11, 111)}
    assert len(made) == 6
    one = message_id(1, 11, KEYS, "papers.example.org")
    assert one == message_id(1, 11, KEYS, "papers.example.org")
    assert re.fullmatch(r"<1\.[0-9a-f]{32}@papers\.example\.org>", one)
    assert not message_from_string(f"Message-ID: {one}\n\n", policy=policy.strict).defects


@given(subscriber_ids, st.integers(0, 2**32 - 1))
def test_an_envelope_token_gives_subscriber_and_issue_back_in_any_case_of_letters(
    subscriber_id: int, issue_id: int
) -> None:
    token = sign_envelope(subscriber_id, issue_id, KEYS)
    assert re.fullmatch(r"[a-z2-7]{40}", token)
    assert verify_envelope(token, KEYS) == verify_envelope(token.upper(), KEYS) == (subscriber_id, issue_id)
    assert verify_envelope(token, Keys(OTHER.current, old=(KEYS.current,))) == (subscriber_id, issue_id)


@given(st.integers(0, 39), st.sampled_from("ab27"))
def test_an_envelope_token_with_any_other_character_is_refused(place: int, letter: str) -> None:
    token = sign_envelope(7, 11, KEYS)
    changed = token[:place] + letter + token[place + 1 :]
    if changed != token:
        with pytest.raises(TokenError):
            verify_envelope(changed, KEYS)


@given(st.one_of(st.text(), st.text("abcdefghijklmnopqrstuvwxyz234567", min_size=40, max_size=40)))
def test_any_other_text_is_no_envelope_token(text: str) -> None:
    with pytest.raises(TokenError):
        verify_envelope(text, KEYS)


def test_an_envelope_token_opens_no_link() -> None:
    with pytest.raises(TokenError):
        verify("envelope", sign_envelope(7, 11, KEYS), KEYS)


@given(subscriber_ids, st.integers(10**9, 4 * 10**9), st.integers(-9, 9))
def test_a_token_with_an_end_opens_until_then_and_nothing_else(number: int, end: int, later: int) -> None:
    expires = datetime.fromtimestamp(end, UTC)
    token = sign_until("erase", number, expires, KEYS)
    now = expires + timedelta(seconds=later)
    if later <= 0:
        assert verify_until("erase", token, KEYS, now) == number
    else:
        with pytest.raises(TokenError):
            verify_until("erase", token, KEYS, now)
    for purpose, changed in (("prefs", token), ("erase", token[:-1]), ("erase", f"{token}x"), ("erase", "")):
        with pytest.raises(TokenError):
            verify_until(purpose, changed, KEYS, expires)
    with pytest.raises(TokenError):
        verify("erase", token, KEYS)


@given(st.integers(0, 33), st.sampled_from("Aa0_-"))
def test_no_letter_of_a_token_with_an_end_can_be_changed(place: int, letter: str) -> None:
    expires = datetime(2026, 3, 17, tzinfo=UTC)
    token = sign_until("erase", 7, expires, KEYS)
    changed = token[:place] + letter + token[place + 1 :]
    if changed != token:
        with pytest.raises(TokenError):
            verify_until("erase", changed, KEYS, expires)


@given(st.text("abc-_", max_size=50), st.integers(0, 70), st.sampled_from("ABCxyz019-_"))
def test_a_signed_text_is_known_again_and_no_letter_of_it_can_be_changed(
    text: str, place: int, letter: str
) -> None:
    signed = sign_text("session", text, KEYS)
    assert is_signed_text("session", signed, KEYS)
    assert is_signed_text("session", signed, Keys(b"another key of the site", old=(KEYS.current,)))
    assert not is_signed_text("other", signed, KEYS)
    place %= len(signed)
    changed = signed[:place] + letter + signed[place + 1 :]
    assert is_signed_text("session", changed, KEYS) == (changed == signed)
    assert not is_signed_text("session", signed + letter, KEYS)


@given(st.text())
def test_any_other_text_is_not_signed(text: str) -> None:
    assert not is_signed_text("session", text, KEYS)

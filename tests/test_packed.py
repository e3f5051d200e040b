"""Interests ⇄ packed integers: what is packed is read back, whatever stands beside it."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest.domain import Interests
from digest.packed import HIGHEST, LIMITS, Decoded, decode, encode, filters_of
from digest.store.columns import pack, unpack

TEXTS = st.lists(st.sampled_from(["agents", "legs", "routing", "title:sheep"]), max_size=5).map(tuple)
LIMIT = st.integers(0, 2**31 - 1)
ANY = st.builds(
    Interests,
    topics=st.lists(st.sampled_from(["llm", "robotics"]), max_size=3).map(tuple),
    filters=TEXTS,
    exclude=TEXTS,
    min_upvotes=LIMIT,
    top=LIMIT,
    max_papers=LIMIT.filter(bool),
    about_only=st.booleans(),
)


def each(found: Decoded) -> list[tuple[int, int, int, bool, list[int], list[int]]]:
    """What was decoded, a subscriber at a time."""
    lists = [
        [part.tolist() for part in np.split(items, np.cumsum(counts)[:-1])]
        for items, counts in ((found.wanted, found.wants), (found.excluded, found.excludes))
    ]
    limits = (found.min_upvotes, found.top, found.max_papers, found.about_only)
    return list(zip(*(each.tolist() for each in limits), *lists, strict=True))


@given(people=st.lists(ANY, min_size=1, max_size=8))
def test_what_is_packed_is_read_back_for_each_of_many(people: list[Interests]) -> None:
    texts = sorted({text for person in people for text in filters_of(person)})
    numbers = {text: number for number, text in enumerate(texts, 1)}
    found = each(decode([pack(encode(person, numbers)) for person in people]))
    for person, (min_upvotes, top, max_papers, about_only, wanted, excluded) in zip(
        people, found, strict=True
    ):
        assert (min_upvotes, top, max_papers) == (person.min_upvotes, person.top, person.max_papers)
        assert about_only == person.about_only
        topics = [f"topic:{slug}" for slug in person.topics]
        assert wanted == list(dict.fromkeys(numbers[text] for text in [*topics, *person.filters]))
        assert excluded == list(dict.fromkeys(numbers[text] for text in person.exclude))


def test_nobody_is_nobody() -> None:
    assert [len(part) for part in decode([])] == [0] * 8


@given(st.binary(max_size=40))
def test_what_is_cut_short_or_names_what_cannot_be_is_refused(packed: bytes) -> None:
    if len(packed) % 4 or len(packed) < 4 * LIMITS:
        with pytest.raises(ValueError, match="cut short"):
            decode([pack([0, 0, 20]), packed])
    elif any(abs(number) > HIGHEST for number in unpack(packed)[LIMITS:]):
        with pytest.raises(ValueError, match="can't be"):
            decode([pack([0, 0, 20]), packed])
    else:
        assert len(decode([packed]).top) == 1


@pytest.mark.parametrize("number", [0, HIGHEST + 1])
def test_a_number_that_could_not_be_read_back_is_not_packed(number: int) -> None:
    for person in (Interests(filters=("agents",)), Interests(exclude=("agents",))):
        with pytest.raises(ValueError, match="no number from 1"):
            encode(person, {"agents": number})
        assert len(encode(person, {"agents": HIGHEST})) == LIMITS + 1

"""What a paper says of its parts: the laws of `combine`."""

from dataclasses import fields, replace
from datetime import timedelta
from typing import Any

from hypothesis import event, given, settings
from hypothesis import strategies as st

from digest.domain import Entry, Source, SourceKind
from digest.store.papers.combine import (
    NOTHING,
    Part,
    add_entry,
    adds_nothing,
    combine,
    from_json,
    to_json,
)
from tests.builders import NOW, entry

_moments = st.none() | st.integers(0, 3).map(lambda n: NOW + timedelta(days=n))
_words = st.sampled_from(["", "one", "two", "three"])
_lists = st.sampled_from([(), ("Ada",), ("Ada", "Alan")])
_KINDS: dict[str, st.SearchStrategy[Any]] = {
    "announced": st.booleans(),
    "text_rank": st.integers(-1, 3),
    "version": st.none() | st.integers(1, 3),
    "doi": st.none() | st.sampled_from(["10.5555/a", "10.5555/b"]),
    "authors": _lists,
    "categories": _lists,
    "keywords": _lists,
    "published_at": _moments,
    "first_seen_at": _moments,
    "withdrawn_at": _moments,
}


def _sound(part: Part) -> Part:
    """What belongs together: no time without `announced`, no words of a notice without its time."""
    return replace(
        part,
        announced=part.announced and part.first_seen_at is not None,
        withdrawal=part.withdrawal if part.withdrawn_at else "",
        summary_source=part.summary_source if part.summary else "",
    )


_parts = st.builds(Part, **{each.name: _KINDS.get(each.name, _words) for each in fields(Part)}).map(_sound)
_WITH_TEXT = [each.name for each in fields(Part)][: [each.name for each in fields(Part)].index("text_rank")]


def _are_words(said: dict[str, str]) -> bool:
    return all(_KINDS.get(name) is None for name in said)


_several = st.lists(_parts, min_size=1, max_size=4)
_OF_ALL = (
    "text_rank",
    "first_seen_at",
    "announced",
    "withdrawn_at",
    "withdrawal",
    "summary",
    "summary_source",
)
_full = _parts.map(
    lambda part: replace(
        part,
        **{
            each.name: getattr(part, each.name) or default
            for each in fields(Part)[: [each.name for each in fields(Part)].index("text_rank")]
            for default in [_DEFAULTS.get(each.name, "said")]
        },
    )
)
_DEFAULTS: dict[str, Any] = {
    "authors": ("Kay",),
    "categories": ("cs.CL",),
    "keywords": ("light",),
    "published_at": NOW,
    "version": 1,
}


def _text(part: Part) -> tuple[int, int, str, str]:
    return part.text_rank, part.version or 0, part.abstract, part.title


@given(parts=_several, data=st.data())
def test_the_order_of_parts_does_not_matter_where_their_texts_differ(
    parts: list[Part], data: st.DataObject
) -> None:
    distinct = list({_text(part): part for part in parts}.values())
    # Of several summaries and of two notices of one moment the first counts, so here there is one of each.
    distinct = [
        replace(part, summary="", summary_source="", withdrawal="withdrawn" if part.withdrawn_at else "")
        for part in distinct
    ]
    assert combine(data.draw(st.permutations(distinct))) == combine(distinct)


@given(parts=_several)
def test_adding_what_was_taken_in_changes_nothing(parts: list[Part]) -> None:
    whole = combine(parts)
    assert combine([whole, *parts]) == whole
    assert combine([*parts, *parts]) == whole
    assert combine([whole, whole]) == whole


@given(part=_parts)
def test_one_part_says_what_it_says_and_nothing_adds_nothing(part: Part) -> None:
    assert combine([part]) == part
    assert combine([part, NOTHING]) == part
    assert combine([]) == NOTHING


@settings(max_examples=200)
@given(one=_full, two=_full, three=_full)
def test_parts_that_lack_nothing_can_be_combined_in_any_groups(one: Part, two: Part, three: Part) -> None:
    whole = combine([one, two, three])
    assert combine([combine([one, two]), three]) == whole
    assert combine([one, combine([two, three])]) == whole


@given(one=_parts, two=_parts, three=_parts)
def test_times_notices_and_summaries_can_be_combined_in_any_groups(one: Part, two: Part, three: Part) -> None:
    whole = combine([one, two, three])
    for grouped in (combine([combine([one, two]), three]), combine([one, combine([two, three])])):
        assert [getattr(grouped, name) for name in _OF_ALL] == [getattr(whole, name) for name in _OF_ALL]


def test_a_gap_is_filled_by_the_next_best_text_whatever_came_first() -> None:
    """Why a paper is combined from all its parts: in pairs, the first to fill a gap would have won."""
    best, worst, middle = (Part(title="t", text_rank=rank) for rank in (3, 1, 2))
    parts = [best, replace(worst, comment="worst"), replace(middle, comment="middle")]
    assert combine(parts).comment == "middle"
    assert combine([combine(parts[:2]), parts[2]]).comment == "worst"


_ARXIV = Source("arxiv", SourceKind.ARXIV, "")


@given(known=_parts, data=st.data())
def test_an_entry_that_adds_nothing_changes_nothing(known: Part, data: st.DataObject) -> None:
    """What is known is mostly what the entry says, so that the short cut is taken."""
    said = {name: getattr(known, name) for name in _WITH_TEXT}
    said |= data.draw(st.dictionaries(st.sampled_from(sorted(said)), _words, max_size=1).filter(_are_words))
    if known.summary and data.draw(st.booleans()):
        known = replace(known, summary_source=_ARXIV.name)
    told = Entry(
        key="k",
        **said,
        summary=data.draw(st.sampled_from(["", known.summary, "new"])),
        announce_type=data.draw(st.sampled_from([None, "new", "replace"])),
        withdrawn=data.draw(st.sampled_from(["", "", "", "gone"])),
    )
    at = data.draw(st.integers(0, 3).map(lambda n: NOW + timedelta(days=n)))
    if adds_nothing(known, told, _ARXIV, at):
        event("taken")
        assert add_entry(known, told, _ARXIV, at) == known


def test_a_page_that_was_read_before_adds_nothing() -> None:
    told = entry("2603.00001")
    known = add_entry(NOTHING, told, _ARXIV, NOW)
    assert adds_nothing(known, told, _ARXIV, NOW + timedelta(hours=1))
    assert not adds_nothing(known, replace(told, title="Another"), _ARXIV, NOW)


@given(part=_parts)
def test_a_part_comes_back_from_json_as_it_was(part: Part) -> None:
    assert from_json(to_json(part)) == part

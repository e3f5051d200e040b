"""What an email of a digest showed ⇄ the bytes of its row: all that its reader was told comes back."""

from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest.domain import Field, Reason, ReasonKind, Shown, ShownPaper, ShownSection, SignalKind
from digest.languages import Deferred, deferred, speaking
from digest.languages import gettext as _
from digest.languages.dates import deferred_day
from digest.match.notes import NEWLY_LISTED, PICKED, counted
from digest.render.phrases import reason_phrases
from digest.shown import LONGEST, decode, encode

PKS = st.integers(0, 2**40)
TEXTS = st.text(max_size=30) | st.sampled_from(
    ["language model", "agents -survey", "number", "\U0001f600", "é"]
)
NOTES = (
    st.sampled_from([NEWLY_LISTED, PICKED, "", "like: A paper"])
    | st.builds(counted, st.sampled_from(list(SignalKind)[:6]), st.integers(1, 10**9))
    | st.builds(lambda title: deferred("like: {title}", title=title), TEXTS)
    | st.builds(lambda day: deferred("the next are due on {day}", day=deferred_day(day)), st.dates())
)
REASONS = st.builds(
    Reason,
    kind=st.sampled_from(list(ReasonKind)),
    filter=TEXTS,
    term=TEXTS,
    field=st.sampled_from([None, *Field]),
    note=NOTES,
)
PAPERS = st.builds(ShownPaper, PKS, st.lists(REASONS, max_size=4).map(tuple))
SECTIONS = st.lists(st.builds(ShownSection, TEXTS, st.lists(PAPERS, max_size=6).map(tuple)), max_size=3).map(
    tuple
)
SHOWN = st.builds(
    Shown,
    SECTIONS,
    SECTIONS,
    st.lists(PKS, max_size=3).map(tuple),
    st.lists(PKS, max_size=5).map(tuple),
    st.lists(NOTES, max_size=3).map(tuple),
)


def parts(shown: Shown) -> list[object]:
    """What makes its texts say the same in another language."""
    notes = [reason.note for paper in shown.papers for reason in paper.reasons]
    return [each.parts if isinstance(each, Deferred) else each for each in (*notes, *shown.notes)]


@given(shown=SHOWN)
def test_what_a_mail_showed_is_read_back_whole(shown: Shown) -> None:
    found = decode(encode(shown))
    assert found == shown
    with speaking("de"):
        for before, after in zip(shown.notes, found.notes, strict=True):
            assert _(before) == _(after)
    assert [str(each) for each in parts(found)] == [str(each) for each in parts(shown)]


@given(shown=SHOWN, data=st.data())
def test_what_is_cut_short_is_refused_and_not_taken_for_something_else(
    shown: Shown, data: st.DataObject
) -> None:
    packed = encode(shown)
    cut = packed[: data.draw(st.integers(0, len(packed) - 1))]
    with pytest.raises(ValueError, match="can't be read back"):
        decode(cut)


def test_bytes_of_a_later_version_are_refused() -> None:
    with pytest.raises(ValueError, match="version 2"):
        decode(b"\x02" + encode(Shown())[1:])


def test_places_are_let_go_and_long_filters_stay_apart_and_read_the_same() -> None:
    filters = [f'"{"long words " * 40}{end}"' for end in ("here", "there")]
    reasons = tuple(Reason(ReasonKind.FILTER, each, "", None, 3, 9) for each in filters)
    found = decode(encode(Shown((ShownSection("", (ShownPaper(1, reasons),)),)))).papers[0].reasons
    assert len({reason.filter for reason in found}) == 2
    assert all(len(reason.filter) <= LONGEST for reason in found)
    assert reason_phrases(found, {}) == reason_phrases(reasons, {})
    assert [(reason.start, reason.end) for reason in found] == [(0, 0)] * 2


def test_a_usual_digest_takes_less_than_300_bytes() -> None:
    terms = ["language models", "agents", "reasoning", "LLM", "mixture of experts", "planning", "RLHF"]
    topic = Reason(ReasonKind.TOPIC, "Large language models", "", Field.TITLE)
    own = Reason(ReasonKind.FILTER, '"mixture of experts" -survey', "", Field.ABSTRACT)
    papers = [
        ShownPaper(900_000 + n, (replace(topic, term=terms[n % 7]), replace(own, term=terms[(n + 3) % 7])))
        for n in range(10)
    ]
    asked = Shown((ShownSection("", tuple(papers[:5])),), (ShownSection("", tuple(papers[5:])),))
    assert len(encode(asked)) < 260
    trending = [
        ShownPaper(n, (Reason(ReasonKind.TRENDING, note=counted(SignalKind.UPVOTES, 40 + n)),))
        for n in range(900_000, 900_010)
    ]
    assert len(encode(Shown((ShownSection("", tuple(trending)),)))) < 150


def test_a_day_is_written_in_the_language_of_who_reads_it() -> None:
    note = deferred(
        "{source} announces nothing until {day}", source="arXiv", day=deferred_day(date(2026, 3, 17))
    )
    (found,) = decode(encode(Shown(notes=(note,)))).notes
    with speaking("de"):
        assert "17. März" in _(found)

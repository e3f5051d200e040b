"""How names, summaries and reasons read."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from digest.domain import Reason, ReasonKind
from digest.render import phrases
from digest.render.phrases import (
    first_sentences,
    marked,
    masked,
    one_line,
    printable,
    reason_phrases,
    shorten,
    web_url,
)

texts = st.text(st.sampled_from("aB é.!? ,-1…\n"), max_size=400)


@given(st.text(), st.integers(1, 100))
def test_a_shortened_text_keeps_its_limit_and_its_start(text: str, most: int) -> None:
    short = shorten(text, most)
    assert len(short) <= most
    assert short == text or (short.endswith("…") and text.startswith(short[:-1]))


@given(st.text())
def test_one_line_has_no_controls_and_is_the_same_twice(text: str) -> None:
    line = one_line(text)
    assert "\n" not in line
    assert line == one_line(line) == printable(line)


@given(texts, st.integers(1, 60))
@example("1111111111111", 1)  # was cut inside the word: a lone word has more than 12 characters
@example("a" * 41 + " " + "b" * 60, 2)
def test_first_sentences_keep_the_words_in_order_and_their_number(text: str, most: int) -> None:
    words = [bare(word) for word in first_sentences(text, most).replace("…", "").split()]
    plain = [bare(word) for word in text.replace("…", "").split()][: len(words)]
    assert len(words) <= most
    assert words[:-1] == plain[:-1]
    assert words == plain or (len(plain[-1]) > 40 and plain[-1].startswith(words[-1]))


def bare(word: str) -> str:
    """A word without the punctuation that a cut takes away."""
    return word.rstrip(" ,;:.–—-")


@pytest.mark.parametrize(
    ("text", "most", "expected"),
    [
        ("One two three. Four five six. Seven.", 6, "One two three. Four five six."),
        ("We show e.g. Merinos graze. Then they sleep well.", 5, "We show e.g. Merinos graze."),
        (
            "As in Fig. 3 of Ada et al. Sheep count. More follows here.",
            9,
            "As in Fig. 3 of Ada et al. Sheep …",
        ),
        (
            "Short one. A very long sentence that goes on and on",
            8,
            "Short one. A very long sentence that goes …",
        ),
        ("a b c d e f g h", 4, "a b c d …"),
        ("", 10, ""),
    ],
)
def test_a_summary_ends_with_a_sentence_where_it_can(text: str, most: int, expected: str) -> None:
    assert first_sentences(text, most) == expected


@given(texts, st.lists(st.text(st.sampled_from("aB é.1"), max_size=5), max_size=4))
def test_marking_loses_no_text_and_marks_only_terms(text: str, terms: list[str]) -> None:
    pieces = marked(text, terms)
    assert "".join(piece.text for piece in pieces) == text
    wanted = {term.casefold() for term in terms}
    assert all(piece.text.casefold() in wanted for piece in pieces if piece.marked)


def test_a_term_is_marked_as_a_whole_word_in_any_case() -> None:
    runs = [piece.text for piece in marked("Rag, drag and RAGs: rag", ["RAG"]) if piece.marked]
    assert runs == ["Rag", "rag"]


@pytest.mark.parametrize(
    "url",
    ["", "javascript:alert(1)", "//example.org", "https://", "https://x.org/ a", 'https://x.org/"', "ftp://x.org/",
     "https://x.org/\u202e", "https://x.org/\r\nBcc:", "https://x.org/" + "a" * 600, "data:text/html,x", " https://x.org"],
)  # fmt: skip
def test_only_plain_web_addresses_are_linked(url: str) -> None:
    assert web_url(url) == ""
    assert web_url("https://example.org/a?b=c&d=é#e") == "https://example.org/a?b=c&d=é#e"


def test_an_address_is_masked_but_for_its_first_letter_and_domain() -> None:
    assert masked("ada@example.org") == "a…@example.org"


def test_at_most_three_reasons_are_told_and_each_filter_once() -> None:
    reasons = [Reason(ReasonKind.FILTER, f"f{n}", note=f"note {n}") for n in (1, 1, 2, 3, 4)]
    assert reason_phrases(reasons, {}) == ("matches note 1, note 1", "matches note 2", "matches note 3")


@given(st.text("ab é", max_size=40), st.sampled_from(["a", "b", "é"]))
def test_only_the_last_space_of_a_text_changes_whatever_is_marked(text: str, term: str) -> None:
    runs = phrases.marked(text, [term])
    kept = phrases.runs_together(runs)
    assert "".join(run.text for run in kept) == phrases.together(text)
    assert phrases.together(text).replace("\u00a0", " ") == text
    assert [run.marked for run in kept] == [run.marked for run in runs]


def test_a_long_last_word_may_stand_alone() -> None:
    assert phrases.together("Sheep in Norway") == "Sheep in\u00a0Norway"
    assert phrases.together("Sheep in Donaudampfschifffahrt") == "Sheep in Donaudampfschifffahrt"
    assert phrases.together("Sheep") == "Sheep"

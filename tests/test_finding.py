"""The sentence of an abstract that states the contribution."""

import gzip
import json
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.day import REAL
from benchmarks.finding import measured
from digest.words.finding import _CUES, MOST_WORDS, contribution, finding, sentences, shortened, split

texts = st.text(st.sampled_from("aB é.!? ,-1;:…\n"), max_size=400)


@pytest.mark.parametrize(
    ("abstract", "expected"),
    [
        (
            "Sheep are hard to count. We propose a fence with a counter. Experiments on five meadows agree.",
            "We propose a fence with a counter.",
        ),
        (
            "Recent work counts sheep. However, hands tire. This paper presents FleeceNet, a small model.",
            "This paper presents FleeceNet, a small model.",
        ),
        ("Wool is warm. In this study, goats met sheep.", "In this study, goats met sheep."),
        ("Wool is warm. To address this, we propose cotton.", "We propose cotton."),
        ("Wool is warm. In this paper, we shear sheep.", "We shear sheep."),
        ("A flock obeys a law. The law is simple.", "A flock obeys a law."),
        ("We present a barn. Code is available at https://example.org/barn.", "We present a barn."),
        ("We introduce wool, e.g. Merino, to men. They like it.", "We introduce wool, e.g. Merino, to men."),
        ("", ""),
    ],
)  # fmt: skip
def test_the_contribution_is_chosen_and_not_its_background(abstract: str, expected: str) -> None:
    assert finding(abstract) == expected


def test_a_long_sentence_is_cut_at_a_clause() -> None:
    sentence = "We propose a fence that counts all sheep of a flock by night, " + "and by day too " * 12
    assert finding(sentence) == "We propose a fence that counts all sheep of a flock by night …"


def test_a_long_sentence_begins_with_what_we_did() -> None:
    sentence = f"To address {'these old and many ' * 7}problems, we propose a fence that counts the sheep."
    assert finding(sentence) == "We propose a fence that counts the sheep."


@given(texts, st.integers(12, 40))
def test_a_finding_is_short_and_ends_with_a_whole_word(text: str, most: int) -> None:
    found = finding(text, most)
    words = [word.strip(" ,;:–—-").casefold() for word in " ".join(text.split()).split()]
    assert len(found.removesuffix(" …").split()) <= most
    assert all(word.strip(" ,;:–—-").casefold() in words for word in found.removesuffix(" …").split())


@given(texts)
def test_a_chosen_sentence_is_one_of_the_abstract(text: str) -> None:
    found = sentences(text)
    if found:
        assert 0 <= contribution(found) < len(found)
        assert shortened(found[0], MOST_WORDS)


@pytest.mark.parametrize("number", range(len(_CUES)))
@given(st.data())
def test_where_a_cue_is_found_the_sentence_has_one_of_its_signs(number: int, data: st.DataObject) -> None:
    cue, _, signs = _CUES[number]
    # A look back only narrows where a cue is found; what is drawn would rarely fit it.
    wider = re.sub(r"\(\?<=[^)]*\)", "", cue.pattern)
    text = data.draw(st.from_regex(wider, alphabet=st.characters(codec="ascii")))
    assert any(sign in text for sign in signs)


@given(
    st.lists(
        st.sampled_from(
            [
                "e.g.",
                "i.e.",
                "al.",
                "vs.",
                "cf.",
                "Fig.",
                "Eq.",
                " ",
                "\n",
                "A",
                "b",
                ".",
                "!",
                "?",
                "。",
                "7",
            ]
        )
    ).map("".join)
)
def test_sentences_end_as_one_pattern_says(text: str) -> None:
    abbreviated = "".join(rf"(?<!\b{word}\.)" for word in (r"e\.g", r"i\.e", "al", "vs", "cf", "Fig", "Eq"))
    end = rf"(?<=[.!?]){abbreviated}\s+(?=[^\sa-z])|(?<=[。！？])(?=\S)"
    assert list(split(text)) == re.split(end, text)


@pytest.mark.corpus
def test_most_chosen_sentences_state_the_contribution_and_few_first_ones_do() -> None:
    corpus = Path(__file__).parents[2] / "shared/data" / REAL
    if not corpus.exists():
        pytest.skip(f"no corpus at {corpus}")
    with gzip.open(corpus, "rt", encoding="utf-8") as lines:
        rows = [json.loads(line) for line in lines]
    found = measured({row["id"]: row["summary"] for row in rows})
    assert found.judged == 200
    assert found.chosen >= 0.85 * found.judged > found.first

"""The parts that the engine stands on: spelling, acronyms, vocabularies, snippets."""

import string

from hypothesis import given, settings
from hypothesis import strategies as st

from digest.search import Piece, Segment, Wanted, build, mark, snippet
from digest.search.index.acronyms import pairs
from digest.search.index.vocabulary import Vocabulary, to_arrays
from digest.search.spelling import Spelling, correction, is_one_edit
from digest.words import fold, forms, written
from tests.builders import paper

LETTERS = st.text("abcd", min_size=4, max_size=7)


def edits(word: str) -> set[str]:
    """All words at one edit."""
    splits = [(word[:n], word[n:]) for n in range(len(word) + 1)]
    made = {a + b[1:] for a, b in splits if b} | {a + b[1] + b[0] + b[2:] for a, b in splits if len(b) > 1}
    for letter in string.ascii_lowercase:
        made |= {a + letter + b for a, b in splits} | {a + letter + b[1:] for a, b in splits if b}
    return made - {word}


@given(LETTERS, LETTERS)
def test_one_edit_is_a_letter_more_less_or_changed_or_two_swapped(one: str, other: str) -> None:
    assert is_one_edit(one, other) == (other in edits(one))


@settings(deadline=None)
@given(st.dictionaries(LETTERS, st.integers(3, 9), max_size=30), LETTERS)
def test_a_word_is_corrected_to_the_most_frequent_word_at_one_edit(counts: dict[str, int], word: str) -> None:
    packed, _ = build(
        [paper(pk=1, title="", abstract=" ".join(w for w, n in counts.items() for _ in range(n)))]
    )
    near = {known: n for known, n in counts.items() if known in edits(word)}
    right = min(near, key=lambda known: (-near[known], known)) if near else ""
    assert correction(word, [Spelling(Segment(packed))]) == right


def test_acronyms_are_read_off_texts_that_explain_them() -> None:
    text = (
        "We report Model FLOPs Utilization (MFU), retrieval-augmented generation (RAG; popular) and large "
        "language models (LLMs) (see Table 2). A chain of thought (CoT) helps. It works (WOW)."
    )
    assert set(pairs(text)) == {
        ("MFU", "model flops utilization"),
        ("RAG", "retrieval augmented generation"),
        ("LLM", "large language models"),
        ("CoT", "chain of thought"),
    }


@given(st.text(max_size=400))
def test_acronyms_of_any_text_are_read_without_an_error(text: str) -> None:
    assert all(short and " " in long for short, long in pairs(text))


@given(st.sets(st.text(max_size=5), max_size=20).map(sorted), st.text(max_size=3))
def test_a_vocabulary_finds_what_it_holds_and_what_begins_so(words: list[str], wanted: str) -> None:
    vocabulary = Vocabulary(*to_arrays(words))
    assert vocabulary.all() == words
    assert vocabulary.find(wanted) == (words.index(wanted) if wanted in words else -1)
    start, end = vocabulary.starting(wanted)
    assert words[start:end] == [word for word in words if word.startswith(wanted)]


@given(st.sets(st.text("aBcÉß9.", min_size=1), max_size=20).map(sorted), st.data())
def test_a_vocabulary_folds_words(words: list[str], data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(words)))
    end = data.draw(st.integers(start, len(words)))
    assert Vocabulary(*to_arrays(words)).folded(start, end) == [fold(word) for word in words[start:end]]


@given(st.sets(st.integers(0, 9_999), max_size=400), st.integers(0, 9_999))
def test_a_vocabulary_of_many_words_finds_them_too(numbers: set[int], wanted: int) -> None:
    words = sorted(map(str, numbers))
    vocabulary = Vocabulary(*to_arrays(words))
    assert vocabulary.find(str(wanted)) == (words.index(str(wanted)) if wanted in numbers else -1)
    start, end = vocabulary.starting(str(wanted))
    assert words[start:end] == [word for word in words if word.startswith(str(wanted))]


@given(
    st.text(st.sampled_from("ab cd. éß強,\n"), max_size=900),
    st.sets(st.sampled_from(["a", "b", "ab", "cd", "強"])),
)
def test_a_snippet_is_a_stretch_of_its_text_with_only_wanted_words_marked(
    text: str, wanted: set[str]
) -> None:
    pieces = snippet(text, Wanted(wanted))
    shown = "".join(piece.text for piece in pieces)
    assert shown.removeprefix("… ").removesuffix(" …") in text
    assert "".join(piece.text for piece in mark(text, Wanted(wanted))) == text
    for piece in pieces:
        if piece.marked:
            assert {forms(word)[0] for word in written(piece.text)} <= wanted
    if any(forms(word)[0] in wanted for word in written(text)):
        assert any(piece.marked for piece in pieces)


def test_neighbouring_words_are_marked_as_one() -> None:
    stems = {forms(word)[0] for word in ("sparse", "attention")}
    assert mark("On sparse attention, attention", Wanted(stems)) == (
        Piece("On "),
        Piece("sparse attention", marked=True),
        Piece(", "),
        Piece("attention", marked=True),
    )

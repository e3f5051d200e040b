"""Words: what is one, how it is folded and stemmed, and where it stands."""

import time
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest.words import fold, forms, spans, stems, written


class Token(NamedTuple):
    stem: str
    exact: str
    start: int
    end: int


def tokens(text: str) -> list[Token]:
    """All that is known of the words of a text."""
    places = zip(written(text), spans(text), strict=True)
    return [Token(*forms(word), *place) for word, place in places]


def exact(text: str) -> list[str]:
    return [token.exact for token in tokens(text)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("mixture-of-experts", ["mixtur", "of", "expert"]),
        ("mixture of experts", ["mixtur", "of", "expert"]),
        ("vision–language, (vision/language)", ["vision", "languag", "vision", "languag"]),
        ("snake_case", ["snake", "case"]),
        ("GPT-4 and GPT4", ["gpt", "4", "and", "gpt4"]),
        ("3D Qwen2.5 3.5.", ["3d", "qwen2.5", "3.5"]),
        ("1,000 v1.2.3", ["1", "000", "v1.2.3"]),
        ("C++, C# or F#, not C", ["c++", "c#", "or", "f#", "not", "c"]),
        ("C++11 and F#m", ["c++", "11", "and", "f", "m"]),
        ("l'hôpital l’hôpital", ["l", "hopit", "l", "hopit"]),
        ("the model's models’ weights", ["the", "model", "model", "weight"]),
        ("don't", ["don", "t"]),
        ("大模型", ["大", "模", "型"]),
        ("한국어 모델", ["한국어", "모델"]),
        ("LLMs and an LLM, H100s and TTS", ["llm", "and", "an", "llm", "h100", "and", "tts"]),
        ("M³ViT H₂O ﬁne ＧＰＴ ℒ", ["m3vit", "h2o", "fine", "gpt", "l"]),
        ("", []),
        ("'s — … ++ #", ["s"]),
    ],
)
def test_a_text_is_parted_into_these_words(text: str, expected: list[str]) -> None:
    assert stems(text) == expected


def test_forms_of_one_word_have_one_stem() -> None:
    assert len(set(stems("quantize quantized quantizes quantization Quantizing"))) == 1


def test_the_exact_form_keeps_its_case_but_no_diacritics() -> None:
    assert exact("RAG rag Schrödinger Łukasz Ærø") == ["RAG", "rag", "Schrodinger", "Lukasz", "AEro"]


def test_a_composed_and_a_decomposed_accent_are_the_same_word() -> None:
    composed, decomposed = tokens("état"), tokens("e\u0301tat")
    assert (composed[0].stem, composed[0].exact) == (decomposed[0].stem, decomposed[0].exact)
    assert decomposed == [Token("etat", "etat", 0, 5)]


def test_a_span_is_the_word_as_it_is_written() -> None:
    text = "Über ﬁne-tuned LLM's (C++)"
    assert [text[t.start : t.end] for t in tokens(text)] == ["Über", "ﬁne", "tuned", "LLM", "C++"]


@pytest.mark.parametrize(
    ("name", "folded"),
    [
        ("Paul Erdős", "paul erdos"),
        ("  Søren\u00a0 Kierkegaard ", "soren kierkegaard"),
        ("STRASSE Straße", "strasse strasse"),
        ("İstanbul ılık", "istanbul ilik"),
        ("cs.CL", "cs.cl"),
        ("王 小明", "王 小明"),
    ],
)
def test_names_and_categories_are_folded(name: str, folded: str) -> None:
    assert fold(name) == folded


@given(st.text())
def test_folding_twice_is_folding_once(text: str) -> None:
    assert fold(fold(text)) == fold(text)


@given(st.text())
def test_every_word_has_a_stem_a_form_and_a_place_of_its_own(text: str) -> None:
    end = 0
    for token in tokens(text):
        assert token.stem
        assert token.exact
        assert end <= token.start < token.end <= len(text)
        end = token.end


@given(st.text(alphabet=st.characters(categories=["Lu", "Ll", "Nd", "Pd", "Po", "Zs", "Mn"]), max_size=40))
def test_a_word_found_at_its_place_is_found_alone(text: str) -> None:
    for token in tokens(text):
        alone = tokens(text[token.start : token.end])
        assert [(t.stem, t.exact) for t in alone] == [(token.stem, token.exact)]


@given(st.text(alphabet="abcdefXYZ019 -'.éü", max_size=40))
def test_case_never_changes_what_is_a_word(text: str) -> None:
    assert stems(text.upper()) == stems(text.lower()) == stems(text)


def test_threads_may_read_words_at_the_same_time() -> None:
    texts = [" ".join(f"quantized{n}models running{n * k}" for n in range(200)) for k in range(8)]
    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(stems, texts)) == [stems(text) for text in texts]


@pytest.mark.parametrize(
    "text", ["a." * 50_000, "1." * 50_000, "a\u0301" * 50_000, "C+" * 50_000, "'s" * 50_000]
)
def test_a_hostile_text_takes_no_longer_than_its_length(text: str) -> None:
    began = time.perf_counter()
    tokens(text)
    assert time.perf_counter() - began < 2

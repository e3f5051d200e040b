"""Words: what is one, how it is folded and stemmed, and where it stands."""

import re
import time
from concurrent.futures import ThreadPoolExecutor
from string import ascii_lowercase
from typing import NamedTuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from digest.filters import Word, canonical, parse
from digest.words import fold, forms, readings, spans, stems, without_case, written
from digest.words.english import AMERICAN, MAY_BE_BRITISH


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
        ("l'hôpital l’hôpital", ["l", "hopital", "l", "hopital"]),
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


@given(st.text(st.sampled_from("aB9.'s+#-_ \n\t\x01Cfé’"), max_size=30))
def test_simple_texts_that_are_read_faster_have_the_same_words(text: str) -> None:
    assert written(text) == [text[start:end] for start, end in spans(text)]


@given(st.sampled_from([british.pattern for british, _ in AMERICAN]), st.data())
@settings(max_examples=200)
def test_what_is_british_holds_one_of_the_letters_that_are_looked_for_first(
    pattern: str, data: st.DataObject
) -> None:
    word = data.draw(st.from_regex(re.compile(pattern, re.ASCII), alphabet=ascii_lowercase))
    assert MAY_BE_BRITISH.search(word)


@pytest.mark.parametrize(
    "words",
    [
        "quantize quantizes quantized quantizing quantization quantizations quantise quantisation",
        "prune prunes pruned pruning",
        "plan plans planned planning",
        "embed embeds embedded embedding embeddings",
        "study studies studied studying",
        "argue argues argued arguing",
        "agree agrees agreed agreeing",
        "use uses used using",
        "modelling modeling",
        "model models modelled modeled",
        "label labels labelled labeled labelling labeling",
        "colour color colours colored",
        "behaviours behavior",
        "centre center centres centered centred",
        "analyse analyze analysed analyzing",
        "catalogue catalog catalogues",
        "fulfil fulfill fulfilled",
        "judgement judgment",
        "tumour tumors",
        "anaemia anemia",
        "programme program programs",
    ],
)
def test_forms_of_one_word_have_one_stem_american_or_british(words: str) -> None:
    assert len(set(stems(words))) == 1


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("transformer", "transform transforms transformed transformation transformations"),
        ("RAG", "ragged"),
        ("agentic", "agent agents"),
        ("factuality", "factual factually"),
        ("quantizer", "quantize quantization"),
        ("modeling", "model models"),
        ("grounding", "ground"),
        ("sampling", "sample samples"),
        ("marketing", "market markets"),
        ("dynamics", "dynamic"),
        ("precise", "precize"),
        ("GPS", "GP GPs"),
        ("pose", "posed posing"),
        ("four hour contour", "for hor contor"),
        ("SAM", "same"),
        ("CAR", "care"),
        ("less", "les"),
        ("generation", "generate generated"),
    ],
)
def test_strangers_have_stems_of_their_own(one: str, other: str) -> None:
    assert set(stems(one)).isdisjoint(stems(other))


ACRONYMS = "GPU CPU TPU NPU VLA FPGA RNA DNA VQA PDE MRI KG LLM GAN API LoRA MoE VAE ViT ROI ODE SDF GP UI ID"


@pytest.mark.parametrize("acronym", ACRONYMS.split())
def test_a_plural_acronym_is_found_by_its_singular_and_the_other_way_round(acronym: str) -> None:
    plural = f"{acronym}s"
    assert stems(plural) == stems(acronym)
    asked, meant = parse(plural), parse(acronym)
    assert isinstance(asked, Word)
    assert isinstance(meant, Word)
    assert stems(asked.word) == stems(meant.word) == stems(acronym)
    assert parse(canonical(asked)) == asked


@given(st.from_regex(r"[A-Z][A-Za-z0-9]{0,5}[A-Z0-9]", fullmatch=True))
def test_no_plural_acronym_is_lost(acronym: str) -> None:
    assert stems(f"{acronym}s") == stems(acronym)
    assert stems(without_case(f"{acronym}s")) == stems(acronym)


@pytest.mark.parametrize(
    "pair",
    [
        *(
            "matrix matrices",
            "vertex vertices",
            "index indices",
            "index indexes",
            "corpus corpora",
            "axis axes",
        ),
        *("hypothesis hypotheses", "analysis analyses", "criterion criteria", "phenomenon phenomena"),
        *(
            "bias biases",
            "lens lenses",
            "virus viruses",
            "status statuses",
            "mesh meshes",
            "cache caches",
            "box boxes",
        ),
        *("class classes", "hero heroes", "video videos", "query queries", "movie movies", "child children"),
        *(
            "spectrum spectra",
            "stimulus stimuli",
            "formula formulae",
            "metric metrics",
            "case cases",
            "size sizes",
        ),
        *(
            "quiz quizzes",
            "mouse mice",
            "woman women",
            "life lives",
            "survey surveys",
            "tree trees",
            "axon axons",
        ),
        *(
            "setting settings",
            "finding findings",
            "building buildings",
            "embedding embeddings",
            "rating ratings",
        ),
    ],
)
def test_a_plural_is_a_form_of_its_singular(pair: str) -> None:
    assert len(set(stems(pair))) == 1


@pytest.mark.parametrize(
    ("one", "two"),
    [
        ("multimodal", "multi-modal"),
        ("pretraining", "pre-training"),
        ("finetuned", "fine tuning"),
        ("nonlinear", "non-linear"),
        ("autoencoders", "auto-encoder"),
        ("realtime", "real-time"),
        ("spatiotemporal", "spatio-temporal"),
        ("dataset", "data sets"),
    ],
)
def test_what_is_written_as_one_word_or_two_is_one_term(one: str, two: str) -> None:
    first, second = tuple(written(one)), tuple(written(two))
    assert tuple(stems(two)) in readings(first)
    assert tuple(stems(one)) in readings(second)


def test_each_pair_of_a_longer_phrase_may_be_one_word() -> None:
    assert ("multimodal", "pretrain") in readings(("multi", "modal", "pre", "training"))
    assert readings(("mixture", "of", "experts")) == (tuple(stems("mixture of experts")),)


@given(st.lists(st.from_regex(r"[a-z]{1,9}|[0-9]{1,3}", fullmatch=True), min_size=1, max_size=9).map(tuple))
def test_the_first_reading_is_the_term_as_it_stands_and_there_are_few(words: tuple[str, ...]) -> None:
    found = readings(words)
    assert found[0] == tuple(forms(word)[0] for word in words)
    assert len(set(found)) == len(found) <= 8
    assert all(stem for stems in found for stem in stems)


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


@given(st.text(alphabet=st.characters(categories=["Ll", "Nd"], max_codepoint=0x250), min_size=1, max_size=45))
def test_case_never_changes_a_stem_but_for_the_small_s_of_an_acronym(word: str) -> None:
    capitals = word.upper()
    if capitals.lower() == word:
        assert forms(capitals)[0] == forms(word)[0]


@pytest.mark.parametrize(
    "text",
    ["a." * 50_000, "1." * 50_000, "a\u0301" * 50_000, "C+" * 50_000, "'s" * 50_000, "a" * 50_000 + "ing"],
)
def test_a_hostile_text_takes_no_longer_than_its_length(text: str) -> None:
    began = time.perf_counter()
    tokens(text)
    assert time.perf_counter() - began < 2

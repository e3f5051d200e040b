"""Texts are encoded as the plain formulas of the transformer say, from files of any folder or package."""

import math
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from digest.errors import InputError
from digest.search.meaning import Encoder, Vectors, load, to_bytes
from digest.search.meaning.tokenizer import Tokenizer
from tests import meaning_model
from tests.meaning_model import HEADS, LAYERS, WORDS

Exact = NDArray[np.float64]


@pytest.fixture(scope="module")
def encoder(tmp_path_factory: pytest.TempPathFactory) -> Encoder:
    return load(str(meaning_model.write(tmp_path_factory.mktemp("model"))))


def plainly(numbers: Sequence[int]) -> Exact:
    """The vector of a text by the formulas, piece by piece."""
    weights = {name: array.astype(np.float64) for name, array in meaning_model.arrays().items()}

    def normal(x: Exact, name: str) -> Exact:
        even: Exact = (x - x.mean()) / math.sqrt(x.var() + 1e-12)
        moved: Exact = even * weights[f"{name}.weight"] + weights[f"{name}.bias"]
        return moved

    def dense(x: Exact, name: str) -> Exact:
        product: Exact = weights[f"{name}.weight"] @ x + weights[f"{name}.bias"]
        return product

    words, places = (
        weights["embeddings.word_embeddings.weight"],
        weights["embeddings.position_embeddings.weight"],
    )
    kind = weights["embeddings.token_type_embeddings.weight"][0]
    states = [normal(words[n] + places[p] + kind, "embeddings.LayerNorm") for p, n in enumerate(numbers)]
    for layer in (f"encoder.layer.{number}" for number in range(LAYERS)):
        query, key, value = (
            [np.split(dense(x, f"{layer}.attention.self.{part}"), HEADS) for x in states]
            for part in ("query", "key", "value")
        )
        after = []
        for place, x in enumerate(states):
            heads = []
            for head in range(HEADS):
                scores = [query[place][head] @ k[head] / math.sqrt(len(k[head])) for k in key]
                shares = np.exp(scores) / np.exp(scores).sum()
                heads.append(sum(share * v[head] for share, v in zip(shares, value, strict=True)))
            attended = dense(np.concatenate(heads), f"{layer}.attention.output.dense")
            inner = normal(x + attended, f"{layer}.attention.output.LayerNorm")
            wide = dense(inner, f"{layer}.intermediate.dense")
            wide = np.array([each * 0.5 * (1 + math.erf(each / math.sqrt(2))) for each in wide])
            after.append(normal(inner + dense(wide, f"{layer}.output.dense"), f"{layer}.output.LayerNorm"))
        states = after
    mean = np.mean(states, axis=0)
    found: Exact = mean / np.linalg.norm(mean)
    return found


TEXTS = st.lists(
    st.lists(st.sampled_from(["dog", "galaxy", "a", "unlikely", "."]), max_size=6), min_size=1, max_size=10
)


@given(TEXTS)
def test_texts_that_are_encoded_together_have_the_vectors_of_the_formulas(
    encoder: Encoder, texts: list[list[str]]
) -> None:
    tokens = Tokenizer({piece: number for number, piece in enumerate(WORDS)})
    found = encoder([" ".join(words) for words in texts])
    right = np.array([plainly(tokens(" ".join(words), 32)) for words in texts])
    assert np.allclose(found, right, atol=1e-4)


def test_words_are_parted_and_cut_as_bert_was_trained() -> None:
    tokens = Tokenizer({piece: number for number, piece in enumerate(WORDS)})
    pieces = [WORDS[n] for n in tokens("A Dög, unlikely. 強 " + "a" * 200, 32)]
    assert pieces == ["[CLS]", "a", "dog", "[UNK]", "un", "##like", "##ly", ".", "[UNK]", "[UNK]", "[SEP]"]
    assert [WORDS[n] for n in tokens("dog dog dog dog", 4)] == ["[CLS]", "dog", "dog", "[SEP]"]


@pytest.mark.parametrize("spoil", ["nothing", "cut", "no header", "another kind", "no words", "two models"])
def test_what_is_no_model_is_refused_by_its_name(tmp_path: Path, spoil: str) -> None:
    folder = meaning_model.write(tmp_path / "model")
    weights = folder / "model.safetensors"
    if spoil == "nothing":
        weights.unlink()
    elif spoil == "cut":
        weights.write_bytes(weights.read_bytes()[:-100])
    elif spoil == "no header":
        weights.write_bytes(b"\xff" * 50)
    elif spoil == "another kind":
        (folder / "config.json").write_text('{"model_type": "gpt2"}')
    elif spoil == "no words":
        (folder / "vocab.txt").write_text("dog\n")
    else:
        meaning_model.write(tmp_path / "model" / "other")
    with pytest.raises(InputError, match="model"):
        load(str(folder))


def test_a_name_that_is_neither_a_folder_nor_a_package_is_refused() -> None:
    for name in ("/no/such/folder", "no_such_package", "os"):
        with pytest.raises(InputError, match="DIGEST_SEMANTIC_MODEL"):
            load(name)


def test_vectors_are_found_by_the_numbers_of_papers_and_replaced() -> None:
    one, other = np.array([1, 0], np.float32), np.array([0.6, 0.8], np.float32)
    vectors = Vectors(2).with_more({7: to_bytes(one), 3: to_bytes(other)})
    assert np.allclose(vectors.cosines(one, np.array([3, 4, 7])), [0.6, 0, 1], atol=0.01)
    vectors = vectors.with_more({7: b"", 9: to_bytes(one)})
    assert np.allclose(vectors.cosines(one, np.array([3, 7, 9])), [0.6, 0, 1], atol=0.01)
    assert Vectors(2).cosines(one, np.array([1])).tolist() == [0]

"""Encodes pieces of texts as vectors. In: the arrays of a BERT. Out: a vector of length 1 for each text.

Transformer encoder (Vaswani et al. 2017; Devlin et al. 2018) in numpy, the mean of its last layer over a
text's pieces, as sentence-transformers pools them. Texts of about one length are read together.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from digest.search.meaning.tokenizer import Tokenizer

MOST_PIECES = 128  # of a text: title and the first sentences of an abstract; more take longer and help little
AT_ONCE = 8  # texts
_HIDDEN = -1e9  # what a piece that isn't there is noticed with

Dense = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Shape:
    """What the arrays don't say by themselves. `longest`: pieces of a text; `epsilon`: of normalisation."""

    heads: int
    layers: int
    longest: int
    epsilon: float


class Encoder:
    """A model, named by what it is; vectors of two models must never be compared. Safe from many threads."""

    def __init__(self, name: str, shape: Shape, arrays: Mapping[str, Dense], tokenizer: Tokenizer) -> None:
        """Raises KeyError where an array is missing."""
        self.name = name
        self._shape, self._arrays, self._tokenizer = shape, arrays, tokenizer
        words = arrays["embeddings.word_embeddings.weight"]
        self.dimensions = int(words.shape[1])
        self._layers = [_Layer(arrays, f"encoder.layer.{n}.", shape) for n in range(shape.layers)]

    def __call__(self, texts: Sequence[str]) -> Dense:
        """Return a vector of length 1 for each text."""
        most = min(MOST_PIECES, self._shape.longest)
        pieces = [self._tokenizer(text, most) for text in texts]
        found = np.empty((len(texts), self.dimensions), np.float32)
        order = sorted(range(len(texts)), key=lambda number: len(pieces[number]))
        for start in range(0, len(order), AT_ONCE):
            part = order[start : start + AT_ONCE]
            found[part] = self._encode([pieces[number] for number in part])
        return found

    def _encode(self, texts: Sequence[Sequence[int]]) -> Dense:
        width = max(map(len, texts))
        numbers = np.zeros((len(texts), width), np.intp)
        there = np.zeros((len(texts), width), np.float32)
        for row, text in enumerate(texts):
            numbers[row, : len(text)] = text
            there[row, : len(text)] = 1
        arrays = self._arrays
        states = arrays["embeddings.word_embeddings.weight"][numbers]
        states = states + arrays["embeddings.position_embeddings.weight"][:width]
        states = states + arrays["embeddings.token_type_embeddings.weight"][0]
        states = _normal(states, arrays, "embeddings.LayerNorm.", self._shape.epsilon)
        hidden = ((1 - there) * np.float32(_HIDDEN))[:, None, None, :]
        for layer in self._layers:
            states = layer(states, hidden)
        mean = (states * there[:, :, None]).sum(axis=1) / there.sum(axis=1, keepdims=True)
        vectors: Dense = mean / np.maximum(np.linalg.norm(mean, axis=1, keepdims=True), 1e-9)
        return vectors


class _Layer:
    """One layer: attention, then two dense steps, each added to what was there and normalised."""

    def __init__(self, arrays: Mapping[str, Dense], name: str, shape: Shape) -> None:
        self._arrays, self._name, self._shape = arrays, name, shape
        parts = [f"attention.self.{part}." for part in ("query", "key", "value")]
        # One product instead of three.
        self._weights = np.concatenate([arrays[f"{name}{part}weight"] for part in parts]).T.copy()
        self._bias = np.concatenate([arrays[f"{name}{part}bias"] for part in parts])
        self._dense = {
            part: (arrays[f"{name}{part}.weight"].T.copy(), arrays[f"{name}{part}.bias"])
            for part in ("attention.output.dense", "intermediate.dense", "output.dense")
        }

    def __call__(self, states: Dense, hidden: Dense) -> Dense:
        attended = self._times("attention.output.dense", self._attend(states, hidden))
        states = self._add(states, attended, "attention.output.LayerNorm.")
        wide = _gelu(self._times("intermediate.dense", states))
        return self._add(states, self._times("output.dense", wide), "output.LayerNorm.")

    def _attend(self, states: Dense, hidden: Dense) -> Dense:
        texts, width, size = states.shape
        joined = states.reshape(-1, size) @ self._weights + self._bias
        parted = joined.reshape(texts, width, 3, self._shape.heads, -1).transpose(2, 0, 3, 1, 4)
        query, key, value = parted
        scores = query @ key.swapaxes(-1, -2) / np.float32(np.sqrt(query.shape[-1])) + hidden
        scores = np.exp(scores - scores.max(axis=-1, keepdims=True))
        scores /= scores.sum(axis=-1, keepdims=True)
        attended: Dense = (scores @ value).transpose(0, 2, 1, 3).reshape(texts, width, size)
        return attended

    def _times(self, part: str, states: Dense) -> Dense:
        weights, bias = self._dense[part]
        product: Dense = (states.reshape(-1, states.shape[-1]) @ weights + bias).reshape(
            *states.shape[:-1], -1
        )
        return product

    def _add(self, states: Dense, more: Dense, name: str) -> Dense:
        return _normal(states + more, self._arrays, self._name + name, self._shape.epsilon)


def _normal(states: Dense, arrays: Mapping[str, Dense], name: str, epsilon: float) -> Dense:
    mean = states.mean(axis=-1, keepdims=True)
    spread = np.sqrt(states.var(axis=-1, keepdims=True) + np.float32(epsilon))
    normal: Dense = (states - mean) / spread * arrays[f"{name}weight"] + arrays[f"{name}bias"]
    return normal


def _gelu(states: Dense) -> Dense:
    """Return x · Φ(x); Φ by the error function of Abramowitz and Stegun (7.1.26), right to six digits."""
    x = np.abs(states) * np.float32(np.sqrt(0.5))
    t = 1 / (1 + np.float32(0.3275911) * x)
    terms = (1.061405429, -1.453152027, 1.421413741, -0.284496736, 0.254829592)
    sum_of = np.zeros_like(t)
    for term in terms:
        sum_of = (sum_of + np.float32(term)) * t
    error = 1 - sum_of * np.exp(-x * x)
    gelu: Dense = states * np.float32(0.5) * (1 + np.sign(states) * error)
    return gelu

"""A BERT of two layers with weights of chance, as files: some words mean the same to it."""

import json
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

SIZE, WIDE, LAYERS, HEADS = 8, 12, 2, 2
WORDS = (
    "[PAD]",
    "[UNK]",
    "[CLS]",
    "[SEP]",
    "dog",
    "hound",
    "galaxy",
    "nebula",
    "a",
    "un",
    "##like",
    "##ly",
    ".",
)
SAME = {"hound": "dog", "nebula": "galaxy"}


def arrays() -> dict[str, NDArray[np.float32]]:
    """The weights; the same each time."""
    rng = np.random.default_rng(1)

    def drawn(*shape: int) -> NDArray[np.float32]:
        found: NDArray[np.float32] = rng.normal(0, 0.5, shape).astype(np.float32)
        return found

    made: dict[str, NDArray[np.float32]] = {
        "embeddings.word_embeddings.weight": 4 * drawn(len(WORDS), SIZE),
        "embeddings.position_embeddings.weight": np.float32(0.125) * drawn(32, SIZE),
        "embeddings.token_type_embeddings.weight": drawn(2, SIZE),
        "embeddings.LayerNorm.weight": drawn(SIZE) + 1,
        "embeddings.LayerNorm.bias": drawn(SIZE),
    }
    for word, other in SAME.items():
        vectors = made["embeddings.word_embeddings.weight"]
        vectors[WORDS.index(word)] = vectors[WORDS.index(other)]
    for number in range(LAYERS):
        shapes: dict[str, tuple[int, int]] = {
            **{f"attention.self.{part}": (SIZE, SIZE) for part in ("query", "key", "value")},
            "attention.output.dense": (SIZE, SIZE),
            "intermediate.dense": (WIDE, SIZE),
            "output.dense": (SIZE, WIDE),
        }
        for name, shape in shapes.items():
            made[f"encoder.layer.{number}.{name}.weight"] = drawn(*shape)
            made[f"encoder.layer.{number}.{name}.bias"] = drawn(shape[0])
        for name in ("attention.output.LayerNorm", "output.LayerNorm"):
            made[f"encoder.layer.{number}.{name}.weight"] = drawn(SIZE) + 1
            made[f"encoder.layer.{number}.{name}.bias"] = drawn(SIZE)
    return made


def write(folder: Path) -> Path:
    """Write the files of the model into a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    config = {"model_type": "bert", "hidden_act": "gelu", "num_attention_heads": HEADS}
    config |= {"num_hidden_layers": LAYERS, "max_position_embeddings": 32, "layer_norm_eps": 1e-12}
    (folder / "config.json").write_text(json.dumps(config))
    (folder / "vocab.txt").write_text("\n".join(WORDS) + "\n")
    header, data = {}, b""
    for name, array in arrays().items():
        packed = array.tobytes()
        offsets = [len(data), len(data) + len(packed)]
        header[name] = {"dtype": "F32", "shape": list(array.shape), "data_offsets": offsets}
        data += packed
    text = json.dumps(header).encode()
    (folder / "model.safetensors").write_bytes(len(text).to_bytes(8, "little") + text + data)
    return folder

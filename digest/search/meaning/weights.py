"""Loads a model from a folder or an installed package. In: a name. Out: an `Encoder`.

Reads what sentence-transformers keeps of a BERT: `config.json`, `vocab.txt`, `model.safetensors`. Nothing is
downloaded and no code of the folder runs.
"""

import json
import mmap
import zlib
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from digest.errors import InputError
from digest.search.meaning.encoder import Encoder, Shape
from digest.search.meaning.tokenizer import Tokenizer

FILES = ("config.json", "vocab.txt", "model.safetensors")
MOST_HEADER = 1 << 24  # bytes
_KINDS: dict[str, np.dtype[Any]] = {"F32": np.dtype("<f4"), "F16": np.dtype("<f2")}


def load(name: str) -> Encoder:
    """Load the model of a folder, or of the one folder in an installed package that holds one.

    Raises InputError where there is none, or where it isn't a BERT whose arrays are whole.
    """
    folder = _folder(name)
    try:
        config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
        if config.get("model_type") != "bert" or config.get("hidden_act") != "gelu":
            raise ValueError("it isn't a BERT with GELU")
        lines = (folder / "vocab.txt").read_text(encoding="utf-8").splitlines()
        arrays, checksum = _arrays(folder / "model.safetensors")
        shape = Shape(
            heads=int(config["num_attention_heads"]),
            layers=int(config["num_hidden_layers"]),
            longest=int(config["max_position_embeddings"]),
            epsilon=float(config["layer_norm_eps"]),
        )
        tokenizer = Tokenizer({piece: number for number, piece in enumerate(lines)})
        return Encoder(f"{folder.name}-{checksum:08x}", shape, arrays, tokenizer)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise InputError(
            f"the model in {folder} can't be read: {error}", fix="name another folder"
        ) from error


def _folder(name: str) -> Path:
    path = Path(name).expanduser()
    if not path.is_dir():
        spec = find_spec(name) if name.isidentifier() else None
        if spec is None or not spec.submodule_search_locations:
            raise InputError(
                f"DIGEST_SEMANTIC_MODEL: {name} is neither a folder nor an installed package",
                fix="name a folder with config.json, vocab.txt and model.safetensors",
            )
        path = Path(spec.submodule_search_locations[0])
    found = [each.parent for each in sorted(path.rglob(FILES[-1]))]
    whole = [each for each in found if all((each / file).is_file() for file in FILES)]
    if len(whole) != 1:
        raise InputError(
            f"DIGEST_SEMANTIC_MODEL: {path} holds {len(whole)} models",
            fix="name the folder of one, with config.json, vocab.txt and model.safetensors",
        )
    return whole[0]


def _arrays(path: Path) -> tuple[dict[str, NDArray[np.float32]], int]:
    """Read the arrays of a file of safetensors, and the checksum of its header and beginning."""
    with path.open("rb") as file:
        mapped = memoryview(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ))
    size = int.from_bytes(mapped[:8], "little")
    if size > min(MOST_HEADER, len(mapped)):
        raise ValueError("model.safetensors is not whole")
    header: dict[str, Any] = json.loads(bytes(mapped[8 : 8 + size]))
    arrays = {}
    for name, entry in header.items():
        if name != "__metadata__" and entry["dtype"] in _KINDS:
            start, end = entry["data_offsets"]
            part = mapped[8 + size + start : 8 + size + end]
            array: NDArray[Any] = np.frombuffer(part, _KINDS[entry["dtype"]])
            arrays[name.removeprefix("bert.")] = array.reshape(entry["shape"]).astype(np.float32, copy=False)
    return arrays, zlib.crc32(mapped[: 8 + size + (1 << 20)])
